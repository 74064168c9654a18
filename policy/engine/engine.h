// SPDX-License-Identifier: Apache-2.0
// From events to what an officer reads, and to what classifiers are told of quotas. One Engine is one
// consumer of the group with one store connection; it has one owner. After an Error throw it away and make a
// new one: what was read and not acknowledged is then given again.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/bus/stream_reader.h"
#include "policy/bus/stream_writer.h"
#include "policy/detect/detection.h"
#include "policy/engine/event_codec.h"
#include "policy/engine/findings.h"
#include "policy/engine/flow_sample.h"
#include "policy/engine/quota_ledger.h"
#include "policy/engine/retention.h"
#include "policy/engine/round_effects.h"
#include "policy/engine/tries.h"
#include "policy/store/store.h"

namespace weir::policy {

inline constexpr std::uint32_t kRoundEntriesMax = 128;          // of one stream, read at once
inline constexpr std::size_t kRoundEventsMax = 32'768;          // in one transaction
inline constexpr std::size_t kRoundBytesMax = 32U << 20U;       // of events in one transaction, about
inline constexpr std::chrono::milliseconds kClaimIdle{30'000};  // silent this long: another engine takes over
inline constexpr std::uint32_t kDeadLettersMax = 10'000;      // the dead-letter stream keeps about this many
inline constexpr std::int64_t kHeartbeatEvery = 5 * kSecond;  // and how often dead consumers are looked for

/// What one round did, in events; of entries that are gone or cannot be opened in entries.
struct Round {
  std::uint64_t applied = 0;
  std::uint64_t duplicates = 0;  // seen before: acknowledged without effect
  std::uint64_t dead = 0;        // undecodable, or given up: moved to weir:dead
  std::uint64_t gone = 0;        // trimmed from the stream before they were read
  std::uint64_t violations = 0;  // sightings of hits and by detectors, not rows
  std::uint64_t quota_uses_ignored = 0;
  std::optional<Error> facts_refused;  // why Redis did not take what is to be told: it stays owed

  [[nodiscard]] std::uint64_t entries() const { return applied + duplicates + dead + gone; }
  Round& operator+=(const Round& more);  // the counts
};

class Engine {
 public:
  Engine(StreamReader reader, StreamWriter dead_letters, Store store, SoftwareJudge judge, QuotaLedger quotas,
         Tries tries, CategoryJudge categories = {}, Detection detection = Detection{[] { return nullptr; }},
         const RetentionSettings& keep = {0, 0, 0, 0, 0})
      : reader_(std::move(reader)),
        dead_letters_(std::move(dead_letters)),
        store_(std::move(store)),
        judge_(std::move(judge)),
        quotas_(std::move(quotas)),
        tries_(std::move(tries)),
        categories_(std::move(categories)),
        detection_(std::move(detection)),
        retention_(keep) {}

  /// What is read at once, from the stream to the store and back to the acknowledgement. Waits
  /// up to `block` for events. `now` is the time of the round, for the heartbeat.
  [[nodiscard]] Result<Round> run_once(std::chrono::milliseconds block, TimeNs now);
  [[nodiscard]] const StreamReader& reader() const { return reader_; }
  /// The detectors of the policy in force; a round begins with it.
  void take_up_policy() { detection_.look(); }

  /// The part of a round between reading and acknowledging: one transaction with the effects of the first of
  /// these entries, of kRoundEventsMax events at most. Gives how many entries, and adds to `sum` once it is
  /// true.
  [[nodiscard]] Result<std::size_t> apply(std::span<const StreamEntry> entries, TimeNs now, Round& sum);

 private:
  [[nodiscard]] Result<std::vector<StreamEntry>> next_entries(std::chrono::milliseconds block, TimeNs now);
  [[nodiscard]] Result<std::vector<StreamEntry>> next_again();
  [[nodiscard]] Result<Round> idle(TimeNs now);
  /// What the first of these entries mean, into effects_ and detection_; gives how many. Counts what is dead
  /// or gone and buries it, where there is a round.
  [[nodiscard]] Result<std::size_t> gather(std::span<const StreamEntry> entries, TimeNs now, Round* round,
                                           const std::vector<bool>& left_out);
  /// Gathers one event, unless it is left out.
  [[nodiscard]] Result<void> take(std::string_view bytes, TimeNs now, const std::vector<bool>& left_out);
  /// Which of the events gathered had been applied before; from now on all of them were.
  [[nodiscard]] Result<std::vector<bool>> applied_before(Batch& batch, TimeNs now) const;
  /// To the dead letters: `bytes` of the entry, which are an event or the whole of it.
  [[nodiscard]] Result<void> bury(const StreamEntry& entry, const Error& why, std::string_view bytes);
  [[nodiscard]] Result<void> record(Batch& batch, TimeNs now, Round& round);
  [[nodiscard]] Result<void> detect(Batch& batch, Round& round);
  /// Into what flows add up to, where the event is the last of its flow.
  void add_up(const event::FlowEvent& event);
  [[nodiscard]] Result<void> commit(Batch& batch, const Round& round, TimeNs now);
  [[nodiscard]] Result<void> tell(TimeNs now, Round& round);
  [[nodiscard]] Result<void> beat(TimeNs now);

  StreamReader reader_;
  StreamWriter dead_letters_;
  Store store_;
  SoftwareJudge judge_;
  QuotaLedger quotas_;
  Tries tries_;
  CategoryJudge categories_;  // empty: there are none
  EventReader event_;
  RoundEffects effects_;
  Detection detection_;
  Retention retention_;
  TimeNs last_beat_ = 0;
  TimeNs last_claim_ = 0;
};

}  // namespace weir::policy
