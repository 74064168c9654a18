// SPDX-License-Identifier: Apache-2.0
// Faults that a test forces: `--simulate CAUSE@N[,CAUSE@N...]`, at the N-th time that the cause could arise,
// or with `@N+` from then on. Only in builds with WEIR_SIMULATE; elsewhere `parse` refuses, `hit` is a
// constant, and nothing of it is left in the packet path.
//
// Threads: each user has its own copy.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "policy/model/error.h"
#include "policy/model/settings.h"

namespace weir {

/// What can be forced besides the causes of the exception table.
enum class Fault : std::uint8_t {
  kWorkerStuck,  // worker-stuck: the worker ends no turn any more after its N-th
  kCrash,        // crash: the process aborts at its N-th packet (data plane) or request (classifier)
  kCount,
};

class Simulation {
 public:
  [[nodiscard]] static Result<Simulation> parse(std::string_view text);

#ifdef WEIR_SIMULATE
  static constexpr bool kPossible = true;
  /// One opportunity; true: it happens now.
  [[nodiscard]] bool hit(ExceptionCause cause) noexcept { return hit(static_cast<std::size_t>(cause)); }
  [[nodiscard]] bool hit(Fault fault) noexcept {
    return hit(kExceptionCauses + static_cast<std::size_t>(fault));
  }

 private:
  struct Wish {
    std::uint64_t at = 0;  // 0: never
    std::uint64_t seen = 0;
    bool from_then_on = false;
  };
  [[nodiscard]] bool hit(std::size_t index) noexcept {
    Wish& wish = wishes_[index];
    if (wish.at == 0) return false;
    ++wish.seen;
    return wish.seen == wish.at || (wish.from_then_on && wish.seen > wish.at);
  }
  std::array<Wish, kExceptionCauses + static_cast<std::size_t>(Fault::kCount)> wishes_{};
#else
  static constexpr bool kPossible = false;
  [[nodiscard]] constexpr bool hit(ExceptionCause /*cause*/) const noexcept { return false; }
  [[nodiscard]] constexpr bool hit(Fault /*fault*/) const noexcept { return false; }
#endif
};

}  // namespace weir
