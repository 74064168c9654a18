// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/time_zone.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/model/byte_reader.h"
#include "policy/model/text_file.h"

namespace weir::policy {
namespace {

/// RFC 8536 section 3.1.
struct TzifHeader {
  bool ok = false;
  std::uint8_t version = 0;
  std::uint32_t universal = 0;
  std::uint32_t standard = 0;
  std::uint32_t leaps = 0;
  std::uint32_t times = 0;
  std::uint32_t types = 0;
  std::uint32_t letters = 0;

  [[nodiscard]] std::uint64_t block_bytes(unsigned time_bytes) const {
    return std::uint64_t{times} * (time_bytes + 1U) + std::uint64_t{types} * 6 + letters +
           std::uint64_t{leaps} * (time_bytes + 4U) + standard + universal;
  }
};

TzifHeader read_header(ByteReader& reader) {
  TzifHeader header;
  const bool magic = as_text(reader.take(4)) == "TZif";
  header.version = reader.u8();
  reader.skip(15);
  header.universal = reader.u32();
  header.standard = reader.u32();
  header.leaps = reader.u32();
  header.times = reader.u32();
  header.types = reader.u32();
  header.letters = reader.u32();
  header.ok =
      reader.ok() && magic && header.types > 0 && header.types <= 256 && header.times <= kZoneTransitionsMax;
  return header;
}

tl::unexpected<Error> corrupt(std::string what) {
  return failure(ErrorCode::kCorrupt, "not compiled time zone data: " + std::move(what));
}

bool zone_name_well_formed(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '/' &&
         std::all_of(name.begin(), name.end(), letter);
}

}  // namespace

Result<TimeZone> TimeZone::load(std::string_view name, const std::string& directory) {
  if (!zone_name_well_formed(name)) {
    return failure(ErrorCode::kInvalid, fmt::format("\"{}\" is not a time zone", name),
                   "write America/Toronto or UTC");
  }
  const auto bytes = read_text_file(fmt::format("{}/{}", directory, name), kZoneBytesMax);
  if (!bytes) {
    return failure(ErrorCode::kNotFound, fmt::format("there is no time zone {}", name),
                   fmt::format("zones are the files below {}, such as America/Toronto", directory));
  }
  return parse(*bytes);
}

Result<TimeZone> TimeZone::parse(std::string_view tzif) {
  ByteReader reader{as_bytes(tzif)};
  TzifHeader header = read_header(reader);
  if (!header.ok || header.version < '2') return corrupt("no header of version 2 or later");
  reader.skip(header.block_bytes(4));
  header = read_header(reader);
  if (!header.ok) return corrupt("no second header");

  TimeZone zone;
  for (std::uint32_t i = 0; i < header.times; ++i) {
    zone.transitions_.push_back(static_cast<std::int64_t>(reader.u64()));
  }
  const Bytes indices = reader.take(header.times);
  std::vector<std::int32_t> types;
  for (std::uint32_t i = 0; i < header.types; ++i) {
    types.push_back(static_cast<std::int32_t>(reader.u32()));
    reader.skip(2);
  }
  reader.skip(header.letters + std::size_t{header.leaps} * 12 + header.standard + header.universal);
  if (!reader.ok()) return corrupt("it is cut short");
  for (const std::uint8_t index : indices) {
    if (index >= types.size()) return corrupt("a type that is not there");
    zone.offsets_.push_back(types[index]);
  }
  const auto sane = [](std::int32_t offset) { return offset > -kDayS && offset < kDayS; };
  if (!std::all_of(types.begin(), types.end(), sane) ||
      !std::is_sorted(zone.transitions_.begin(), zone.transitions_.end())) {
    return corrupt("offsets or times out of order");
  }
  zone.first_offset_s_ = types.front();
  std::string_view footer = as_text(reader.rest());
  if (footer.size() > 2 && footer.front() == '\n' && footer.back() == '\n') {
    zone.rule_ = parse_zone_rule(footer.substr(1, footer.size() - 2));
    if (!zone.rule_) return corrupt("a rule for the years to come that is not one");
  }
  return zone;
}

std::int32_t TimeZone::offset_s(std::int64_t unix_s) const noexcept {
  const auto next = std::upper_bound(transitions_.begin(), transitions_.end(), unix_s);
  if (next == transitions_.end() && rule_) return rule_offset_s(*rule_, unix_s);
  if (next == transitions_.begin()) return first_offset_s_;
  return offsets_[static_cast<std::size_t>(next - transitions_.begin()) - 1];
}

LocalTime TimeZone::local(std::int64_t unix_s) const noexcept {
  const std::int64_t seconds = unix_s + offset_s(unix_s);
  const std::int64_t days = seconds / kDayS - (seconds % kDayS < 0 ? 1 : 0);
  const std::int64_t weekday = (days % 7 + 7 + 3) % 7;  // 1970-01-01 was a Thursday
  return {static_cast<int>(weekday), static_cast<int>((seconds - days * kDayS) / 60)};
}

std::int64_t TimeZone::midnight(std::int64_t days) const noexcept {
  const std::int64_t local = days * kDayS;
  const std::int64_t guess = local - offset_s(local);
  return local - offset_s(guess);
}

std::int64_t TimeZone::instant(std::int64_t days, int minute) const noexcept {
  const std::int64_t begin = midnight(days);
  const std::int64_t then = begin + std::int64_t{minute} * 60;
  return then - (offset_s(then) - offset_s(begin));  // the clocks changed since
}

}  // namespace weir::policy
