// SPDX-License-Identifier: Apache-2.0
// Events to one flow stream, many an entry. Keeps no event: the caller gives again what is not reported as
// sent. One owner; lives longer than connections do, since it knows how many entries hold as many events as
// the stream shall keep.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/bus/stream_writer.h"

namespace weir::policy {

/// How many of a stream's newest entries hold about so many events, by what was appended to it.
class EntryCap {
 public:
  explicit EntryCap(std::uint32_t events_max) : events_max_(events_max) {}

  void appended(std::uint64_t events);
  /// Until so many events were appended: as many entries as events, since nothing is known of what was there.
  [[nodiscard]] std::uint64_t entries() const;

 private:
  struct Block {
    std::uint64_t events = 0;
    std::uint64_t entries = 0;
  };
  static constexpr std::uint64_t kBlocks = 64;

  std::uint64_t events_max_;
  std::deque<Block> blocks_;  // the newest last; each but that one has events_max_ / kBlocks events or more
  Block sum_;
};

struct SendReport {
  std::uint64_t events = 0;    // the first ones: they are safe in Redis
  std::optional<Error> error;  // kUnavailable: connect again; else Redis refused
};

class EventSender {
 public:
  /// The stream is trimmed to about `events_max` events.
  EventSender(std::string stream, std::uint32_t events_max) : stream_(std::move(stream)), cap_(events_max) {}

  /// The oldest first; sends as many as one pipeline takes, and waits for the answers.
  [[nodiscard]] SendReport send(StreamWriter& writer, std::span<const std::string_view> events);

 private:
  std::string stream_;
  EntryCap cap_;
};

}  // namespace weir::policy
