// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/stream_writer.h"

#include <fmt/format.h>

#include <array>

#include "policy/bus/streams.h"

namespace weir::policy {

Result<void> StreamWriter::append(std::string_view stream, std::string_view payload) {
  if (payload.size() > kEntryBytesMax) {
    return failure(ErrorCode::kLimit,
                   fmt::format("an entry of {} bytes is longer than {}", payload.size(), kEntryBytesMax));
  }
  if (pending_ >= kPipelineEntriesMax || pending_bytes_ + payload.size() > kPipelineBytesMax) {
    return failure(ErrorCode::kLimit, fmt::format("{} entries wait to be flushed", pending_), "flush first");
  }
  const std::array<std::string_view, 8> command{"XADD",       stream, "MAXLEN",      "~",
                                                entries_max_, "*",    kPayloadField, payload};
  if (auto queued = connection_.append(command); !queued) return queued;
  ++pending_;
  pending_bytes_ += payload.size();
  return {};
}

FlushReport StreamWriter::flush() {
  FlushReport report;
  const std::uint64_t expected = std::exchange(pending_, 0);
  pending_bytes_ = 0;
  for (std::uint64_t i = 0; i < expected; ++i) {
    const auto reply = connection_.receive();
    if (!reply) {
      if (!report.error) report.error = reply.error();
      if (!connection_.usable()) break;
      continue;  // of a cluster another node may answer; each answer is taken, or the next flush would get it
    }
    if (reply->kind == RedisReply::Kind::kError && !report.error) {
      // One that still reads its file back is one that died: what it had only acknowledged it may not have.
      const bool loading = reply->text.starts_with("LOADING");
      report.error = Error{loading ? ErrorCode::kUnavailable : ErrorCode::kLimit,
                           fmt::format("Redis refused an entry: {}", reply->text),
                           {},
                           {}};
    }
    // Only the unbroken run from the start counts: the caller sends everything after it again, in order.
    if (!report.error) ++report.acknowledged;
  }
  report.not_acknowledged = expected - report.acknowledged;
  return report;
}

}  // namespace weir::policy
