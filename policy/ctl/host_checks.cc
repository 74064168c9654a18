// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/host_checks.h"

#include <fmt/format.h>
#include <sys/timex.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

namespace weir::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kKibibyte = 1'024;
constexpr std::uint64_t kMebibyte = kKibibyte * kKibibyte;
/// Beside the frame: DPDK's headroom and its description of a buffer (rte_mbuf.h).
constexpr std::uint64_t kBytesBesideFrame = 128 + 128;
/// What else DPDK takes of hugepages: rings, queues of ports, the heap's own.
constexpr std::uint64_t kBytesOfDpdk = 64 * kMebibyte;
constexpr std::array<std::string_view, 4> kQuickClocks{"tsc", "kvm-clock", "hyperv_clocksource_tsc_page",
                                                       "arch_sys_counter"};

class Host {
 public:
  explicit Host(std::string root) : root_(std::move(root)) {}

  [[nodiscard]] bool real() const { return root_ == "/"; }
  [[nodiscard]] fs::path at(std::string_view path) const { return fs::path{root_} / path; }
  [[nodiscard]] bool has(std::string_view path) const {
    std::error_code ignored;
    return fs::exists(at(path), ignored);
  }
  /// The first line; empty: there is none.
  [[nodiscard]] std::string line(std::string_view path) const {
    std::ifstream file{at(path)};
    std::string text;
    std::getline(file, text);
    return text;
  }
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view path) const {
    const std::string text = line(path);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end == text.data()) return std::nullopt;
    return value;
  }
  /// Names in a folder that begin so, sorted.
  [[nodiscard]] std::vector<std::string> names(std::string_view folder, std::string_view prefix = "") const {
    std::vector<std::string> found;
    std::error_code error;
    for (fs::directory_iterator one{at(folder), error}, end; !error && one != end; one.increment(error)) {
      const std::string name = one->path().filename().string();
      if (name.starts_with(prefix)) found.push_back(name);
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  /// Where a symbolic link points to, its last name.
  [[nodiscard]] std::string link(std::string_view path) const {
    std::error_code error;
    const fs::path target = fs::read_symlink(at(path), error);
    return error ? "" : target.filename().string();
  }

 private:
  std::string root_;
};

/// A device of the settings: a PCI address, an interface of the kernel, or neither.
struct HostPort {
  std::string device;
  std::string pci;    // with its domain
  std::string iface;  // that a virtual device stands on

  explicit HostPort(const std::string& text) : device(text) {
    const std::string name = text.substr(0, text.find(','));
    const auto hex = [](char c) {
      return std::string_view{"0123456789abcdefABCDEF:."}.find(c) != std::string_view::npos;
    };
    if (name.find(':') != std::string::npos && std::ranges::all_of(name, hex))
      pci = std::ranges::count(name, ':') == 1 ? "0000:" + name : name;
    constexpr std::string_view kIface = "iface=";
    const std::size_t found = text.find(kIface);
    if (found == std::string::npos) return;
    const std::size_t begin = found + kIface.size();
    iface = text.substr(begin, text.find(',', begin) - begin);
  }
  [[nodiscard]] std::string place() const {
    return !pci.empty() ? "sys/bus/pci/devices/" + pci : "sys/class/net/" + iface + "/device";
  }
};

std::vector<HostPort> ports_of(const Settings& settings) {
  std::vector<HostPort> ports;
  for (const PairSettings& pair : settings.pairs) {
    ports.emplace_back(pair.inside.device);
    ports.emplace_back(pair.outside.device);
  }
  return ports;
}

HostCheck look_at_hugepages(const Settings& settings, const Host& host) {
  if (!settings.memory.hugepages)
    return {"hugepages", HostState::kGood, "not wanted: memory.hugepages is off", ""};
  std::uint64_t reserved = 0;
  for (const std::string& size : host.names("sys/kernel/mm/hugepages", "hugepages-")) {
    const std::string kibibytes = size.substr(std::string_view{"hugepages-"}.size());
    std::uint64_t bytes = 0;
    std::from_chars(kibibytes.data(), kibibytes.data() + kibibytes.size(), bytes);
    const auto pages = host.number("sys/kernel/mm/hugepages/" + size + "/nr_hugepages");
    reserved += bytes * kKibibyte * static_cast<std::uint64_t>(std::max<std::int64_t>(0, pages.value_or(0)));
  }
  const std::uint64_t needed = packet_memory(settings.memory);
  const std::uint64_t pages = (needed + 2 * kMebibyte - 1) / (2 * kMebibyte);
  const std::string what = fmt::format("{} MiB are reserved, the packet buffers need {} MiB",
                                       reserved / kMebibyte, needed / kMebibyte);
  if (reserved >= needed) return {"hugepages", HostState::kGood, what, ""};
  return {"hugepages", HostState::kWrong, what,
          fmt::format("add hugepages={} to the kernel's arguments, or now: sysctl vm.nr_hugepages={}", pages,
                      pages)};
}

HostCheck look_at_iommu(const std::vector<HostPort>& ports, const Host& host) {
  if (std::ranges::all_of(ports, [](const HostPort& port) { return port.pci.empty(); }))
    return {"iommu", HostState::kGood, "not needed: no port is a PCI device", ""};
  if (!host.names("sys/class/iommu").empty())
    return {"iommu", HostState::kGood, "the kernel has one: a port reaches the memory of its buffers alone",
            ""};
  return {
      "iommu", HostState::kWrong, "there is none, so that vfio-pci gives no port away",
      "switch VT-d or AMD-Vi on in the firmware and add intel_iommu=on iommu=pt to the kernel's arguments"};
}

HostCheck look_at_driver(const HostPort& port, const Host& host) {
  const std::string about = "driver " + port.device;
  if (!port.pci.empty()) {
    if (!host.has(port.place()))
      return {about, HostState::kWrong, "there is no such device", "lspci -D lists the devices"};
    const std::string driver = host.link(port.place() + "/driver");
    if (driver == "vfio-pci" || driver == "mlx4_core" || driver == "mlx5_core")
      return {about, HostState::kGood, "bound to " + driver, ""};
    const std::string load = host.has("sys/module/vfio_pci") ? "" : "modprobe vfio-pci, then ";
    return {about, HostState::kWrong, driver.empty() ? "bound to no driver" : "bound to " + driver,
            load + "dpdk-devbind.py --bind=vfio-pci " + port.pci +
                "; never the management port: what has it goes offline"};
  }
  if (port.iface.empty()) return {about, HostState::kUnknown, "a virtual device without an interface", ""};
  if (!host.has("sys/class/net/" + port.iface))
    return {about, HostState::kWrong, "there is no interface " + port.iface, "ip link lists the interfaces"};
  const std::string state = host.line("sys/class/net/" + port.iface + "/operstate");
  if (state != "down" && state != "lowerlayerdown")
    return {about, HostState::kGood, fmt::format("the interface {} is {}", port.iface, state), ""};
  return {about, HostState::kWrong, fmt::format("the interface {} is {}", port.iface, state),
          fmt::format("ip link set {} up, and look at its cable", port.iface)};
}

std::optional<std::int64_t> node_of_core(const std::string& core, const Host& host) {
  for (const std::string& node : host.names("sys/devices/system/node", "node")) {
    if (host.has("sys/devices/system/node/" + node + "/cpu" + core)) {
      std::int64_t number = 0;
      std::from_chars(node.data() + 4, node.data() + node.size(), number);
      return number;
    }
  }
  return std::nullopt;
}

HostCheck look_at_numa(const Settings& settings, const std::vector<HostPort>& ports, const Host& host) {
  std::map<std::int64_t, std::string> nodes;
  for (const HostPort& port : ports) {
    const auto node = host.number(port.place() + "/numa_node");
    if (node && *node >= 0) nodes.emplace(*node, port.device);
  }
  if (host.names("sys/devices/system/node", "node").size() < 2)
    return {"numa", HostState::kGood, "all memory is equally near", ""};
  if (nodes.empty()) return {"numa", HostState::kUnknown, "the ports do not say where they are", ""};
  if (nodes.size() > 1) {
    return {"numa", HostState::kWrong,
            fmt::format("{} is on node {}, {} on node {}", nodes.begin()->second, nodes.begin()->first,
                        nodes.rbegin()->second, nodes.rbegin()->first),
            "put the cards into slots of the same processor"};
  }
  const std::int64_t node = nodes.begin()->first;
  const std::string near = host.line(fmt::format("sys/devices/system/node/node{}/cpulist", node));
  if (settings.cores != "auto") {
    for (const std::string_view core : comma_separated(settings.cores)) {
      const auto of_core = node_of_core(std::string{core}, host);
      if (!of_core || *of_core == node) continue;
      return {"numa", HostState::kWrong,
              fmt::format("the ports are on node {}, core {} on node {}", node, core, *of_core),
              fmt::format("name cores of {} as cores", near)};
    }
    return {"numa", HostState::kGood, fmt::format("ports and cores are on node {}", node), ""};
  }
  return {"numa", HostState::kUnknown, fmt::format("the ports are on node {}, cores is auto", node),
          fmt::format("name cores of {} as cores", near)};
}

HostCheck look_at_queues(const Settings& settings, const HostPort& port, const Host& host) {
  const std::string about = "rss " + port.device;
  if (settings.workers == 1) return {about, HostState::kGood, "one worker takes all", ""};
  if (!port.pci.empty()) {
    return {about, HostState::kUnknown, "the port says it once the data plane runs",
            "weirctl status -o json: host_affinity of the port"};
  }
  if (!port.device.starts_with("net_af_xdp"))
    return {about, HostState::kUnknown, "one queue for all workers, who hand over to each other", ""};
  const std::size_t queues = host.names("sys/class/net/" + port.iface + "/queues", "rx-").size();
  if (queues >= settings.workers)
    return {about, HostState::kGood, fmt::format("{} queues for {} workers", queues, settings.workers), ""};
  return {about, HostState::kWrong, fmt::format("{} queues for {} workers", queues, settings.workers),
          fmt::format("ethtool -L {} combined {}, or fewer workers", port.iface, settings.workers)};
}

HostCheck look_at_clock_source(const Host& host) {
  const std::string folder = "sys/devices/system/clocksource/clocksource0/";
  const std::string source = host.line(folder + "current_clocksource");
  if (source.empty()) return {"clock source", HostState::kUnknown, "the kernel does not say it", ""};
  if (std::ranges::find(kQuickClocks, source) != kQuickClocks.end())
    return {"clock source", HostState::kGood, source + ", read without a system call", ""};
  return {"clock source", HostState::kWrong, source + ", each look at which is a slow system call",
          fmt::format(
              "there are: {}; if the processor's TSC is steady, add tsc=reliable to the kernel's arguments",
              host.line(folder + "available_clocksource"))};
}

HostCheck look_at_time(const Host& host) {
  bool kept = host.has("run/systemd/timesync/synchronized");
  if (host.real() && !kept) {
    timex now{};
    kept = adjtimex(&now) >= 0 && (now.status & STA_UNSYNC) == 0;
  }
  if (kept) return {"clock", HostState::kGood, "synchronised", ""};
  return {"clock", HostState::kWrong,
          "not synchronised: schedules, exceptions that end and evidence go by it",
          "timedatectl set-ntp true, or chrony, with a server that the management port reaches"};
}

}  // namespace

const char* to_string(HostState state) {
  return state == HostState::kGood ? "ok" : state == HostState::kWrong ? "wrong" : "unknown";
}

std::uint64_t packet_memory(const MemorySettings& memory) {
  return std::uint64_t{memory.packets} * (memory.frame_bytes + kBytesBesideFrame) + kBytesOfDpdk;
}

std::vector<HostCheck> check_host(const Settings& settings, const std::string& root) {
  const Host host{root};
  const std::vector<HostPort> ports = ports_of(settings);
  std::vector<HostCheck> checks{look_at_hugepages(settings, host), look_at_iommu(ports, host)};
  for (const HostPort& port : ports) checks.push_back(look_at_driver(port, host));
  checks.push_back(look_at_numa(settings, ports, host));
  for (const HostPort& port : ports) checks.push_back(look_at_queues(settings, port, host));
  checks.push_back(look_at_clock_source(host));
  checks.push_back(look_at_time(host));
  return checks;
}

}  // namespace weir::ctl
