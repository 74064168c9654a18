// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/event_sender.h"

#include <vector>

#include "policy/bus/event_batch.h"

namespace weir::policy {

void EntryCap::appended(std::uint64_t events) {
  const std::uint64_t block = events_max_ / kBlocks;
  if (blocks_.empty() || blocks_.back().events > block) blocks_.emplace_back();
  blocks_.back().events += events;
  ++blocks_.back().entries;
  sum_.events += events;
  ++sum_.entries;
  while (blocks_.size() > 1 && sum_.events - blocks_.front().events >= events_max_) {
    sum_.events -= blocks_.front().events;
    sum_.entries -= blocks_.front().entries;
    blocks_.pop_front();
  }
}

std::uint64_t EntryCap::entries() const { return sum_.events >= events_max_ ? sum_.entries : events_max_; }

SendReport EventSender::send(StreamWriter& writer, std::span<const std::string_view> events) {
  std::vector<std::uint64_t> counts;  // events of each appended entry
  SendReport report;
  while (!events.empty()) {
    const std::size_t count = fitting(events);
    writer.keep(cap_.entries());
    if (auto queued = writer.append(stream_, encode_batch(events.first(count))); !queued) {
      if (counts.empty()) report.error = queued.error();
      break;  // the pipeline is full
    }
    counts.push_back(count);
    events = events.subspan(count);
  }
  const FlushReport flushed = writer.flush();
  for (std::uint64_t i = 0; i < flushed.acknowledged; ++i) {
    cap_.appended(counts[i]);
    report.events += counts[i];
  }
  if (flushed.error) report.error = flushed.error;
  return report;
}

}  // namespace weir::policy
