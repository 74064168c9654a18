// SPDX-License-Identifier: Apache-2.0
#include "classifier/identity/client_table.h"

#include <algorithm>
#include <utility>

namespace weir::classifier {

namespace {

constexpr std::uint32_t kHardware = 1U << 16U;  // of Key::kind: behind the VLAN

}  // namespace

bool names_a_station(const MacAddress& mac) { return mac != MacAddress{} && (mac.bytes[0] & 1U) == 0; }

bool names_a_host(const IpAddress& address) {
  const auto& bytes = address.bytes();
  if (!address.is_v4()) return address != IpAddress{} && bytes[0] != 0xff;
  return bytes[12] != 0 && bytes[12] < 224;  // RFC 6890: this network; class D and E
}

ClientTable::ClientTable(ClientLimits limits)
    : limits_(limits), clients_(limits.clients_max), told_(limits.users_told_max) {
  static_cast<void>(hash_seed());  // a sandboxed process may not be able to draw it later
}

ClientTable::Key ClientTable::key_of(const MacAddress& mac, std::uint16_t vlan) {
  Key key{.kind = kHardware | vlan};
  std::copy(mac.bytes.begin(), mac.bytes.end(), key.bytes.begin());
  return key;
}

ClientTable::Key ClientTable::key_of(const IpAddress& address, std::uint16_t vlan) {
  return {address.bytes(), vlan};
}

ClientTable::Client& ClientTable::client(const Key& key) {
  Client& client = clients_.put(key);
  if (client.id == ClientId{}) client.id = ClientId{++last_id_};
  return client;
}

bool ClientTable::note_address(Client& client, const IpAddress& address, TimeNs now) {
  if (client.router || !names_a_host(address)) return !client.router;
  auto& all = client.addresses;
  const auto known =
      std::find_if(all.begin(), all.end(), [&](const Address& each) { return each.address == address; });
  if (known != all.end()) {
    known->seen = now;
    return true;
  }
  std::erase_if(all, [&](const Address& each) { return now - each.seen > kClientAddressAge; });
  if (all.size() >= limits_.addresses_per_mac_max) {
    ++changes_;
    client = Client{.id = client.id, .router = true};  // what was said of one was said of all behind it
    return false;
  }
  all.push_back({address, now});
  return true;
}

/// The client at a place, made when there is none; nullptr when the place says nothing.
ClientTable::Client* ClientTable::at(const ClientPlace& place, TimeNs now) {
  if (names_a_station(place.mac)) {
    Client& station = client(key_of(place.mac, place.vlan));
    if (note_address(station, place.address, now)) return &station;
  }
  return names_a_host(place.address) ? &client(key_of(place.address, place.vlan)) : nullptr;
}

KnownClient ClientTable::seen(const ClientPlace& place, TimeNs now) {
  Client* const client = at(place, now);
  if (client == nullptr) return {};
  KnownClient known;
  known.id = client->id;
  const auto v4 = std::count_if(client->addresses.begin(), client->addresses.end(),
                                [](const Address& each) { return each.address.is_v4(); });
  known.one_host = !client->addresses.empty() && v4 <= 1;
  known.facts = facts_of(*client, place, now);
  return known;
}

void ClientTable::claim(const IdentityClaim& claim, const ClientPlace& place, bool by_inside, TimeNs now) {
  using About = IdentityClaim::About;
  if (claim.about == About::kNamed) return say_named(claim, place, now);
  if ((claim.about == About::kSender) != by_inside) return;  // about the outside end: no client
  // A record for another address is not about its sender.
  if (claim.address != IpAddress{} && claim.address != place.address) return;
  if (Client* const client = at(place, now)) say(*client, claim, now);
}

void ClientTable::say_named(const IdentityClaim& claim, const ClientPlace& place, TimeNs now) {
  if (claim.user_source != UserSource::kNone) return told(claim, now);
  if (!names_a_station(claim.mac)) return;
  if (claim.relayed && names_a_station(place.mac) && names_a_host(place.address)) {  // relays have one
    Client& relay = client(key_of(place.mac, place.vlan));
    if (!relay.router) ++changes_;
    if (!relay.router) relay = Client{.id = relay.id, .router = true};
  }
  Client& station = client(key_of(claim.mac, place.vlan));
  if (!claim.host_name.empty()) say(station, claim, now);
  if (!names_a_host(claim.address)) return;
  const std::size_t source = static_cast<std::size_t>(claim.host_source);
  if (note_address(station, claim.address, now) && claim.mac == place.mac) return;
  // Behind a router, the address is what will show: the station's name goes with its lease.
  if (station.host_names.empty() || station.host_names[source].text.empty()) return;
  IdentityClaim leased = claim;
  leased.host_name = station.host_names[source].text;
  say(client(key_of(claim.address, place.vlan)), leased, now);
}

void ClientTable::say(Client& client, const IdentityClaim& claim, TimeNs now) {
  const auto put = [&](std::vector<Said>& all, std::size_t sources, std::size_t source,
                       const std::string& text, TimeNs age) {
    if (source == 0 || source >= sources || text.empty()) return;
    if (all.empty()) all.resize(sources);
    Said& said = all[source];
    if (said.text != text || now - said.at > age) ++changes_;
    said.at = now;
    client.facts_end = 0;
    if (said.text != text) said.text = text;
  };
  put(client.host_names, kHostNameSources, static_cast<std::size_t>(claim.host_source), claim.host_name,
      kHostNameAge);
  put(client.users, kUserSources, static_cast<std::size_t>(claim.user_source), claim.user, kUserAge);
}

void ClientTable::told(const IdentityClaim& claim, TimeNs now) {
  ++told_revision_;
  const auto tell = [&](const Key& key) {
    const Said* const before = told_.find(key);
    const bool known = before != nullptr && now - before->at <= kUserAge && before->text == claim.user;
    if (claim.ended ? before != nullptr : !known) ++changes_;
    if (claim.ended) return told_.erase(key);
    told_.put(key) = {claim.user, now};
  };
  if (names_a_station(claim.mac)) tell(key_of(claim.mac, 0));
  if (names_a_host(claim.address)) tell(key_of(claim.address, 0));
}

const ClientTable::Said* ClientTable::told_user(const ClientPlace& place, bool behind_router, TimeNs now) {
  if (told_.size() == 0) return nullptr;
  const Said* said = names_a_host(place.address) ? told_.find(key_of(place.address, 0)) : nullptr;
  if (said == nullptr && !behind_router && names_a_station(place.mac))
    said = told_.find(key_of(place.mac, 0));
  return said != nullptr && now - said->at <= kUserAge ? said : nullptr;
}

std::shared_ptr<const ClientFacts> ClientTable::facts_of(Client& client, const ClientPlace& place,
                                                         TimeNs now) {
  if (client.facts_end > now && client.facts_told == told_revision_) return client.facts;
  ClientFacts facts;
  client.facts_end = now + kClientAddressAge;  // by then looked at again, if nothing ends sooner
  client.facts_told = told_revision_;
  const auto first = [&](const std::vector<Said>& all, TimeNs age, auto take) {
    for (std::size_t source = 1; source < all.size(); ++source) {
      if (all[source].text.empty() || now - all[source].at > age) continue;
      client.facts_end = std::min(client.facts_end, all[source].at + age + 1);
      return take(source, all[source].text);
    }
  };
  first(client.host_names, kHostNameAge, [&](std::size_t source, const std::string& text) {
    facts.host_name = text;
    facts.host_name_source = static_cast<HostNameSource>(source);
  });
  first(client.users, kUserAge, [&](std::size_t source, const std::string& text) {
    facts.user = text;
    facts.user_source = static_cast<UserSource>(source);
  });
  facts.behind_router = client.addresses.empty() && !client.router && names_a_station(place.mac);
  if (const Said* const said = told_user(place, facts.behind_router, now)) {
    facts.user = said->text;
    facts.user_source = UserSource::kRadius;
    client.facts_end = std::min(client.facts_end, said->at + kUserAge + 1);
  }
  const bool nothing = facts.host_name.empty() && facts.user.empty();
  if (nothing) {
    client.facts = nullptr;
  } else if (client.facts == nullptr || *client.facts != facts) {
    client.facts = std::make_shared<const ClientFacts>(std::move(facts));
  }
  return client.facts;
}

}  // namespace weir::classifier
