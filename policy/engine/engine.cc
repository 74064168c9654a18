// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/bus/event_batch.h"
#include "policy/bus/streams.h"

namespace weir::policy {
namespace {

EventKey key_of(const event::FlowEvent& event) {
  return {event.id().appliance(), event.id().boot(), event.id().worker(), event.id().sequence()};
}

}  // namespace

Round& Round::operator+=(const Round& more) {
  applied += more.applied;
  duplicates += more.duplicates;
  dead += more.dead;
  gone += more.gone;
  violations += more.violations;
  quota_uses_ignored += more.quota_uses_ignored;
  return *this;
}

Result<Round> Engine::run_once(std::chrono::milliseconds block, TimeNs now) {
  if (auto looked = quotas_.look(store_, now); !looked) return tl::unexpected(looked.error());
  take_up_policy();
  if (auto kept = retention_.look(store_, now); !kept) return tl::unexpected(kept.error());
  const auto entries = next_entries(block, now);  // read
  if (!entries) return tl::unexpected(entries.error());
  if (entries->empty()) return idle(now);

  Round round;
  for (std::span<const StreamEntry> rest{*entries}; !rest.empty();) {
    const auto done = apply(rest, now, round);
    if (!done) return tl::unexpected(done.error());
    if (auto told = tell(now, round); !told) return tl::unexpected(told.error());  // tell
    rest = rest.subspan(*done);
  }
  if (auto done = reader_.acknowledge(*entries); !done) return tl::unexpected(done.error());  // acknowledge
  return round;
}

Result<std::size_t> Engine::apply(std::span<const StreamEntry> entries, TimeNs now, Round& sum) {
  Round round;
  // Before the transaction, which keeps other engines out.
  const auto taken = gather(entries, now, &round, {});
  if (!taken) return taken;
  auto batch = store_.begin();
  if (!batch) return tl::unexpected(batch.error());
  const auto before = applied_before(*batch, now);
  if (!before) return tl::unexpected(before.error());
  round.duplicates = static_cast<std::uint64_t>(std::ranges::count(*before, true));
  round.applied = before->size() - round.duplicates;
  if (round.duplicates > 0) {
    detection_.forget_round();
    if (auto again = gather(entries.first(*taken), now, nullptr, *before); !again) return again;
  }
  if (auto kept = record(*batch, now, round); !kept) return tl::unexpected(kept.error());
  if (auto added = add_flow_sums(*batch, effects_.sums, now); !added) return tl::unexpected(added.error());
  if (auto detected = detect(*batch, round); !detected) return tl::unexpected(detected.error());
  if (auto committed = commit(*batch, round, now); !committed) return tl::unexpected(committed.error());
  sum += round;
  return taken;
}

Result<std::size_t> Engine::gather(std::span<const StreamEntry> entries, TimeNs now, Round* round,
                                   const std::vector<bool>& left_out) {
  effects_ = {};
  std::size_t taken = 0;
  std::size_t bytes_taken = 0;
  const auto dead = [&](const StreamEntry& entry, const Error& why, std::string_view bytes) -> Result<void> {
    if (round == nullptr) return {};
    ++round->dead;
    return bury(entry, why, bytes);
  };
  for (const StreamEntry& entry : entries) {
    if (effects_.keys.size() + kBatchEventsMax > kRoundEventsMax || bytes_taken >= kRoundBytesMax) break;
    ++taken;
    if (entry.gone) {
      if (round != nullptr) ++round->gone;
      continue;
    }
    const auto opened = open_batch(entry.payload);
    if (!opened) {
      if (auto done = dead(entry, opened.error(), entry.payload); !done) return tl::unexpected(done.error());
      continue;
    }
    bytes_taken += opened->bytes.size();
    for (const std::string_view bytes : opened->events) {
      if (const auto kept = take(bytes, now, left_out); !kept) {
        if (auto done = dead(entry, kept.error(), bytes); !done) return tl::unexpected(done.error());
      }
    }
  }
  return taken;
}

Result<void> Engine::take(std::string_view bytes, TimeNs now, const std::vector<bool>& left_out) {
  const auto read = event_.read(bytes);  // decode
  if (!read) return tl::unexpected(read.error());
  const event::FlowEvent& event = **read;
  const std::size_t number = effects_.keys.size();
  effects_.keys.push_back(key_of(event));
  if (number < left_out.size() && left_out[number]) return {};
  Findings findings = evaluate(event, judge_, bytes);  // evaluate
  add_up(event);
  detection_.see(event, findings.software, now);
  effects_.add(std::move(findings));
  return {};
}

Result<std::vector<bool>> Engine::applied_before(Batch& batch, TimeNs now) const {
  std::vector<bool> before;
  before.reserve(effects_.keys.size());
  for (const EventKey& key : effects_.keys) {
    const auto first_time = batch.first_time(key, now);
    if (!first_time) return tl::unexpected(first_time.error());
    before.push_back(!*first_time);
  }
  return before;
}

Result<std::vector<StreamEntry>> Engine::next_entries(std::chrono::milliseconds block, TimeNs now) {
  bool again = true;
  Result<std::vector<StreamEntry>> entries;
  if (!tries_.waiting() && now - last_claim_ >= kHeartbeatEvery) {
    last_claim_ = now;
    entries = reader_.claim(kRoundEntriesMax, kClaimIdle);
  }
  if (!tries_.waiting() && entries && entries->empty()) {
    again = reader_.owes();
    entries = reader_.read(kRoundEntriesMax, block);
  }
  if (!entries || !again) return entries;
  if (auto added = tries_.add(std::move(*entries)); !added) return tl::unexpected(added.error());
  return next_again();
}

/// Of entries that were given before; one that no engine gets done is buried.
Result<std::vector<StreamEntry>> Engine::next_again() {
  while (true) {
    auto next = tries_.next(store_);
    if (!next) return tl::unexpected(next.error());
    if (!next->given_up) return std::move(next->entries);
    const Error why{ErrorCode::kLimit, fmt::format("no engine got it done in {} tries", kTriesMax), {}, {}};
    if (auto buried = bury(next->entries.front(), why, next->entries.front().payload); !buried)
      return tl::unexpected(buried.error());
    auto batch = store_.begin();
    if (!batch) return tl::unexpected(batch.error());
    if (auto counted = batch->count("events_dead", 1); !counted) return tl::unexpected(counted.error());
    if (auto committed = batch->commit(); !committed) return tl::unexpected(committed.error());
    if (auto done = reader_.acknowledge(next->entries); !done) return tl::unexpected(done.error());
  }
}

Result<Round> Engine::idle(TimeNs now) {
  Round round;
  if (auto told = tell(now, round); !told) return tl::unexpected(told.error());
  if (auto beaten = beat(now); !beaten) return tl::unexpected(beaten.error());
  return round;
}

// At least once: after a crash before the commit the same entry is buried again.
Result<void> Engine::bury(const StreamEntry& entry, const Error& why, std::string_view bytes) {
  const std::string letter = entry.stream + " " + entry.id + " " + why.what + "\n" + std::string{bytes};
  const std::string_view cut = std::string_view{letter}.substr(0, kEntryBytesMax);
  if (auto queued = dead_letters_.append(kDeadStream, cut); !queued) return queued;
  if (auto report = dead_letters_.flush(); report.error) return tl::unexpected(*report.error);
  return {};
}

Result<void> Engine::record(Batch& batch, TimeNs now, Round& round) {
  for (const ViolationSighting& violation : effects_.violations) {
    if (auto kept = batch.record(violation); !kept) return kept;
    ++round.violations;
  }
  for (const QuotaSighting& use : effects_.quota_uses) {
    const auto counted = quotas_.add(batch, use, now);
    if (!counted) return tl::unexpected(counted.error());
    if (!*counted) ++round.quota_uses_ignored;
  }
  if (auto kept = batch.record(std::move(effects_.software)); !kept) return kept;
  return batch.record(std::move(effects_.flows));
}

void Engine::add_up(const event::FlowEvent& event) {
  if (event.kind() != event::KIND_FINAL) return;
  const std::vector<std::string> categories =
      categories_ && !event.host().empty() ? categories_(event.host()) : std::vector<std::string>{};
  effects_.sums.add(flow_sample_of(event, categories));
}

Result<void> Engine::detect(Batch& batch, Round& round) {
  const auto violations = detection_.conclude(batch);
  if (!violations) return tl::unexpected(violations.error());
  for (const ViolationSighting& violation : *violations) {
    if (auto kept = batch.record(violation); !kept) return kept;
    ++round.violations;
  }
  return {};
}

Result<void> Engine::commit(Batch& batch, const Round& round, TimeNs now) {
  const std::pair<const char*, std::uint64_t> counts[] = {{"events_applied", round.applied},
                                                          {"events_duplicate", round.duplicates},
                                                          {"events_dead", round.dead},
                                                          {"events_gone", round.gone},
                                                          {"quota_uses_ignored", round.quota_uses_ignored}};
  for (const auto& [name, count] : counts) {
    if (count == 0) continue;
    if (auto counted = batch.count(name, static_cast<std::int64_t>(count)); !counted) return counted;
  }
  if (auto done = tries_.done(batch); !done) return done;
  if (auto set = batch.set("last_commit_ns", now); !set) return set;
  if (auto set = batch.set("heartbeat_ns", now); !set) return set;
  last_beat_ = now;
  return batch.commit();
}

Result<void> Engine::tell(TimeNs now, Round& round) {
  auto told = quotas_.tell(store_, now);
  if (!told) return tl::unexpected(told.error());
  round.facts_refused = std::move(*told);
  return {};
}

Result<void> Engine::beat(TimeNs now) {
  if (now - last_beat_ < kHeartbeatEvery) return {};
  last_beat_ = now;
  auto batch = store_.begin();
  if (!batch) return tl::unexpected(batch.error());
  if (auto set = batch->set("heartbeat_ns", now); !set) return set;
  return batch->commit();
}

}  // namespace weir::policy
