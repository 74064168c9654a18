// SPDX-License-Identifier: Apache-2.0
#include "policy/detect/detection.h"

#include <algorithm>

namespace weir::policy {
namespace {

constexpr const char* kSection = "detect";

/// With what was found of it in the store, every window that holds the slot: one, or the two that overlap.
std::vector<TimeNs> windows_of(const Counted& counted) {
  if (!counted.form.overlap) return {counted.slot};
  return {counted.slot - counted.form.width / 2, counted.slot};
}

}  // namespace

void Detection::look() {
  auto present = in_force_();
  if (present == policy_) return;
  policy_ = std::move(present);
  detectors_.clear();
  if (!policy_ || !policy_->parts().detect) return;
  if (!context_) context_ = std::make_unique<DetectContext>();
  context_->policy = policy_;
  for (const DetectorSettings& settings : policy_->parts().detect->detectors)
    if (settings.on) detectors_.push_back(make_detector(settings, *context_));
}

void Detection::see(const event::FlowEvent& event, const std::vector<SoftwareSighting>& software,
                    TimeNs now) {
  if (detectors_.empty()) return;
  if (static_cast<TimeNs>(event.time_ns()) > now + kDetectAheadMax) {
    ++ignored_;
    return;
  }
  const Sight sight = sight_of(event, software, context_->suffixes);
  for (const DetectorPtr& detector : detectors_)
    if (detector->looks_at(sight)) detector->see(sight, round_);
}

void Detection::forget_round() {
  round_.forget();
  ignored_ = 0;
}

Result<std::vector<ViolationSighting>> Detection::conclude(Batch& batch) {
  std::vector<ViolationSighting> violations;
  const std::pair<const char*, std::uint64_t> counts[] = {{"detect_ahead", ignored_},
                                                          {"detect_left_out", round_.left_out()}};
  for (const auto& [name, count] : counts) {
    if (count == 0) continue;
    if (auto kept = batch.count(name, static_cast<std::int64_t>(count)); !kept)
      return tl::unexpected(kept.error());
  }
  ignored_ = 0;
  if (round_.empty()) {
    round_.clear();
    return violations;
  }
  std::int64_t gone = 0;
  {
    DetectStore store{batch};
    if (auto known = know(store, violations); !known) return tl::unexpected(known.error());
    for (const Counted& counted : round_.counted()) {
      if (auto judged = judge(counted, store, violations); !judged) return tl::unexpected(judged.error());
    }
    const auto trimmed = store.trim();
    if (!trimmed) return tl::unexpected(trimmed.error());
    gone = trimmed->rows;
    for (const std::string& detector : trimmed->crowded) narrow(detector);
  }
  if (gone > 0) {
    if (auto kept = batch.count("detect_evicted", gone); !kept) return tl::unexpected(kept.error());
  }
  round_.clear();
  return violations;
}

Result<void> Detection::know(DetectStore& store, std::vector<ViolationSighting>& into) {
  const std::vector<Noted>& noted = round_.noted();
  for (std::size_t i = 0; i < noted.size(); ++i) {
    const Detector* const detector = find(noted[i].kind);
    if (detector == nullptr) continue;
    const auto alarms = detector->know(noted[i], store, round_);
    if (!alarms) return tl::unexpected(alarms.error());
    for (const Alarm& alarm : *alarms) {
      into.push_back(sighting_of(*detector, alarm));
      into.back().at = noted[i].at;
    }
  }
  return {};
}

// Of a window that goes on being a violation only its words change, and the flows that it gained. Evidence
// has the time at which its window began to count, so that which of it is kept does not depend on the rounds.
Result<void> Detection::judge(const Counted& counted, DetectStore& store,
                              std::vector<ViolationSighting>& into) const {
  const Detector* const detector = find(counted.kind);
  if (detector == nullptr) return {};
  const DetectKey key{std::string(to_string(counted.kind)), counted.subject, counted.object};
  bool goes_on = false;  // the window that overlaps with the beginning of this one was a violation
  for (const TimeNs begins : windows_of(counted)) {
    const auto window = store.add(key, begins, counted.form.width, counted.sums);
    if (!window) return tl::unexpected(window.error());
    const auto alarm = detector->judge({counted, *window}, store);
    if (!alarm) return tl::unexpected(alarm.error());
    if (!*alarm) continue;
    ViolationSighting sighting = sighting_of(*detector, **alarm);
    sighting.goes_on = goes_on || window->said;
    sighting.at = window->sums.first;
    if (!window->said) {
      if (auto marked = store.set_said(*window); !marked) return tl::unexpected(marked.error());
    }
    const std::vector<std::string_view> kept = different_items(window->sums.flows);
    for (const std::string_view flow :
         window->said ? different_items(counted.sums.flows) : std::vector<std::string_view>(kept)) {
      if (!std::binary_search(kept.begin(), kept.end(), flow)) continue;
      sighting.flow_id = std::string(flow);
      into.push_back(sighting);
      sighting.goes_on = true;
    }
    sighting.flow_id.clear();
    sighting.at = counted.at;
    into.push_back(std::move(sighting));
    goes_on = true;
  }
  return {};
}

ViolationSighting Detection::sighting_of(const Detector& detector, const Alarm& alarm) const {
  ViolationSighting sighting;
  sighting.rule = std::string(to_string(detector.settings().kind));
  sighting.section = kSection;
  sighting.action = to_string(Action::kReport);
  sighting.severity = detector.settings().severity;
  sighting.subject = alarm.subject;
  sighting.object = alarm.object;
  sighting.text = alarm.text;
  sighting.flow_id = alarm.flow;
  sighting.revision = policy_->revision();
  return sighting;
}

void Detection::narrow(const std::string& detector) {
  for (const DetectorPtr& one : detectors_) {
    const DetectorSettings& settings = one->settings();
    if (to_string(settings.kind) == detector) round_.halve(settings.kind, settings.within);
  }
}

const Detector* Detection::find(DetectorKind kind) const {
  const auto at = std::find_if(detectors_.begin(), detectors_.end(),
                               [&](const DetectorPtr& one) { return one->settings().kind == kind; });
  return at == detectors_.end() ? nullptr : at->get();
}

}  // namespace weir::policy
