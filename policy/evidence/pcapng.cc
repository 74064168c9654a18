// SPDX-License-Identifier: Apache-2.0
#include "policy/evidence/pcapng.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace weir::evidence {
namespace {

// draft-ietf-opsawg-pcapng, sections 3 and 4; in the byte order of the machine, as the data plane writes.
constexpr std::uint32_t kSectionHeader = 0x0A0D0D0A;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1A2B3C4D;
constexpr std::uint16_t kComment = 1;
constexpr std::uint16_t kInterfaceName = 2;
constexpr std::size_t kAround = 12;  // type and length before, length behind
constexpr std::size_t kInterfacesMax = 256;

/// Takes a number off; nullopt: there is less.
template <typename Number>
std::optional<Number> take(std::string_view& bytes) {
  if (bytes.size() < sizeof(Number)) return std::nullopt;
  Number number;
  std::memcpy(&number, bytes.data(), sizeof(number));
  bytes.remove_prefix(sizeof(number));
  return number;
}

/// The value of an option; empty: it is not there.
std::string_view option(std::string_view options, std::uint16_t wanted) {
  while (true) {
    const auto code = take<std::uint16_t>(options);
    const auto bytes = take<std::uint16_t>(options);
    if (!code || !bytes || *code == 0 || *bytes > options.size()) return {};
    if (*code == wanted) return options.substr(0, *bytes);
    options.remove_prefix(std::min(options.size(), (std::size_t{*bytes} + 3) / 4 * 4));
  }
}

std::uint64_t flow_in(std::string_view comment) {
  constexpr std::string_view kFlow = "flow ";
  std::uint64_t flow = 0;
  if (comment.starts_with(kFlow))
    std::from_chars(comment.data() + kFlow.size(), comment.data() + comment.size(), flow);
  return flow;
}

std::optional<Packet> packet_in(std::string_view body, const std::vector<std::string>& interfaces) {
  const auto interface = take<std::uint32_t>(body);
  const auto high = take<std::uint32_t>(body);
  const auto low = take<std::uint32_t>(body);
  const auto bytes = take<std::uint32_t>(body);
  const auto frame_bytes = take<std::uint32_t>(body);
  if (!frame_bytes || *interface >= interfaces.size() || *bytes > body.size()) return std::nullopt;
  Packet packet;
  packet.time = static_cast<TimeNs>(std::uint64_t{*high} << 32U | *low);
  packet.interface = interfaces[*interface];
  packet.frame_bytes = *frame_bytes;
  packet.bytes = body.substr(0, *bytes);
  body.remove_prefix(std::min(body.size(), (std::size_t{*bytes} + 3) / 4 * 4));
  packet.flow = flow_in(option(body, kComment));
  return packet;
}

}  // namespace

Result<CaptureFile> read_pcapng(std::string_view bytes) {
  CaptureFile file;
  std::vector<std::string> interfaces;
  for (bool first = true; !bytes.empty(); first = false) {
    std::string_view left = bytes;
    const auto type = take<std::uint32_t>(left);
    const auto whole = take<std::uint32_t>(left);
    if (first && (!whole || *type != kSectionHeader))
      return failure(ErrorCode::kCorrupt, "it is no pcapng file");
    file.cut = !whole || *whole < kAround || *whole % 4 != 0 || *whole > bytes.size();
    if (file.cut) break;
    std::string_view body = bytes.substr(kAround - 4, *whole - kAround);
    bytes.remove_prefix(*whole);
    if (*type == kSectionHeader) {
      const auto magic = take<std::uint32_t>(body);
      if (!magic || *magic != kByteOrderMagic || body.size() < 12)
        return failure(ErrorCode::kCorrupt, "it is not in this machine's byte order");
      file.comment = option(body.substr(12), kComment);
    } else if (*type == kInterface && body.size() >= 8 && interfaces.size() < kInterfacesMax) {
      interfaces.emplace_back(option(body.substr(8), kInterfaceName));
    } else if (*type == kEnhancedPacket) {
      auto packet = packet_in(body, interfaces);
      if (!packet) return failure(ErrorCode::kCorrupt, "one of its packets is damaged");
      file.packets.push_back(std::move(*packet));
    }
  }
  return file;
}

}  // namespace weir::evidence
