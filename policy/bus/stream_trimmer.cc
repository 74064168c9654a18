// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/stream_trimmer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace weir::policy {
namespace {

constexpr int kRoundsMax = 16;  // in which entries that are not evenly spread are brought to fit

/// The value of a field in [name, value, name, value, ...].
const RedisReply* field_of(const RedisReply& fields, std::string_view name) {
  for (std::size_t i = 0; i + 1 < fields.items.size(); i += 2) {
    if (fields.items[i].text == name) return &fields.items[i + 1];
  }
  return nullptr;
}

}  // namespace

std::optional<EntryId> EntryId::parse(std::string_view text) {
  EntryId id;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, id.milliseconds);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, id.sequence);
  if (second.ec != std::errc{} || second.ptr != end) return std::nullopt;
  return id;
}

std::string EntryId::to_string() const { return fmt::format("{}-{}", milliseconds, sequence); }

Result<std::optional<EntryId>> StreamTrimmer::needed_from(const std::string& stream) {
  const auto shape = [] {
    return failure(ErrorCode::kCorrupt, "Redis described a group in a form that is not known");
  };
  const auto groups = connection_.command({"XINFO", "GROUPS", stream});
  if (!groups && groups.error().what.find("no such key") != std::string::npos)
    return std::optional<EntryId>{};
  if (!groups) return tl::unexpected(groups.error());
  std::optional<EntryId> needed;
  for (const RedisReply& group : groups->items) {
    const RedisReply* const name = field_of(group, "name");
    const RedisReply* const delivered = field_of(group, "last-delivered-id");
    const auto last = delivered != nullptr ? EntryId::parse(delivered->text) : std::nullopt;
    if (name == nullptr || !last) return shape();
    EntryId from = *last;
    const auto owed = connection_.command({"XPENDING", stream, name->text});
    if (!owed) return tl::unexpected(owed.error());
    if (owed->items.size() < 2) return shape();
    if (owed->items[0].integer > 0) {
      const auto oldest = EntryId::parse(owed->items[1].text);
      if (!oldest) return shape();
      from = std::min(from, *oldest);
    }
    needed = needed ? std::min(*needed, from) : from;
  }
  return needed;
}

Result<EntryId> StreamTrimmer::fits_from(const std::string& stream, std::uint64_t now_ms) {
  const auto used = connection_.command({"MEMORY", "USAGE", stream});  // of a few of its nodes, multiplied
  if (!used) return tl::unexpected(used.error());
  const auto bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(used->integer, 0));
  if (bytes <= stream_bytes_) return EntryId{};
  const auto about = connection_.command({"XINFO", "STREAM", stream});
  if (!about) return tl::unexpected(about.error());
  const RedisReply* const first = field_of(*about, "first-entry");
  const auto id =
      first != nullptr && !first->items.empty() ? EntryId::parse(first->items[0].text) : std::nullopt;
  if (!id || id->milliseconds >= now_ms) return EntryId{};
  const double share = static_cast<double>(stream_bytes_) / static_cast<double>(bytes);
  const double stays = static_cast<double>(now_ms - id->milliseconds) * share;
  return EntryId{now_ms - static_cast<std::uint64_t>(stays), 0};
}

Result<std::uint64_t> StreamTrimmer::trim_before(const std::string& stream, EntryId from) {
  const auto trimmed = connection_.command({"XTRIM", stream, "MINID", from.to_string()});
  if (!trimmed) return tl::unexpected(trimmed.error());
  return static_cast<std::uint64_t>(std::max<std::int64_t>(trimmed->integer, 0));
}

Result<std::uint64_t> StreamTrimmer::fit(const std::string& stream, EntryId needed, std::uint64_t now_ms) {
  EntryId from;
  std::uint64_t gone = 0;
  for (int round = 0; round < kRoundsMax; ++round) {
    const auto fits = fits_from(stream, now_ms);
    if (!fits) return tl::unexpected(fits.error());
    const EntryId next = std::min(needed, *fits);
    if (next <= from) break;
    from = next;
    const auto trimmed = trim_before(stream, from);
    if (!trimmed) return trimmed;
    gone += *trimmed;
  }
  return gone;
}

Result<std::uint64_t> StreamTrimmer::trim(TimeNs now) {
  const auto now_ms = static_cast<std::uint64_t>(std::max<TimeNs>(now, 0) / kMillisecond);
  const auto kept_ms = static_cast<std::uint64_t>(std::chrono::milliseconds{kept_}.count());
  const EntryId kept_from{now_ms - std::min(kept_ms, now_ms), 0};
  std::vector<std::pair<const std::string*, EntryId>> read;
  std::uint64_t gone = 0;
  for (const std::string& stream : streams_) {
    const auto needed = needed_from(stream);
    if (!needed) return tl::unexpected(needed.error());
    if (!*needed) continue;
    const auto trimmed = trim_before(stream, std::min(**needed, kept_from));
    if (!trimmed) return trimmed;
    gone += *trimmed;
    read.emplace_back(&stream, **needed);
  }
  for (const auto& [stream, needed] : read) {
    const auto trimmed = fit(*stream, needed, now_ms);
    if (!trimmed) return trimmed;
    gone += *trimmed;
  }
  return gone;
}

}  // namespace weir::policy
