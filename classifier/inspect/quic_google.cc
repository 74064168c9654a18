// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/quic_google.h"

#include <algorithm>

namespace weir::classifier {

namespace {

constexpr std::uint8_t kVersionFlag = 0x01;
constexpr std::uint8_t kResetFlag = 0x02;
constexpr std::uint8_t kGoogleLongHeader = 0x80;
constexpr std::size_t kHashBytes = 12;  // FNV-1a over the packet, instead of a tag
constexpr unsigned kFirst = 24;
constexpr unsigned kShortPrivateFlags = 33;  // earlier ones have a byte of private flags
constexpr unsigned kBigEndian = 39;          // from here on numbers are big endian
constexpr unsigned kLongHeaders = 46;

/// "Q043" as 43; 0: not one of these.
unsigned version_of(std::uint32_t tag) {
  const std::uint32_t tens = ((tag >> 8U) & 0xffU) - '0';
  const std::uint32_t ones = (tag & 0xffU) - '0';
  if ((tag >> 16U) != 0x5130 || tens > 9 || ones > 9) return 0;
  const unsigned version = tens * 10 + ones;
  return version >= kFirst && version <= kLongHeaders ? version : 0;
}

/// Leaves `reader` at the frames.
unsigned skip_header(ByteReader& reader) {
  const std::uint8_t flags = reader.u8();
  if ((flags & kGoogleLongHeader) != 0) {  // Q044 to Q046
    const unsigned version = version_of(reader.u32());
    const std::uint8_t lengths = reader.u8();
    const auto id_bytes = [](unsigned code) { return code == 0 ? 0U : code + 3U; };
    reader.skip(id_bytes(lengths >> 4U));
    reader.skip(id_bytes(lengths & 0xfU));
    reader.skip((flags & 3U) + 1U);  // packet number
    reader.skip(kHashBytes);
    return version >= 44 ? version : 0;
  }
  if ((flags & kVersionFlag) == 0 || (flags & (kResetFlag | 0x40U)) != 0 || (flags & 0x08U) == 0) return 0;
  reader.skip(8);  // connection id
  const unsigned version = version_of(reader.u32());
  const unsigned number_code = (flags >> 4U) & 3U;
  reader.skip(number_code == 0 ? 1U : 2U * number_code);
  reader.skip(kHashBytes);
  if (version < kShortPrivateFlags) reader.skip(1);
  return version < 44 ? version : 0;
}

std::uint64_t number(ByteReader& reader, std::size_t bytes, bool big_endian) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    const std::uint64_t byte = reader.u8();
    value = big_endian ? (value << 8U) | byte : value | (byte << (8U * i));
  }
  return value;
}

std::uint32_t little_endian(ByteReader& reader) {
  return static_cast<std::uint32_t>(number(reader, 4, false));
}

}  // namespace

std::optional<GooglePacket> read_google_packet(Bytes datagram) {
  ByteReader reader{datagram};
  const unsigned version = skip_header(reader);
  if (!reader.ok() || version == 0) return std::nullopt;
  GooglePacket packet;
  while (reader.left() > 0) {
    const std::uint8_t type = reader.u8();
    if (type == 0 || type == 7) continue;    // PADDING, PING
    if ((type & 0x80U) == 0) return packet;  // an ACK or the like: no first hello
    const unsigned offset_code = (type >> 2U) & 7U;
    const bool big_endian = version >= kBigEndian;
    const std::uint64_t stream = number(reader, (type & 3U) + 1U, big_endian);
    const std::uint64_t offset = number(reader, offset_code == 0 ? 0 : offset_code + 1U, big_endian);
    const bool has_length = (type & 0x20U) != 0;
    const std::size_t length = has_length ? number(reader, 2, big_endian) : reader.left();
    const Bytes data = reader.take(length);
    if (!reader.ok() || stream != 1) return packet;
    packet.offset = offset;
    packet.data = data;
    return packet;
  }
  return packet;
}

/// Tag "CHLO", number of tags (16 bits), padding, then tag and end of its value for each, then the values.
/// All little endian.
Chlo read_chlo(Bytes bytes) {
  constexpr std::string_view kHello = "CHLO";
  constexpr std::string_view kServerName{"SNI\0", 4};
  Chlo out;
  const std::size_t compared = std::min(bytes.size(), kHello.size());
  if (as_text(bytes.first(compared)) != kHello.substr(0, compared)) return {.state = Chlo::State::kBroken};
  ByteReader reader{bytes};
  reader.skip(kHello.size());
  const std::size_t tags = number(reader, 2, false);
  reader.skip(2);
  if (!reader.ok()) return out;
  if (tags > kChloTagsMax) return {.state = Chlo::State::kBroken};
  const std::size_t values_at = reader.offset() + 8 * tags;
  std::uint64_t from = 0;
  for (std::size_t i = 0; i < tags; ++i) {
    const std::string_view tag = as_text(reader.take(4));
    const std::uint64_t to = little_endian(reader);
    if (!reader.ok()) return out;
    if (to < from) return {.state = Chlo::State::kBroken};
    if (values_at + to > bytes.size()) return out;
    if (tag == kServerName) {
      if (!out.server_name.empty()) return {.state = Chlo::State::kBroken};
      out.server_name = as_text(bytes.subspan(values_at + from, to - from));
    }
    from = to;
  }
  out.state = Chlo::State::kDone;
  return out;
}

}  // namespace weir::classifier
