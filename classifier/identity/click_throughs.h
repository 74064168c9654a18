// SPDX-License-Identifier: Apache-2.0
// Which clients went on from the page of a rule with `then: continue`, and until when that holds; and the
// tokens by which a click is told from a request that anybody made up. A token is an HMAC (RFC 2104) under a
// key of this process: it was given to one client, for one rule and one path, and not longer ago than
// kClickAgeMax. Nothing is kept of the tokens that were given out.
//
// Click-throughs are lost with the process, and the key with them: then the client is asked again.
//
// Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "classifier/identity/dns_evidence.h"
#include "classifier/identity/lru_map.h"
#include "policy/model/click_through.h"
#include "policy/model/time.h"

namespace weir::classifier {

inline constexpr TimeNs kClickAgeMax = 600 * kSecond;  // from a page to the click on it

struct ClickLimits {
  std::size_t clients_max = 16'384;       // the one that clicked longest ago goes
  std::size_t rules_per_client_max = 16;  // the one that ends first goes
};

class ClickThroughs {
 public:
  explicit ClickThroughs(ClickLimits limits = {});

  /// 8 hex digits of the time and 32 of the HMAC; empty: nobody to give it to, or no key.
  [[nodiscard]] std::string token(ClientId client, std::string_view rule, std::string_view path,
                                  TimeNs now) const;
  /// It was given to this client, for this rule and this path, and is not too old.
  [[nodiscard]] bool was_given(std::string_view token, ClientId client, std::string_view rule,
                               std::string_view path, TimeNs now) const;

  /// The client went on; `ends` takes the place of an earlier end.
  void record(ClientId client, std::string_view rule, TimeNs ends, TimeNs now);
  /// Those that hold now. Valid until the next call.
  [[nodiscard]] std::span<const ClickThrough> of(ClientId client, TimeNs now);

  [[nodiscard]] std::size_t clients() const { return clients_.size(); }
  [[nodiscard]] std::uint64_t evicted() const { return clients_.evicted() + evicted_; }

 private:
  struct IdHash {
    std::size_t operator()(ClientId id) const { return mix(hash_seed(), static_cast<std::uint64_t>(id)); }
  };
  [[nodiscard]] std::string token_of(ClientId client, std::string_view rule, std::string_view path,
                                     std::uint32_t second) const;

  ClickLimits limits_;
  std::array<unsigned char, 32> key_{};
  bool has_key_ = false;
  LruMap<ClientId, std::vector<ClickThrough>, IdHash> clients_;
  std::uint64_t evicted_ = 0;  // of clients that stayed
};

}  // namespace weir::classifier
