// SPDX-License-Identifier: Apache-2.0
// Recorded flows, the newest first, page by page over all flow streams: where a page begins, and how what the
// streams gave becomes one.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/model/flow_event.pb.h"

namespace weir::console {

/// Of an event among those of all streams. Smaller is newer.
struct FlowPlace {
  std::uint64_t ms = 0;      // of the stream's entry: when it was appended, Unix time
  std::uint64_t number = 0;  // within the millisecond
  std::uint32_t stream = 0;  // index
  std::uint32_t nth = 0;     // event of the entry, from its last one on

  [[nodiscard]] std::strong_ordering operator<=>(const FlowPlace& other) const;
  bool operator==(const FlowPlace&) const = default;
  /// The entry's id as Redis writes it.
  [[nodiscard]] std::string entry() const;
  /// As a cursor: "1795348800000-0.2.5".
  [[nodiscard]] std::string text() const;
  /// nullopt: no such cursor.
  [[nodiscard]] static std::optional<FlowPlace> parse(std::string_view text);
  /// Of the first event of an entry; nullopt: no such id.
  [[nodiscard]] static std::optional<FlowPlace> of_entry(std::string_view id, std::uint32_t stream);
};

struct FlowFound {
  FlowPlace place;
  event::FlowEvent event;
};

/// What one stream gave.
struct FlowStretch {
  std::vector<FlowFound> found{};
  std::optional<FlowPlace> unread{};  // the first that was not looked at; nullopt: there is none any more
};

struct FlowSearchPage {
  std::vector<event::FlowEvent> events;
  std::optional<FlowPlace> next;  // where the next page begins; nullopt: this was the last
};
/// At most `count` events: those that come before everything that no stream was read to.
[[nodiscard]] FlowSearchPage page_of(std::vector<FlowStretch> stretches, std::size_t count);

}  // namespace weir::console
