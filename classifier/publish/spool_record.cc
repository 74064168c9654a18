// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/spool_record.h"

#include <array>
#include <boost/crc.hpp>
#include <cstring>

#include "classifier/publish/spool.h"

namespace weir::classifier {
namespace {

constexpr std::string_view kMark = "WEV1";
constexpr std::uint32_t kRecordHitBit = 1U << 31U;

std::uint32_t crc32c(std::uint32_t word, std::string_view event) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;  // Castagnoli, RFC 3720
  crc.process_bytes(&word, sizeof(word));
  crc.process_bytes(event.data(), event.size());
  return crc.checksum();
}

void append_number(std::string& to, std::uint32_t number) {
  std::array<char, sizeof(number)> bytes{};
  std::memcpy(bytes.data(), &number, sizeof(number));
  to.append(bytes.data(), bytes.size());
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof(number));
  return number;
}

/// The size that a head at this place gives its event; nullopt: there is none, as far as the bytes go.
std::optional<std::size_t> size_at(std::string_view bytes, std::size_t at) {
  const std::string_view mark = bytes.substr(at, kMark.size());
  if (mark != kMark.substr(0, mark.size())) return std::nullopt;
  if (bytes.size() - at < kSpoolRecordHead) return 0;
  const std::size_t size = number_at(bytes, at + 4) & ~kRecordHitBit;
  return size <= kSpoolRecordMax ? std::optional{size} : std::nullopt;
}

}  // namespace

void append_record(std::string& to, std::string_view event, bool hit) {
  const std::uint32_t word = static_cast<std::uint32_t>(event.size()) | (hit ? kRecordHitBit : 0);
  to.append(kMark);
  append_number(to, word);
  append_number(to, crc32c(word, event));
  to.append(event);
}

std::optional<std::string_view> record_at(std::string_view bytes, std::size_t at) {
  const auto size = at < bytes.size() ? size_at(bytes, at) : std::nullopt;
  if (!size || bytes.size() - at < kSpoolRecordHead + *size) return std::nullopt;
  const std::string_view event = bytes.substr(at + kSpoolRecordHead, *size);
  if (crc32c(number_at(bytes, at + 4), event) != number_at(bytes, at + 8)) return std::nullopt;
  return event;
}

std::size_t find_record(std::string_view bytes, std::size_t at, bool whole) {
  for (; at < bytes.size(); ++at) {
    at = bytes.find(kMark[0], at);
    if (at == std::string_view::npos) return bytes.size();
    const auto size = size_at(bytes, at);
    if (!size) continue;
    const bool all_there = bytes.size() - at >= kSpoolRecordHead + *size;
    if (all_there ? record_at(bytes, at).has_value() : !whole) return at;
  }
  return bytes.size();
}

}  // namespace weir::classifier
