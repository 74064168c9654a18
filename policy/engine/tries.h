// SPDX-License-Identifier: Apache-2.0
// Entries that were given before and not acknowledged: an engine died or failed with them. One of them may be
// why. They are tried again, from the third time on one by one, and given up when an engine died or failed
// over that very one at its fifth try. What cannot be said in the store is no such try: while the store
// refuses everything, nothing is given up.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "policy/bus/stream_reader.h"
#include "policy/store/store.h"

namespace weir::policy {

inline constexpr std::uint32_t kTriesTogether = 2;  // more: each is a transaction of its own
inline constexpr std::uint32_t kTriesMax = 5;       // of one entry, before it is moved to weir:dead

class Tries {
 public:
  Tries(RedisConnection connection, std::string group)
      : connection_(std::move(connection)), group_(std::move(group)) {}

  /// Asks Redis how often each was given.
  [[nodiscard]] Result<void> add(std::vector<StreamEntry> again);
  [[nodiscard]] bool waiting() const { return !waiting_.empty(); }

  struct Next {
    std::vector<StreamEntry> entries;
    bool given_up = false;  // the one entry is not to be tried any more
  };
  /// The next to be tried together, oldest first; none: nothing waits.
  [[nodiscard]] Result<Next> next(Store& store);
  /// In the transaction with the effects of the last `next`: its try did not fail, whoever dies before the
  /// acknowledgement.
  [[nodiscard]] Result<void> done(Batch& batch);

 private:
  struct Again {
    StreamEntry entry;
    std::uint32_t times = 1;  // that it was given, this one among them
  };
  [[nodiscard]] Result<bool> last_try_failed(Store& store, const StreamEntry& entry);

  RedisConnection connection_;
  std::string group_;
  std::deque<Again> waiting_;
  bool last_try_ = false;  // of what `next` gave
};

}  // namespace weir::policy
