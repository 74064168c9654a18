// SPDX-License-Identifier: Apache-2.0
// The detectors of the policy in force, at work on the events of an engine: `see` for every event, `conclude`
// once a round, within the transaction of the events. One owner, that of the engine; after an Error throw it
// away with the engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "policy/detect/detector.h"
#include "policy/detect/round.h"
#include "policy/model/error.h"

namespace weir::policy {

inline constexpr TimeNs kDetectAheadMax = 60 * kSecond;  // an event later than now is not believed

/// The policy in force, another pointer for another policy; nullptr: there is none.
using PolicyInForce = std::function<std::shared_ptr<const Policy>()>;

class Detection {
 public:
  explicit Detection(PolicyInForce in_force) : in_force_(std::move(in_force)) {}
  Detection(Detection&&) noexcept = default;
  Detection& operator=(Detection&&) noexcept = default;

  /// Takes up the policy in force. Between rounds.
  void look();
  /// `event` has passed decode_event and was applied for the first time; `software` is what it shows.
  void see(const event::FlowEvent& event, const std::vector<SoftwareSighting>& software, TimeNs now);
  /// Begins the round again: what was seen in it is to be seen anew.
  void forget_round();
  /// What the round is worth, merged with what the store remembers; the caller records it in the same batch.
  /// Begins a new round.
  [[nodiscard]] Result<std::vector<ViolationSighting>> conclude(Batch& batch);

 private:
  [[nodiscard]] ViolationSighting sighting_of(const Detector& detector, const Alarm& alarm) const;
  [[nodiscard]] Result<void> know(DetectStore& store, std::vector<ViolationSighting>& into);
  [[nodiscard]] Result<void> judge(const Counted& counted, DetectStore& store,
                                   std::vector<ViolationSighting>& into) const;
  void narrow(const std::string& detector);
  [[nodiscard]] const Detector* find(DetectorKind kind) const;

  PolicyInForce in_force_;
  std::shared_ptr<const Policy> policy_;
  std::unique_ptr<DetectContext> context_;  // stays where it is: detectors point to it
  std::vector<DetectorPtr> detectors_;      // those that are on
  DetectRound round_;
  std::uint64_t ignored_ = 0;  // events of this round whose time is ahead
};

}  // namespace weir::policy
