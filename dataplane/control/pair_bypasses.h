// SPDX-License-Identifier: Apache-2.0
// The bypass of every pair over the life of the data plane: taken down before the first port opens, put up
// again for the pairs that fail open when the data plane ends in order or cannot start. What happens when it
// dies is the kernel's and the card's (bypass/bypass.h).
//
// Threads: the control thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataplane/bypass/bypass.h"

namespace weir::dataplane {

class PairBypasses {
 public:
  struct Pair {
    std::unique_ptr<Bypass> bypass;
    bool passed_before = false;  // frames passed without Weir when it started
    std::string trouble;         // why it is not as the settings want it; empty: it is
  };
  /// `settings` outlives it.
  explicit PairBypasses(const Settings& settings);
  ~PairBypasses();
  PairBypasses(const PairBypasses&) = delete;
  PairBypasses& operator=(const PairBypasses&) = delete;

  /// Before the first port opens. Fails when frames would pass a second time beside Weir.
  [[nodiscard]] Result<void> release();
  /// After the ports are open: relays of cards, where the settings allow them and the ports have them.
  void use_cards();
  /// Every worker moves.
  void feed();

  [[nodiscard]] Pair& operator[](std::size_t pair) { return pairs_[pair]; }
  [[nodiscard]] const Pair& operator[](std::size_t pair) const { return pairs_[pair]; }

 private:
  const Settings& settings_;
  std::vector<Pair> pairs_;
  bool released_ = false;
};

}  // namespace weir::dataplane
