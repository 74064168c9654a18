// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/stream_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <thread>

#include "policy/bus/streams.h"

namespace weir::policy {
namespace {

using Kind = RedisReply::Kind;

Error unexpected_shape(std::string_view command) {
  return Error{
      ErrorCode::kCorrupt, fmt::format("Redis answered {} in a form that is not known", command), {}, {}};
}

/// Of a list of names and values; nil: it has no such name.
RedisReply field_of(const RedisReply& fields, std::string_view name) {
  for (std::size_t i = 0; i + 1 < fields.items.size(); i += 2) {
    if (fields.items[i].text == name) return fields.items[i + 1];
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
    StreamEntry entry{stream, item.items[0].text, field_of(item.items[1], kPayloadField).text, false};
    entry.gone = item.items[1].kind == Kind::kNil;
    entries.push_back(std::move(entry));
  }
  return entries;
}

StreamReader::StreamReader(RedisConnection connection, std::string group, std::string consumer,
                           std::vector<std::string> streams)
    : connection_(std::move(connection)), group_(std::move(group)), consumer_(std::move(consumer)) {
  for (std::string& name : streams) {
    if (streams_.size() < kStreamsMax) streams_.push_back({.name = std::move(name)});
  }
}

StreamReader StreamReader::of_appliances(RedisConnection connection, std::string group, std::string consumer,
                                         Appliances appliances) {
  StreamReader made{std::move(connection), std::move(group), std::move(consumer), std::vector<std::string>{}};
  made.appliances_ = std::move(appliances);
  return made;
}

Result<void> StreamReader::create_group() {
  for (Stream& stream : streams_) missing_.push_back(std::move(stream.name));
  streams_.clear();
  return look_for_streams();
}

/// What is announced and not followed yet, and what could not be followed before, gets its group and is read
/// from now on.
Result<void> StreamReader::look_for_streams() {
  if (appliances_) {
    auto known = announced(connection_, *appliances_);
    if (!known && (known.error().code != ErrorCode::kUnavailable || streams_.empty() || !usable()))
      return tl::unexpected(known.error());
    if (known) {
      missing_.clear();
      left_out_ = known->left_out;
      for (std::string& name : known->streams) {
        const bool followed =
            std::ranges::any_of(streams_, [&](const Stream& stream) { return stream.name == name; });
        if (followed) continue;
        if (streams_.size() + missing_.size() < kStreamsMax) {
          missing_.push_back(std::move(name));
        } else {
          ++left_out_;
        }
      }
    }
  }
  std::vector<std::string> away;
  for (std::string& name : missing_) {
    const auto created = create_group_of(name);
    if (!created) return tl::unexpected(created.error());
    if (*created) {
      streams_.push_back({.name = std::move(name)});
    } else {
      away.push_back(std::move(name));
    }
  }
  missing_ = std::move(away);
  return {};
}

bool StreamReader::owes() const {
  return std::ranges::any_of(streams_, [](const Stream& stream) { return stream.owed_left; });
}

std::vector<std::string> StreamReader::names() const {
  std::vector<std::string> names;
  for (const Stream& stream : streams_) names.push_back(stream.name);
  return names;
}

Result<bool> StreamReader::create_group_of(const std::string& stream) {
  const auto reply = connection_.command({"XGROUP", "CREATE", stream, group_, "0", "MKSTREAM"});
  if (reply || reply.error().what.starts_with("BUSYGROUP")) return true;
  if (reply.error().code == ErrorCode::kUnavailable && usable()) return false;
  return failure(reply.error().code,
                 fmt::format("cannot create group {} of {}: {}", group_, stream, reply.error().what));
}

template <typename Words>
Result<std::vector<StreamAnswer>> StreamReader::ask_each(Words words) {
  for (const Stream& stream : streams_) {
    if (auto queued = connection_.append(words(stream)); !queued) return tl::unexpected(queued.error());
  }
  std::vector<StreamAnswer> answers;
  std::optional<Error> refused;
  for (std::size_t i = 0; i < streams_.size();
       ++i) {  // every reply is taken, or the next command would get it
    auto reply = connection_.receive();
    if (!reply && !usable()) return tl::unexpected(reply.error());
    if (reply && reply->kind == Kind::kError) refused = Error{ErrorCode::kInvalid, reply->text, {}, {}};
    answers.push_back(std::move(reply));
  }
  if (refused) return tl::unexpected(*refused);
  return answers;
}

Result<std::uint64_t> StreamReader::remove_consumers(std::chrono::milliseconds idle) {
  const auto answers = ask_each([this](const Stream& stream) {
    return std::vector<std::string_view>{"XINFO", "CONSUMERS", stream.name, group_};
  });
  if (!answers) return tl::unexpected(answers.error());
  std::uint64_t removed = 0;
  for (std::size_t i = 0; i < answers->size(); ++i) {
    if (!(*answers)[i]) continue;
    for (const RedisReply& consumer : (*answers)[i]->items) {
      const std::string name = field_of(consumer, "name").text;
      if (name == consumer_ || field_of(consumer, "pending").integer != 0 ||
          field_of(consumer, "idle").integer < idle.count())
        continue;
      // One that wakes up just now and is given entries before the next line has them taken from it by nobody
      // else, and acknowledges them as ever; only if it then dies as well are they given to nobody again.
      const auto gone = connection_.command({"XGROUP", "DELCONSUMER", streams_[i].name, group_, name});
      if (!gone) return tl::unexpected(gone.error());
      ++removed;
    }
  }
  return removed;
}

std::vector<StreamReader::Stream*> StreamReader::streams_that_owe(bool owed) {
  std::vector<Stream*> chosen;
  for (Stream& stream : streams_) {
    if (stream.owed_left == owed) chosen.push_back(&stream);
  }
  return chosen;
}

Result<std::vector<StreamEntry>> StreamReader::read(std::uint32_t count, std::chrono::milliseconds block) {
  count = std::clamp<std::uint32_t>(count, 1, kReadEntriesMax);
  if (const auto owing = streams_that_owe(true); !owing.empty()) {
    auto owed = read_from(owing, true, count, std::chrono::milliseconds{0});
    if (!owed || !owed->empty()) return owed;
  }
  return read_from(streams_that_owe(false), false, count, block);
}

Result<std::vector<StreamEntry>> StreamReader::read_from(const std::vector<Stream*>& streams, bool owed,
                                                         std::uint32_t count,
                                                         std::chrono::milliseconds block) {
  std::vector<StreamEntry> all;
  if (streams.empty()) {  // none was announced yet, or none answers
    std::this_thread::sleep_for(block);
    return all;
  }
  const std::string count_text = std::to_string(count);
  StreamsRead wanted{{"XREADGROUP", "GROUP", group_, consumer_, "COUNT", count_text}, {}, {}};
  if (!owed) wanted.block = block;
  for (const Stream* stream : streams)
    wanted.from.emplace_back(stream->name, owed ? stream->owed_after : ">");
  const auto answers = connection_.read(wanted);
  if (!answers) return tl::unexpected(answers.error());
  for (std::size_t i = 0; i < streams.size(); ++i) {
    Stream& stream = *streams[i];
    const StreamAnswer& answer = (*answers)[i];
    if (!answer) {  // what it was given with the answer that did not come is owed
      stream.owed_left = true;
      stream.owed_after = "0";
      continue;
    }
    auto entries = entries_of(*answer, stream.name);
    if (!entries) return entries;
    if (owed && entries->empty()) stream.owed_left = false;
    if (owed && !entries->empty()) stream.owed_after = entries->back().id;
    std::move(entries->begin(), entries->end(), std::back_inserter(all));
  }
  return all;
}

Result<std::vector<StreamEntry>> StreamReader::claim(std::uint32_t count, std::chrono::milliseconds idle) {
  if (auto looked = look_for_streams(); !looked) return tl::unexpected(looked.error());
  const std::string count_text = std::to_string(std::clamp<std::uint32_t>(count, 1, kReadEntriesMax));
  const std::string idle_text = std::to_string(idle.count());
  const auto answers = ask_each([&](const Stream& stream) {
    return std::vector<std::string_view>{"XAUTOCLAIM", stream.name,       group_,  consumer_,
                                         idle_text,    stream.claim_from, "COUNT", count_text};
  });
  if (!answers) return tl::unexpected(answers.error());
  std::vector<StreamEntry> all;
  for (std::size_t i = 0; i < answers->size(); ++i) {
    if (!(*answers)[i]) continue;
    const RedisReply& reply = *(*answers)[i];
    Stream& stream = streams_[i];
    if (reply.kind != Kind::kList || reply.items.size() < 2) {
      return tl::unexpected(unexpected_shape("XAUTOCLAIM"));
    }
    stream.claim_from = reply.items[0].text;  // "0-0" when the walk is through: the next call begins again
    auto entries = entries_of(reply.items[1], stream.name);
    if (!entries) return entries;
    std::move(entries->begin(), entries->end(), std::back_inserter(all));
    if (reply.items.size() < 3) continue;  // before Redis 7
    for (const RedisReply& id : reply.items[2].items) all.push_back({stream.name, id.text, {}, true});
  }
  return all;
}

Result<std::uint64_t> StreamReader::acknowledge(const std::vector<StreamEntry>& entries) {
  std::uint64_t commands = 0;
  for (const Stream& stream : streams_) {
    std::vector<std::string_view> command{"XACK", stream.name, group_};
    for (const StreamEntry& entry : entries) {
      if (entry.stream == stream.name) command.push_back(entry.id);
    }
    if (command.size() == 3) continue;
    if (auto queued = connection_.append(command); !queued) return tl::unexpected(queued.error());
    ++commands;
  }
  std::uint64_t acknowledged = 0;
  std::optional<Error> failed;
  for (std::uint64_t i = 0; i < commands; ++i) {  // every reply is taken, or the next command would get it
    const auto reply = connection_.receive();
    if (!reply) {
      if (!usable()) return tl::unexpected(reply.error());
      failed = reply.error();
    } else if (reply->kind == Kind::kError) {
      failed = Error{ErrorCode::kInvalid, reply->text, {}, {}};
    } else {
      acknowledged += static_cast<std::uint64_t>(reply->integer);
    }
  }
  if (failed) return tl::unexpected(*failed);
  return acknowledged;
}

}  // namespace weir::policy
