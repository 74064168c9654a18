// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/what_if.h"

#include <fmt/format.h>

namespace weir::ctl {

const char* to_string(Change change) {
  switch (change) {
    case Change::kNone:
      return "unchanged";
    case Change::kBlocked:
      return "newly blocked";
    case Change::kNoLongerBlocked:
      return "no longer blocked";
    case Change::kMadeSafe:
      return "newly under safe search";
    case Change::kNoLongerMadeSafe:
      return "no longer under safe search";
    case Change::kLimited:
      return "newly limited";
    case Change::kNoLongerLimited:
      return "no longer limited";
    case Change::kReported:
      return "newly reported";
    case Change::kNoLongerReported:
      return "no longer reported";
    case Change::kOtherRule:
      return "by another rule";
  }
  return "";
}

Change change_of(const Said& running, const Said& candidate) {
  const auto refused = [](const Said& said) {
    return blocks(said.action) && said.action != Action::kSafeSearch;
  };
  if (running.action == candidate.action || (refused(running) && refused(candidate))) {
    const bool other = running.action != Action::kAllow && running.rule != candidate.rule;
    return other ? Change::kOtherRule : Change::kNone;
  }
  if (refused(candidate)) return Change::kBlocked;
  if (refused(running)) return Change::kNoLongerBlocked;
  if (candidate.action == Action::kSafeSearch) return Change::kMadeSafe;
  if (running.action == Action::kSafeSearch) return Change::kNoLongerMadeSafe;
  if (candidate.action == Action::kLimit) return Change::kLimited;
  if (running.action == Action::kLimit) return Change::kNoLongerLimited;
  return candidate.action == Action::kReport ? Change::kReported : Change::kNoLongerReported;
}

void WhatIf::count(const JudgedFlow& flow) {
  ++flows_;
  const Change change = change_of(flow.running, flow.candidate);
  Changed& changed = changes_[static_cast<std::size_t>(change)];
  changed.all.add(flow.bytes);
  if (change == Change::kNone) return;
  const bool gone = change == Change::kNoLongerBlocked || change == Change::kNoLongerMadeSafe ||
                    change == Change::kNoLongerLimited || change == Change::kNoLongerReported;
  changed.by[kRule][gone ? flow.running.rule : flow.candidate.rule].add(flow.bytes);
  changed.by[kClient][flow.client].add(flow.bytes);
  changed.by[kName][flow.name].add(flow.bytes);
  changed.by[kApplication][flow.app].add(flow.bytes);
}

std::uint64_t WhatIf::changed() const { return flows_ - changes_[0].all.flows; }

Json WhatIf::json(std::size_t most) const {
  Json changes = Json::array();
  for (std::size_t i = 1; i < kChanges; ++i) {
    const Changed& changed = changes_[i];
    if (changed.all.flows == 0) continue;
    Json row{{"change", to_string(static_cast<Change>(i))},
             {"flows", changed.all.flows},
             {"bytes", changed.all.bytes}};
    for (std::size_t d = 0; d < kDimensions.size(); ++d)
      row[fmt::format("by_{}", kDimensions[d])] = most_of(changed.by[d], most);
    changes.push_back(std::move(row));
  }
  return {{"flows", flows_}, {"changed", changed()}, {"changes", changes}};
}

std::string WhatIf::text(std::size_t most) const {
  std::string text = fmt::format("{}, {} of them judged otherwise\n", count_text(flows_), changed());
  for (std::size_t i = 1; i < kChanges; ++i) {
    const Changed& changed = changes_[i];
    if (changed.all.flows == 0) continue;
    text += fmt::format("\n{}: {}, {}\n", to_string(static_cast<Change>(i)), count_text(changed.all.flows),
                        bytes_text(changed.all.bytes));
    for (std::size_t d = 0; d < kDimensions.size(); ++d)
      text += fmt::format("  by {:<12} {}\n", kDimensions[d], most_text(changed.by[d], most));
  }
  return text;
}

}  // namespace weir::ctl
