// SPDX-License-Identifier: Apache-2.0
#include "dataplane/bypass/nic_bypass.h"

#include <fmt/format.h>
#include <rte_ethdev.h>

#if WEIR_IXGBE_BYPASS
extern "C" {  // which the header forgets
#include <rte_pmd_ixgbe.h>
}
#endif

#include <optional>

namespace weir::dataplane {
namespace {

[[maybe_unused]] std::optional<std::uint16_t> port_number(const std::string& device) {
  std::uint16_t number = 0;
  const std::string name = device.substr(0, device.find(','));
  if (rte_eth_dev_get_port_by_name(name.c_str(), &number) != 0) return std::nullopt;
  return number;
}

#if WEIR_IXGBE_BYPASS
// The words of rte_pmd_ixgbe.h, which has them in comments alone.
constexpr std::uint32_t kNormal = 1;
constexpr std::uint32_t kBypass = 2;
constexpr std::uint32_t kIsolate = 3;
constexpr std::uint32_t kPowerOff = 3;     // event: main power off
constexpr std::uint32_t kPlugPulled = 4;   // event: auxiliary power off
constexpr std::uint32_t kWatchdogBit = 5;  // event: the watchdog was not fed
constexpr std::uint32_t kWatchdog2s = 2;   // its time
constexpr std::uint32_t kWatchdogOff = 0;

class NicBypass final : public Bypass {
 public:
  NicBypass(std::uint16_t port, bool fail_open) : port_(port), fail_open_(fail_open) {}

  [[nodiscard]] std::string name() const override { return "relays of the card"; }
  [[nodiscard]] Result<BypassState> state() override {
    std::uint32_t state = 0;
    if (auto done = check(rte_pmd_ixgbe_bypass_state_show(port_, &state)); !done) {
      return tl::unexpected(done.error());
    }
    return state == kBypass ? BypassState::kEngaged : BypassState::kStandby;
  }
  [[nodiscard]] Result<void> engage() override {
    if (auto off = check(rte_pmd_ixgbe_bypass_wd_timeout_store(port_, kWatchdogOff)); !off) return off;
    std::uint32_t state = kBypass;
    return check(rte_pmd_ixgbe_bypass_state_set(port_, &state));
  }
  [[nodiscard]] Result<void> release() override {
    const std::uint32_t without_us = fail_open_ ? kBypass : kIsolate;
    for (const std::uint32_t event : {kPowerOff, kPlugPulled, kWatchdogBit}) {
      if (auto set = check(rte_pmd_ixgbe_bypass_event_store(port_, event, without_us)); !set) return set;
    }
    std::uint32_t state = kNormal;
    if (auto set = check(rte_pmd_ixgbe_bypass_state_set(port_, &state)); !set) return set;
    return check(rte_pmd_ixgbe_bypass_wd_timeout_store(port_, kWatchdog2s));
  }
  void feed() override { static_cast<void>(rte_pmd_ixgbe_bypass_wd_reset(port_)); }
  [[nodiscard]] std::string on_death() const override {
    return fail_open_ ? "frames pass over the relays of the card after 2 s" : "nothing passes";
  }

 private:
  static Result<void> check(int error) {
    if (error == 0) return {};
    return failure(ErrorCode::kSystem, fmt::format("the card refuses its bypass: {}", rte_strerror(-error)));
  }
  std::uint16_t port_;
  bool fail_open_;
};
#endif

}  // namespace

Result<std::unique_ptr<Bypass>> make_nic_bypass(const PairSettings& pair) {
#if WEIR_IXGBE_BYPASS
  for (const std::string& device : {pair.inside.device, pair.outside.device}) {
    const auto port = port_number(device);
    if (port && rte_pmd_ixgbe_bypass_init(*port) == 0) {
      return std::unique_ptr<Bypass>(new NicBypass(*port, pair.fail_open));
    }
  }
#endif
  return failure(ErrorCode::kInvalid,
                 fmt::format("relays are not offered by the ports of pair {}", pair.name),
                 "write bypass: auto");
}

}  // namespace weir::dataplane
