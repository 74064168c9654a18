// SPDX-License-Identifier: Apache-2.0
#include "dataplane/bypass/device.h"

#include <regex>

namespace weir::dataplane {
namespace {

std::string argument(const std::string& text, const std::string& key) {
  const std::string wanted = "," + key + "=";
  const std::size_t at = text.find(wanted);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + wanted.size();
  return text.substr(begin, text.find(',', begin) - begin);
}

}  // namespace

Device parse_device(const std::string& text) {
  static const std::regex pci("(([0-9a-fA-F]{4,8}):)?([0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7])(,.*)?");
  std::smatch parts;
  if (std::regex_match(text, parts, pci)) {
    return {DeviceKind::kPci, (parts[2].matched ? parts[2].str() : "0000") + ":" + parts[3].str()};
  }
  const std::string interface = argument(text, "iface");
  if (interface.empty()) return {};
  if (text.starts_with("net_af_xdp")) return {DeviceKind::kAfXdp, interface};
  if (text.starts_with("net_af_packet")) return {DeviceKind::kAfPacket, interface};
  return {};
}

}  // namespace weir::dataplane
