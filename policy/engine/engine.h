// SPDX-License-Identifier: Apache-2.0
// From events to what an officer reads, and to what classifiers are told of quotas. One Engine is one
// consumer of the group with one store connection; it has one owner. After an Error throw it away and make a
// new one: what was read and not acknowledged is then given again.
#pragma once

#include <chrono>
#include <cstdint>

#include "policy/bus/stream_reader.h"
#include "policy/bus/stream_writer.h"
#include "policy/engine/findings.h"
#include "policy/engine/quota_ledger.h"
#include "policy/engine/retention.h"
#include "policy/store/store.h"

namespace weir::policy {

inline constexpr std::uint32_t kRoundEntriesMax = 500;          // of one stream, in one transaction
inline constexpr std::chrono::milliseconds kClaimIdle{30'000};  // silent this long: another engine takes over
inline constexpr std::uint32_t kDeadLettersMax = 10'000;      // the dead-letter stream keeps about this many
inline constexpr std::int64_t kHeartbeatEvery = 5 * kSecond;  // and how often dead consumers are looked for

/// What one round did.
struct Round {
  std::uint64_t applied = 0;
  std::uint64_t duplicates = 0;  // seen before: acknowledged without effect
  std::uint64_t dead = 0;        // undecodable: moved to weir:dead
  std::uint64_t gone = 0;        // trimmed from the stream before they were read
  std::uint64_t violations = 0;  // sightings of hits, not rows
  std::uint64_t quota_uses_ignored = 0;
  std::optional<Error> facts_refused;  // why Redis did not take what is to be told: it stays owed

  [[nodiscard]] std::uint64_t entries() const { return applied + duplicates + dead + gone; }
};

class Engine {
 public:
  Engine(StreamReader reader, StreamWriter dead_letters, Store store, SoftwareJudge judge, QuotaLedger quotas,
         const RetentionSettings& keep = {0, 0, 0, 0, 0})
      : reader_(std::move(reader)),
        dead_letters_(std::move(dead_letters)),
        store_(std::move(store)),
        judge_(std::move(judge)),
        quotas_(std::move(quotas)),
        retention_(keep) {}

  /// One transaction's worth of events, from the stream to the store and back to the acknowledgement. Waits
  /// up to `block` for events. `now` is the time of the round, for the heartbeat.
  [[nodiscard]] Result<Round> run_once(std::chrono::milliseconds block, TimeNs now);

 private:
  [[nodiscard]] Result<std::vector<StreamEntry>> next_entries(std::chrono::milliseconds block, TimeNs now);
  [[nodiscard]] Result<Round> idle(TimeNs now);
  [[nodiscard]] Result<void> bury(const StreamEntry& entry, const Error& why);
  [[nodiscard]] Result<void> record(Batch& batch, const Findings& findings, TimeNs now, Round& round);
  [[nodiscard]] Result<void> commit(Batch& batch, const Round& round, TimeNs now);
  [[nodiscard]] Result<void> tell(TimeNs now, Round& round);
  [[nodiscard]] Result<void> beat(TimeNs now);

  StreamReader reader_;
  StreamWriter dead_letters_;
  Store store_;
  SoftwareJudge judge_;
  QuotaLedger quotas_;
  Retention retention_;
  TimeNs last_beat_ = 0;
  TimeNs last_claim_ = 0;
};

}  // namespace weir::policy
