// SPDX-License-Identifier: Apache-2.0
#include "policy/store/violation_queue.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace weir::policy {
namespace {

/// Which of two sightings says how a violation is now: the later; of the same time always the same one.
bool newer(const ViolationSighting& one, const ViolationSighting& other) {
  const auto rank = [](const ViolationSighting& s) {
    return std::tie(s.at, s.revision, s.action, s.section, s.would_block);
  };
  return rank(one) > rank(other);
}

}  // namespace

std::string SuppressionSet::name_of(const std::string& rule, const std::string& subject,
                                    const std::string& object) {
  return rule + '\n' + subject + '\n' + object;  // storable texts have no line breaks
}

std::int64_t SuppressionSet::taker(const ViolationSighting& sighting) const {
  static const std::string kAny = "*";
  if (by_name.empty()) return 0;
  for (unsigned any = 0; any < 8; ++any) {  // the most exact first
    const auto found = by_name.find(name_of((any & 4U) != 0 ? kAny : sighting.rule,
                                            (any & 2U) != 0 ? kAny : sighting.subject,
                                            (any & 1U) != 0 ? kAny : sighting.object));
    if (found != by_name.end() && sighting.at < found->second.ends) return found->second.id;
  }
  return 0;
}

void ViolationQueue::keep_newest(std::vector<std::pair<TimeNs, std::string>>& flows, std::size_t flows_max) {
  std::sort(flows.begin(), flows.end(), std::greater<>{});
  // A flow that was seen twice stands where it was seen last.
  std::vector<std::pair<TimeNs, std::string>> kept;
  for (auto& flow : flows) {
    const bool known =
        std::any_of(kept.begin(), kept.end(), [&](const auto& other) { return other.second == flow.second; });
    if (!known && kept.size() < flows_max) kept.push_back(std::move(flow));
  }
  flows = std::move(kept);
}

void ViolationQueue::merge(Merged& into, Merged&& more, std::size_t flows_max) {
  std::string& words = into.newest.text;
  std::string& other = more.newest.text;
  if (newer(more.newest, into.newest)) {
    if (other.empty()) other = std::move(words);
    into.newest = std::move(more.newest);
  } else if (words.empty()) {
    words = std::move(other);
  }
  into.count += more.count;
  into.first = std::min(into.first, more.first);
  into.last = std::max(into.last, more.last);
  into.severity = std::max(into.severity, more.severity);
  std::move(more.flows.begin(), more.flows.end(), std::back_inserter(into.flows));
  std::move(more.once.begin(), more.once.end(), std::back_inserter(into.once));
  if (into.once.size() > flows_max)
    into.once.erase(into.once.begin(), into.once.end() - static_cast<std::ptrdiff_t>(flows_max));
  if (into.flows.size() > flows_max) keep_newest(into.flows, flows_max);
}

void ViolationQueue::add(ViolationSighting sighting, std::size_t flows_max) {
  Key key{sighting.rule, sighting.subject, sighting.object};
  const std::int64_t count = sighting.goes_on ? 0 : 1;
  Merged one{std::move(sighting), count, 0, 0, Severity::kInfo, {}, {}};
  one.first = one.last = one.newest.at;
  one.severity = one.newest.severity;
  if (!one.newest.flow_id.empty()) one.flows.emplace_back(one.newest.at, one.newest.flow_id);
  const auto [place, is_new] = merged_.try_emplace(std::move(key));
  if (one.newest.once_a_flow && !one.newest.flow_id.empty()) {
    if (std::ranges::find(place->second.once, one.newest.flow_id) == place->second.once.end()) {
      one.once.push_back(one.newest.flow_id);
    } else {
      one.count = 0;
    }
  }
  if (is_new) {
    place->second = std::move(one);
  } else {
    merge(place->second, std::move(one), flows_max);
  }
}

void ViolationQueue::add_suppressed(std::int64_t suppression, TimeNs at) {
  auto& [count, last] = suppressed_[suppression];
  ++count;
  last = std::max(last, at);
}

}  // namespace weir::policy
