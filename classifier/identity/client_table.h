// SPDX-License-Identifier: Apache-2.0
// Who the inside ends are. A client is a hardware address in a VLAN; where a router stands between, its
// hardware address is everybody's and a client is an address in a VLAN. Names and users hang on it with
// source and age: in the order of HostNameSource and UserSource the first that is not too old is what flows
// are told. The table never decides anything and believes nothing for longer than the ages below.
//
// What it holds of people (host names, users) is in memory only; it leaves in the events of flows
// (docs/security.md).
//
// Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "classifier/identity/address_hash.h"
#include "classifier/identity/dns_evidence.h"
#include "classifier/identity/lru_map.h"
#include "classifier/inspect/identity_claim.h"
#include "policy/model/client_facts.h"
#include "policy/model/ip_address.h"
#include "policy/model/time.h"

namespace weir::classifier {

struct ClientLimits {
  std::size_t clients_max = 65'536;
  std::size_t users_told_max = 65'536;  // of clients by address or hardware address, by RADIUS
  /// A hardware address with more addresses than these is a router's. A host has one of IPv4, as a rule, and
  /// changes its IPv6 addresses (RFC 8981).
  std::size_t addresses_per_mac_max = 16;
};
inline constexpr TimeNs kClientAddressAge = 3'600 * kSecond;  // an address that was not seen so long has gone
inline constexpr TimeNs kHostNameAge = 86'400 * kSecond;
inline constexpr TimeNs kUserAge = 36'000 * kSecond;  // ten hours: a ticket's life, and a day's work

/// Where a flow's inside end is, as its frames show it.
struct ClientPlace {
  MacAddress mac;
  std::uint16_t vlan = 0;
  IpAddress address;
};

struct KnownClient {
  ClientId id{};
  /// It has one IPv4 address at most: what one address of it was told holds for its others. False behind a
  /// router.
  bool one_host = false;
  std::shared_ptr<const ClientFacts> facts;  // null: nothing is known
};

class ClientTable {
 public:
  explicit ClientTable(ClientLimits limits = {});

  /// A flow of the client begins. Id 0: the frames do not tell (a broadcast's destination, 0.0.0.0).
  [[nodiscard]] KnownClient seen(const ClientPlace& place, TimeNs now);
  /// `place`: whom the packet showed at the inside end; `by_inside`: that end sent it.
  void claim(const IdentityClaim& claim, const ClientPlace& place, bool by_inside, TimeNs now);

  /// Counts what was learned or withdrawn of names and users; not what became too old.
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }
  [[nodiscard]] std::size_t users_told() const { return told_.size(); }
  [[nodiscard]] std::uint64_t evicted() const { return clients_.evicted() + told_.evicted(); }

 private:
  struct Key {
    std::array<std::uint8_t, 16> bytes{};  // an address, or a hardware address and zeros
    std::uint32_t kind = 0;                // VLAN, and a bit for hardware addresses
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const { return hash_of(key.bytes, key.kind); }
  };
  struct Said {
    std::string text;
    TimeNs at = 0;
  };
  struct Address {
    IpAddress address;
    TimeNs seen = 0;
  };
  struct Client {
    ClientId id{};
    bool router = false;
    std::vector<Address> addresses{};  // of a hardware address
    std::vector<Said> host_names{};    // empty, or one by each HostNameSource
    std::vector<Said> users{};         // likewise
    std::shared_ptr<const ClientFacts> facts{};
    TimeNs facts_end = 0;          // when they must be made again: something in them will be too old
    std::uint64_t facts_told = 0;  // what was told when they were made
  };

  static Key key_of(const MacAddress& mac, std::uint16_t vlan);
  static Key key_of(const IpAddress& address, std::uint16_t vlan);
  [[nodiscard]] Client& client(const Key& key);
  /// Notes that this hardware address has this address; false when it is a router's.
  [[nodiscard]] bool note_address(Client& client, const IpAddress& address, TimeNs now);
  [[nodiscard]] Client* at(const ClientPlace& place, TimeNs now);
  void say(Client& client, const IdentityClaim& claim, TimeNs now);
  void told(const IdentityClaim& claim, TimeNs now);
  void say_named(const IdentityClaim& claim, const ClientPlace& place, TimeNs now);
  [[nodiscard]] std::shared_ptr<const ClientFacts> facts_of(Client& client, const ClientPlace& place,
                                                            TimeNs now);
  [[nodiscard]] const Said* told_user(const ClientPlace& place, bool behind_router, TimeNs now);

  ClientLimits limits_;
  LruMap<Key, Client, KeyHash> clients_;
  LruMap<Key, Said, KeyHash> told_;  // users, by address or hardware address in any VLAN
  std::uint64_t told_revision_ = 0;
  std::uint64_t changes_ = 0;
  std::uint64_t last_id_ = 0;
};

/// A hardware address of one station: not zero, no group address.
[[nodiscard]] bool names_a_station(const MacAddress& mac);
/// An address of one host: not 0.0.0.0 or ::, no multicast, not 255.255.255.255.
[[nodiscard]] bool names_a_host(const IpAddress& address);

}  // namespace weir::classifier
