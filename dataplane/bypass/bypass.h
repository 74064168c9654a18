// SPDX-License-Identifier: Apache-2.0
// The way of a pair's frames when Weir does not forward them. One object a pair, used by the data plane at
// its start and end, and by weirctl when there is no data plane. It moves interfaces, never a frame.
//
// The loop guard: a frame has one way at any moment. An implementation says in `release` that Weir is about
// to forward, and fails when it cannot take its own way down; the data plane must not forward then.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "policy/model/error.h"
#include "policy/model/settings.h"

namespace weir::dataplane {

enum class BypassState : std::uint8_t {
  kOff,      // frames pass through Weir or not at all
  kStandby,  // stands under Weir: takes the frames that Weir does not take
  kEngaged,  // frames pass without Weir
};
[[nodiscard]] const char* to_string(BypassState state);

class Bypass {
 public:
  virtual ~Bypass() = default;
  /// What it is, for people: "kernel bridge weir-lan-wan".
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual Result<BypassState> state() = 0;
  /// Frames pass without Weir from here on. The data plane does not run, or ends.
  [[nodiscard]] virtual Result<void> engage() = 0;
  /// Weir forwards from here on.
  [[nodiscard]] virtual Result<void> release() = 0;
  /// Weir lives and every worker moves; several times a second. Cards with a watchdog want to hear it.
  virtual void feed() {}
  /// What happens to frames when Weir dies, as half a sentence: "nothing passes".
  [[nodiscard]] virtual std::string on_death() const = 0;
};

inline constexpr const char* kSysfs = "/sys";

/// By the pair's devices, its `bypass` and its `fail`. Relays of a card are not here but in nic_bypass.h.
[[nodiscard]] std::unique_ptr<Bypass> make_bypass(const PairSettings& pair,
                                                  const std::string& sysfs = kSysfs);

/// "weir-" and the pair's name; names longer than the kernel takes (15 bytes) end with a hash of all of it.
[[nodiscard]] std::string bridge_name(const std::string& pair);

}  // namespace weir::dataplane
