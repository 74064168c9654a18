// SPDX-License-Identifier: Apache-2.0
#include "policy/export/output.h"

#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "policy/model/wall_clock.h"

namespace weir::output {
namespace {

using Clock = std::chrono::steady_clock;

bool readable(int descriptor, std::chrono::milliseconds wait) {
  pollfd one{descriptor, POLLIN, 0};
  return poll(&one, 1, static_cast<int>(wait.count())) > 0;
}

}  // namespace

Output::Output(const Settings& settings, const OutputSettings& own,
               const std::optional<policy::Pseudonyms>& pseudonyms)
    : own_(own),
      source_(settings, own.name, counters_),
      encoder_(make_encoder(own, pseudonyms)),
      sender_(own_, counters_) {}

void Output::run(int stop_descriptor) {
  spdlog::info("output-ready output={} format={} to={}", own_.name, to_string(own_.format), own_.to);
  Records none;
  sum_up(wall_clock(), none);  // of nothing: from here it counts
  if (!deliver({}, stop_descriptor)) return;
  while (turn(stop_descriptor)) continue;
  Records last;
  encoder_->sum_up(wall_clock(), last);
  if (!last.empty()) static_cast<void>(deliver(last, stop_descriptor));
  sender_.disconnect();
  spdlog::info("output-ended output={} records={}", own_.name, counters_.records.load());
}

bool Output::turn(int stop_descriptor) {
  if (!drain_until_ && readable(stop_descriptor, std::chrono::milliseconds{0}))
    drain_until_ = Clock::now() + kDrainMax;
  if (drain_until_ && Clock::now() >= *drain_until_) return false;
  const auto batch = source_.read(drain_until_ ? std::chrono::milliseconds{1} : kReadWait);
  if (!batch) {
    say(batch.error());
    if (readable(stop_descriptor, wait_)) return false;
    wait_ = std::min(wait_ * 2, kRetryWaitMax);
    return true;
  }
  if (drain_until_ && batch->entries.empty()) return false;
  Records records;
  for (const event::FlowEvent& event : batch->events) encoder_->encode(event, records);
  const TimeNs now = wall_clock();
  if (now - summed_up_ >= kSumUpEvery) sum_up(now, records);
  if (!records.empty() && !deliver(records, stop_descriptor)) return false;
  if (batch->entries.empty()) return true;
  if (auto done = source_.acknowledge(*batch); !done) say(done.error());  // it comes again
  return true;
}

void Output::sum_up(TimeNs now, Records& records) {
  summed_up_ = now;
  encoder_->sum_up(now, records);
}

/// Again and again, until it is delivered (true) or time to stop.
bool Output::deliver(const Records& records, int stop_descriptor) {
  while (true) {
    if (reopen_.exchange(false)) sender_.disconnect();
    const auto done = sender_.deliver(records, wall_clock());
    if (done) {
      if (!std::exchange(said_, {}).empty()) spdlog::info("output-works output={}", own_.name);
      wait_ = kRetryWaitFirst;
      return true;
    }
    say(done.error());
    if (readable(stop_descriptor, wait_)) return false;
    wait_ = std::min(wait_ * 2, kRetryWaitMax);
  }
}

void Output::say(const Error& error) {
  if (std::exchange(said_, error.what) != error.what)
    spdlog::error("output-fails output={} what=\"{}\"", own_.name, to_text(error));
}

}  // namespace weir::output
