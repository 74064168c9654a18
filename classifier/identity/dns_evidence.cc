// SPDX-License-Identifier: Apache-2.0
#include "classifier/identity/dns_evidence.h"

#include <algorithm>
#include <utility>

namespace weir::classifier {

void DnsEvidence::record(ClientId client, const IpAddress& asked_by, const DnsFacts& facts, TimeNs now) {
  if (client == ClientId{} || !facts.asked || facts.query.empty()) return;
  if (facts.answers.empty() && !facts.ech) return;
  OfClient& of = clients_.put(client);
  if (facts.ech) note_ech(of, facts.query);
  for (const DnsAnswer& answer : facts.answers) {
    const TimeNs age = std::clamp<TimeNs>(TimeNs{answer.ttl_s} * kSecond, kEvidenceAgeMin, kEvidenceAgeMax);
    NameEvidence evidence{facts.query, asked_by, now, now + age};
    put(of, answer.address, std::move(evidence));
  }
  make_room();
}

void DnsEvidence::put(OfClient& of, const IpAddress& address, NameEvidence evidence) {
  if (of.addresses.find(address) == nullptr) {
    if (of.addresses.size() >= limits_.addresses_per_client_max) {
      of.addresses.pop_oldest();
      --addresses_;
      ++evicted_;
    }
    ++addresses_;
  }
  of.addresses.put(address) = std::move(evidence);
}

void DnsEvidence::note_ech(OfClient& of, const std::string& name) {
  if (std::find(of.ech_names.begin(), of.ech_names.end(), name) != of.ech_names.end()) return;
  if (of.ech_names.size() == kEchNamesMax) of.ech_names.erase(of.ech_names.begin());
  of.ech_names.push_back(name);
}

/// The client that was told something longest ago loses its oldest first.
void DnsEvidence::make_room() {
  while (addresses_ > limits_.addresses_max || clients_.size() > limits_.clients_max) {
    Addresses& of = clients_.oldest().second.addresses;
    if (of.size() > 0) {
      of.pop_oldest();
      --addresses_;
      ++evicted_;
    }
    if (of.size() == 0) clients_.pop_oldest();
  }
}

const NameEvidence* DnsEvidence::find(ClientId client, const IpAddress& peer, TimeNs now) {
  OfClient* const of = clients_.find(client);
  if (of == nullptr) return nullptr;
  NameEvidence* const found = of->addresses.find(peer);
  if (found == nullptr) return nullptr;
  if (found->ends <= now) {
    of->addresses.erase(peer);
    --addresses_;
    return nullptr;
  }
  found->ech = std::find(of->ech_names.begin(), of->ech_names.end(), found->name) != of->ech_names.end();
  return found;
}

}  // namespace weir::classifier
