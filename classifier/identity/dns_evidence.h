// SPDX-License-Identifier: Apache-2.0
// Which name an address had for a client: it asked for the name, and the answer held the address. It names
// flows that have no name of their own. What one client was told is never evidence for another, since an
// address has many names. Bounded per client and in total; entries end with the time to live of their answer,
// within limits.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "classifier/identity/address_hash.h"
#include "classifier/identity/lru_map.h"
#include "policy/model/dns_facts.h"
#include "policy/model/time.h"

namespace weir::classifier {

/// A client of ClientTable; 0: nobody.
enum class ClientId : std::uint64_t {};

/// Programs use an answer for longer than it says, and some for as long as they run.
inline constexpr TimeNs kEvidenceAgeMin = 300 * kSecond;
inline constexpr TimeNs kEvidenceAgeMax = 86'400 * kSecond;

struct EvidenceLimits {
  std::size_t addresses_per_client_max = 1'024;
  std::size_t addresses_max = 65'536;  // of all clients
  std::size_t clients_max = 8'192;
};
/// Names of a client whose records had a key for Encrypted Client Hello; the latest count.
inline constexpr std::size_t kEchNamesMax = 16;

struct NameEvidence {
  std::string name;    // canonical, as it was asked for
  IpAddress asked_by;  // the client's address at the time
  TimeNs told = 0;
  TimeNs ends = 0;
  bool ech = false;  // the client has a key for Encrypted Client Hello of this name
};

class DnsEvidence {
 public:
  explicit DnsEvidence(EvidenceLimits limits = {}) : limits_(limits) {}

  /// `facts` is an answer to this client's own question.
  void record(ClientId client, const IpAddress& asked_by, const DnsFacts& facts, TimeNs now);
  /// What names `peer` for this client now, or nullptr. Valid until the next call.
  [[nodiscard]] const NameEvidence* find(ClientId client, const IpAddress& peer, TimeNs now);

  [[nodiscard]] std::size_t addresses() const { return addresses_; }
  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }  // before they had ended

 private:
  using Addresses = LruMap<IpAddress, NameEvidence, AddressHash>;
  struct IdHash {
    std::size_t operator()(ClientId id) const { return mix(hash_seed(), static_cast<std::uint64_t>(id)); }
  };
  static constexpr std::size_t kBoundedHere = std::numeric_limits<std::size_t>::max();  // by make_room, put
  struct OfClient {
    Addresses addresses{kBoundedHere};
    std::vector<std::string> ech_names{};
  };
  void put(OfClient& of, const IpAddress& address, NameEvidence evidence);
  static void note_ech(OfClient& of, const std::string& name);
  void make_room();

  EvidenceLimits limits_;
  LruMap<ClientId, OfClient, IdHash> clients_{kBoundedHere};
  std::size_t addresses_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace weir::classifier
