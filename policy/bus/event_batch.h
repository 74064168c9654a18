// SPDX-License-Identifier: Apache-2.0
// What an entry of a flow stream holds: many serialised events, compressed together, since those of one
// worker share most of their strings. A payload that is a single FlowEvent as it is (written by an earlier
// Weir) is an entry of one event. Knows bytes only: whether they are a FlowEvent is judged by who decodes
// them. adr/0014 says why it looks as it does.
//
// A batch: 0x00 (no FlowEvent begins with it), 0x01 (the format, with its dictionary), one zstd frame that
// says its size; in it for each event its length as a varint, then its bytes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"

namespace weir::policy {

inline constexpr std::size_t kEventBytesMax = 64U << 10U;  // one serialised event
inline constexpr std::size_t kBatchEventsMax = 256;        // of one entry
inline constexpr std::size_t kBatchBytesMax = 256U
                                              << 10U;  // of one entry before compression, lengths included

/// How many of the first of these go into one batch: at least one, unless there is none. None is longer than
/// kEventBytesMax.
[[nodiscard]] std::size_t fitting(std::span<const std::string_view> events);

/// The payload of an entry with these events, which fit (`fitting`) and are at least one.
[[nodiscard]] std::string encode_batch(std::span<const std::string_view> events);
[[nodiscard]] std::string encode_batch(std::span<const std::string> events);

/// The events of an entry, in the order in which they were said, each 1 to kEventBytesMax bytes, at most
/// kBatchEventsMax. kCorrupt with the reason in words: it is not a batch, or a limit is exceeded, which is
/// seen before anything is decompressed.
[[nodiscard]] Result<std::vector<std::string>> events_of(std::string_view payload);

/// The same without a copy of each: they lie in `bytes`.
struct OpenedBatch {
  std::vector<char> bytes;
  std::vector<std::string_view> events;
};
[[nodiscard]] Result<OpenedBatch> open_batch(std::string_view payload);

}  // namespace weir::policy
