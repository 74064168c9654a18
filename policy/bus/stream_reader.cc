// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/stream_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "policy/bus/streams.h"

namespace weir::policy {
namespace {

using Kind = RedisReply::Kind;

Error unexpected_shape(std::string_view command) {
  return Error{
      ErrorCode::kCorrupt, fmt::format("Redis answered {} in a form that is not known", command), {}, {}};
}

std::string payload_of(const RedisReply& fields) {
  for (std::size_t i = 0; i + 1 < fields.items.size(); i += 2) {
    if (fields.items[i].text == kPayloadField) return fields.items[i + 1].text;
  }
  return {};
}

}  // namespace

Result<std::vector<StreamEntry>> entries_of(const RedisReply& list, const std::string& stream) {
  std::vector<StreamEntry> entries;
  if (list.kind == Kind::kNil) return entries;
  if (list.kind != Kind::kList) return tl::unexpected(unexpected_shape("a range"));
  for (const RedisReply& item : list.items) {
    if (item.kind == Kind::kNil) continue;  // XAUTOCLAIM before Redis 7 for deleted entries
    if (item.kind != Kind::kList || item.items.size() != 2)
      return tl::unexpected(unexpected_shape("a range"));
    StreamEntry entry{stream, item.items[0].text, payload_of(item.items[1]), false};
    entry.gone = item.items[1].kind == Kind::kNil;
    entries.push_back(std::move(entry));
  }
  return entries;
}

StreamReader::StreamReader(RedisConnection connection, std::string group, std::string consumer,
                           std::vector<std::string> streams)
    : connection_(std::move(connection)),
      group_(std::move(group)),
      consumer_(std::move(consumer)),
      streams_(std::move(streams)),
      owed_after_(streams_.size(), "0"),
      claim_from_(streams_.size(), "0-0") {
  if (streams_.size() > kStreamsMax) streams_.resize(kStreamsMax);
}

Result<void> StreamReader::create_group() {
  for (const std::string& stream : streams_) {
    const auto reply = connection_.command({"XGROUP", "CREATE", stream, group_, "0", "MKSTREAM"});
    if (!reply && !reply.error().what.starts_with("BUSYGROUP")) {
      return failure(reply.error().code,
                     fmt::format("cannot create group {} of {}: {}", group_, stream, reply.error().what));
    }
  }
  return {};
}

Result<std::vector<StreamEntry>> StreamReader::read(std::uint32_t count, std::chrono::milliseconds block) {
  count = std::clamp<std::uint32_t>(count, 1, kReadEntriesMax);
  if (owed_left_) {
    auto owed = read_from(true, count, std::chrono::milliseconds{0});
    if (!owed || !owed->empty()) return owed;
    owed_left_ = false;
  }
  return read_from(false, count, block);
}

Result<std::vector<StreamEntry>> StreamReader::read_from(bool owed, std::uint32_t count,
                                                         std::chrono::milliseconds block) {
  if (auto set = connection_.wait_longer(block); !set) return tl::unexpected(set.error());
  const std::string count_text = std::to_string(count);
  const std::string block_text =
      std::to_string(std::max<std::int64_t>(block.count(), 1));  // 0 would be for ever
  std::vector<std::string_view> command{"XREADGROUP", "GROUP", group_, consumer_, "COUNT", count_text};
  if (!owed) command.insert(command.end(), {"BLOCK", block_text});
  command.emplace_back("STREAMS");
  command.insert(command.end(), streams_.begin(), streams_.end());
  for (std::size_t i = 0; i < streams_.size(); ++i)
    command.push_back(owed ? std::string_view{owed_after_[i]} : ">");

  const auto reply = connection_.command(command);
  if (!reply) return tl::unexpected(reply.error());
  std::vector<StreamEntry> all;
  if (reply->kind == Kind::kNil) return all;  // nothing new within `block`
  if (reply->kind != Kind::kList) return tl::unexpected(unexpected_shape("XREADGROUP"));
  for (const RedisReply& part : reply->items) {
    if (part.items.size() != 2) return tl::unexpected(unexpected_shape("XREADGROUP"));
    auto entries = entries_of(part.items[1], part.items[0].text);
    if (!entries) return entries;
    const auto at = std::find(streams_.begin(), streams_.end(), part.items[0].text);
    if (owed && at != streams_.end() && !entries->empty()) {
      owed_after_[static_cast<std::size_t>(at - streams_.begin())] = entries->back().id;
    }
    std::move(entries->begin(), entries->end(), std::back_inserter(all));
  }
  return all;
}

Result<std::vector<StreamEntry>> StreamReader::claim(std::uint32_t count, std::chrono::milliseconds idle) {
  const std::string count_text = std::to_string(std::clamp<std::uint32_t>(count, 1, kReadEntriesMax));
  const std::string idle_text = std::to_string(idle.count());
  std::vector<StreamEntry> all;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const auto reply = connection_.command(
        {"XAUTOCLAIM", streams_[i], group_, consumer_, idle_text, claim_from_[i], "COUNT", count_text});
    if (!reply) return tl::unexpected(reply.error());
    if (reply->kind != Kind::kList || reply->items.size() < 2) {
      return tl::unexpected(unexpected_shape("XAUTOCLAIM"));
    }
    claim_from_[i] = reply->items[0].text;  // "0-0" when the walk is through: the next call begins again
    auto entries = entries_of(reply->items[1], streams_[i]);
    if (!entries) return entries;
    std::move(entries->begin(), entries->end(), std::back_inserter(all));
    if (reply->items.size() < 3) continue;  // before Redis 7
    for (const RedisReply& id : reply->items[2].items) all.push_back({streams_[i], id.text, {}, true});
  }
  return all;
}

Result<std::uint64_t> StreamReader::acknowledge(const std::vector<StreamEntry>& entries) {
  std::uint64_t commands = 0;
  for (const std::string& stream : streams_) {
    std::vector<std::string_view> command{"XACK", stream, group_};
    for (const StreamEntry& entry : entries) {
      if (entry.stream == stream) command.push_back(entry.id);
    }
    if (command.size() == 3) continue;
    if (auto queued = connection_.append(command); !queued) return tl::unexpected(queued.error());
    ++commands;
  }
  std::uint64_t acknowledged = 0;
  std::optional<Error> refused;
  for (std::uint64_t i = 0; i < commands; ++i) {  // every reply is taken, or the next command would get it
    const auto reply = connection_.receive();
    if (!reply) return tl::unexpected(reply.error());
    if (reply->kind == Kind::kError) refused = Error{ErrorCode::kInvalid, reply->text, {}, {}};
    acknowledged += static_cast<std::uint64_t>(reply->integer);
  }
  if (refused) return tl::unexpected(*refused);
  return acknowledged;
}

}  // namespace weir::policy
