// SPDX-License-Identifier: Apache-2.0
#include "dataplane/bypass/bypass.h"

#include <fmt/format.h>

#include "dataplane/bypass/device.h"
#include "dataplane/bypass/kernel_bridge.h"
#include "dataplane/bypass/pci_device.h"

namespace weir::dataplane {
namespace {

constexpr const char* kNothing = "nothing passes";

/// Nothing leads round Weir.
class NoBypass final : public Bypass {
 public:
  [[nodiscard]] std::string name() const override { return "none"; }
  [[nodiscard]] Result<BypassState> state() override { return BypassState::kOff; }
  [[nodiscard]] Result<void> engage() override {
    return failure(ErrorCode::kInvalid, "there is no way round Weir",
                   "this pair's ports offer none, or its settings say bypass: none");
  }
  [[nodiscard]] Result<void> release() override { return {}; }
  [[nodiscard]] std::string on_death() const override { return kNothing; }
};

/// AF_XDP. The interfaces stay the kernel's, and while Weir lives XDP takes every frame before the bridge can
/// see it. When Weir dies its sockets leave the map that the XDP program looks into; the program stays and
/// passes what it does not find there, so the bridge forwards at once. The next data plane takes the program
/// off: libxdp would want to share it, and for that write where this process may not. What Weir sends goes
/// out of an interface and never comes in, so it does not meet the bridge either.
class AfXdpBypass final : public Bypass {
 public:
  AfXdpBypass(const std::string& bridge, const std::array<std::string, 2>& interfaces, bool fail_open)
      : bridge_name_(bridge), interfaces_(interfaces), bridge_(bridge, interfaces), fail_open_(fail_open) {}

  [[nodiscard]] std::string name() const override { return "kernel bridge " + bridge_name_; }
  [[nodiscard]] Result<BypassState> state() override {
    const auto stands = bridge_.stands();
    if (!stands) return tl::unexpected(stands.error());
    return *stands ? BypassState::kStandby : BypassState::kOff;
  }
  [[nodiscard]] Result<void> engage() override { return bridge_.put_up(); }
  [[nodiscard]] Result<void> release() override {
    const auto done = fail_open_ ? bridge_.put_up() : bridge_.take_down();
    return done ? take_off_programs() : done;
  }
  [[nodiscard]] std::string on_death() const override {
    return fail_open_ ? fmt::format("frames pass over the kernel bridge {}", bridge_name_) : kNothing;
  }

 private:
  [[nodiscard]] Result<void> take_off_programs() const {
    auto links = KernelLinks::open();
    if (!links) return tl::unexpected(links.error());
    for (const std::string& interface : interfaces_) {
      const auto link = links->find(interface);
      if (!link) return tl::unexpected(link.error());
      if (!link->has_value()) continue;
      if (auto gone = links->take_off_xdp(**link); !gone) return gone;
    }
    return {};
  }

  std::string bridge_name_;
  std::array<std::string, 2> interfaces_;
  KernelBridge bridge_;
  bool fail_open_;
};

/// AF_PACKET sees every frame beside the kernel, and a vfio device is not the kernel's at all: the bridge
/// must not exist while Weir lives. It is put up by Weir's own orderly end, by the service manager's unit for
/// a failure, or by hand.
class KernelBridgeBypass final : public Bypass {
 public:
  KernelBridgeBypass(std::string bridge, std::array<Device, 2> devices, bool fail_open, std::string sysfs)
      : bridge_name_(std::move(bridge)),
        devices_(std::move(devices)),
        fail_open_(fail_open),
        sysfs_(std::move(sysfs)) {}

  [[nodiscard]] std::string name() const override { return "kernel bridge " + bridge_name_; }

  [[nodiscard]] Result<BypassState> state() override {
    const auto stands = bridge_of(interfaces()).stands();
    if (!stands) return tl::unexpected(stands.error());
    return *stands ? BypassState::kEngaged : BypassState::kOff;
  }

  [[nodiscard]] Result<void> engage() override {
    std::array<std::string, 2> interfaces;
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      interfaces[i] = devices_[i].place;
      if (devices_[i].kind != DeviceKind::kPci) continue;
      auto name = PciDevice(sysfs_, devices_[i].place).give_to_kernel();
      if (!name) return tl::unexpected(name.error());
      interfaces[i] = *name;
    }
    return bridge_of(interfaces).put_up();
  }

  [[nodiscard]] Result<void> release() override {
    const KernelBridge bridge = bridge_of(interfaces());
    if (auto down = bridge.take_down(); !down) return down;
    if (auto alone = bridge.check_no_other(); !alone) return alone;
    for (const Device& device : devices_) {
      if (device.kind != DeviceKind::kPci) continue;
      if (auto done = PciDevice(sysfs_, device.place).give_to_user(); !done) return done;
    }
    return {};
  }

  [[nodiscard]] std::string on_death() const override {
    if (!fail_open_) return kNothing;
    return fmt::format("nothing passes until the service manager or weirctl puts up the kernel bridge {}",
                       bridge_name_);
  }

 private:
  [[nodiscard]] std::array<std::string, 2> interfaces() const {
    std::array<std::string, 2> names;
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      const bool pci = devices_[i].kind == DeviceKind::kPci;
      names[i] = pci ? PciDevice(sysfs_, devices_[i].place).interface().value_or("") : devices_[i].place;
    }
    return names;
  }
  [[nodiscard]] KernelBridge bridge_of(const std::array<std::string, 2>& interfaces) const {
    return {bridge_name_, interfaces};
  }

  std::string bridge_name_;
  std::array<Device, 2> devices_;
  bool fail_open_;
  std::string sysfs_;
};

}  // namespace

const char* to_string(BypassState state) {
  switch (state) {
    case BypassState::kOff:
      return "off";
    case BypassState::kStandby:
      return "standby";
    case BypassState::kEngaged:
      return "engaged";
  }
  return "off";
}

std::string bridge_name(const std::string& pair) {
  constexpr std::size_t kNameBytes = 15;  // IFNAMSIZ with its end
  const std::string whole = "weir-" + pair;
  if (whole.size() <= kNameBytes) return whole;
  std::uint32_t hash = 2'166'136'261U;  // FNV-1a
  for (const char letter : pair) hash = (hash ^ static_cast<std::uint8_t>(letter)) * 16'777'619U;
  return fmt::format("{}-{:04x}", whole.substr(0, kNameBytes - 5), hash & 0xffffU);
}

std::unique_ptr<Bypass> make_bypass(const PairSettings& pair, const std::string& sysfs) {
  const std::array<Device, 2> devices = {parse_device(pair.inside.device), parse_device(pair.outside.device)};
  const bool bridgeable = devices[0].kind != DeviceKind::kOther && devices[1].kind != DeviceKind::kOther;
  const bool wanted = pair.bypass == BypassKind::kAuto || pair.bypass == BypassKind::kKernelBridge;
  if (!wanted || !bridgeable) return std::make_unique<NoBypass>();
  const std::string bridge = bridge_name(pair.name);
  if (devices[0].kind == DeviceKind::kAfXdp && devices[1].kind == DeviceKind::kAfXdp) {
    return std::make_unique<AfXdpBypass>(bridge, std::array{devices[0].place, devices[1].place},
                                         pair.fail_open);
  }
  return std::make_unique<KernelBridgeBypass>(bridge, devices, pair.fail_open, sysfs);
}

}  // namespace weir::dataplane
