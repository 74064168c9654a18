// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/rule_usage.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/ctl/flow_row.h"
#include "policy/engine/event_codec.h"

namespace weir::ctl {

RuleUsage::RuleUsage(const policy::Policy& policy) {
  const auto said = [](Action then, bool monitor) {
    return fmt::format("{}{}", to_string(then), monitor ? " (monitor)" : "");
  };
  for (const policy::RuleSummary& rule : policy.rules())
    add_rule(rule.name, to_string(rule.section), said(rule.then, rule.monitor));
  const policy::SoftwareSection& software = policy.parts().software;
  // It speaks of lapsed authorisations even where it is not written.
  if (!software.authorised.empty() && !by_rule_.contains(software.unknown.name))
    add_rule(software.unknown.name, to_string(Section::kSoftware),
             said(software.unknown.then, software.unknown.monitor));
}

void RuleUsage::add_rule(std::string rule, std::string section, std::string then) {
  by_rule_.emplace(rule, uses_.size());
  Use& use = uses_.emplace_back();
  use.rule = std::move(rule);
  use.section = std::move(section);
  use.then = std::move(then);
}

void RuleUsage::visit(const event::FlowEvent& event) {
  const auto [place, newest] = flows_.try_emplace(event.flow_id());
  Seen& flow = place->second;
  if (newest) {
    flow.names[kClient] = policy::client_of(event);
    flow.names[kName] = event.host().empty() ? policy::peer_of(event) : event.host();
    flow.names[kApplication] = app_text(event);
    flow.bytes = event.counters().bytes_from_initiator() + event.counters().bytes_from_responder();
  }
  const auto at = static_cast<TimeNs>(event.time_ns());
  if (!event.rule().empty()) note(flow, event.rule(), at);
  for (const event::Hit& hit : event.hits()) note(flow, hit.rule(), at);
  if (event.kind() != event::KIND_OPENED) return;
  take(flow);
  flows_.erase(place);
}

void RuleUsage::note(Seen& flow, const std::string& rule, TimeNs at) {
  if (!by_rule_.contains(rule)) add_rule(rule, {}, {});
  const std::size_t use = by_rule_.at(rule);
  const auto known = std::find_if(flow.rules.begin(), flow.rules.end(),
                                  [&](const Moment& moment) { return moment.use == use; });
  if (known == flow.rules.end()) {
    flow.rules.push_back({use, at, at});
  } else {
    known->first = std::min(known->first, at);
    known->last = std::max(known->last, at);
  }
}

void RuleUsage::take(const Seen& flow) {
  for (const Moment& moment : flow.rules) {
    Use& use = uses_[moment.use];
    use.first = use.all.flows == 0 ? moment.first : std::min(use.first, moment.first);
    use.last = std::max(use.last, moment.last);
    use.all.add(flow.bytes);
    for (std::size_t d = 0; d < use.by.size(); ++d) use.by[d][flow.names[d]].add(flow.bytes);
  }
}

void RuleUsage::finish() {
  for (const auto& [id, flow] : flows_) take(flow);
  flows_.clear();
}

const RuleUsage::Use* RuleUsage::find(const std::string& rule) const {
  const auto known = by_rule_.find(rule);
  return known == by_rule_.end() ? nullptr : &uses_[known->second];
}

Json RuleUsage::row_of(const Use& use) {
  return {{"rule", use.rule},
          {"section", use.section.empty() ? "not in this policy" : use.section},
          {"then", use.then},
          {"flows", use.all.flows},
          {"bytes", use.all.bytes},
          {"clients", use.by[kClient].size()},
          {"first", time_text(use.first)},
          {"last", time_text(use.last)}};
}

Json RuleUsage::rows() const {
  Json rows = Json::array();
  for (const Use& use : uses_) rows.push_back(row_of(use));
  return rows;
}

Json RuleUsage::detail(const std::string& rule, std::size_t most) const {
  const Use* const use = find(rule);
  if (use == nullptr) return nullptr;
  Json row = row_of(*use);
  for (std::size_t d = 0; d < kDimensions.size(); ++d)
    row[fmt::format("by_{}", kDimensions[d])] = most_of(use->by[d], most);
  return row;
}

std::string RuleUsage::detail_text(const std::string& rule, std::size_t most) const {
  const Use* const use = find(rule);
  if (use == nullptr) return {};
  std::string text =
      fmt::format("{}: {}, {}", use->rule, count_text(use->all.flows), bytes_text(use->all.bytes));
  if (use->all.flows == 0) return text + "\n";
  text += fmt::format(", from {} to {}\n", time_text(use->first), time_text(use->last));
  for (std::size_t d = 0; d < kDimensions.size(); ++d)
    text += fmt::format("  by {:<12} {}\n", kDimensions[d], most_text(use->by[d], most));
  return text;
}

std::string RuleUsage::summary() const {
  const auto rules =
      std::count_if(uses_.begin(), uses_.end(), [](const Use& use) { return !use.section.empty(); });
  const auto unused =
      std::count_if(uses_.begin(), uses_.end(), [](const Use& use) { return use.all.flows == 0; });
  return fmt::format("{} of {} rules matched nothing", unused, rules);
}

}  // namespace weir::ctl
