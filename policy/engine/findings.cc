// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/findings.h"

#include <algorithm>
#include <array>

#include "policy/engine/event_codec.h"
#include "policy/engine/kept_event.h"

namespace weir::policy {
namespace {

Severity severity_of(const std::string& word) {
  for (const Severity severity :
       {Severity::kInfo, Severity::kLow, Severity::kMedium, Severity::kHigh, Severity::kCritical}) {
    if (word == to_string(severity)) return severity;
  }
  return Severity::kMedium;
}

/// What a violation is about: what the hit says, else the best name there is of the other end.
std::string object_of(const event::FlowEvent& event, const event::Hit& hit) {
  for (const std::string* name : std::array{&hit.object(), &event.host(), &event.app()}) {
    if (!name->empty()) return *name;
  }
  return peer_of(event);
}

ViolationSighting violation_of(const event::FlowEvent& event, const event::Hit& hit) {
  ViolationSighting sighting;
  sighting.rule = hit.rule();
  sighting.section = hit.section();
  sighting.action = hit.action();
  sighting.would_block = hit.would_block();
  sighting.severity = severity_of(hit.severity());
  sighting.subject = client_of(event);
  sighting.object = object_of(event, hit);
  sighting.flow_id = event.flow_id();
  sighting.revision = event.policy_revision();
  sighting.at = static_cast<TimeNs>(event.time_ns());
  sighting.once_a_flow = true;  // after a classifier's end the next one judges the flow from its beginning
  return sighting;
}

SoftwareSighting software_of(const event::FlowEvent& event, const event::Software& software,
                             const SoftwareJudge& judge) {
  SoftwareSighting sighting;
  sighting.client = client_of(event);
  sighting.product = software.product();
  sighting.version = software.version();
  sighting.evidence = software.evidence();
  sighting.flow_id = event.flow_id();
  sighting.at = static_cast<TimeNs>(event.time_ns());
  sighting.state = judge(software.product(), software.version());
  return sighting;
}

QuotaSighting use_of(const event::FlowEvent& event, const event::QuotaUse& use) {
  QuotaSighting sighting;
  sighting.rule = use.rule();
  sighting.subject = use.subject();
  sighting.used.bytes = std::min<std::uint64_t>(use.bytes(), kQuotaAmountMax);
  sighting.used.flows = std::min<std::uint64_t>(use.flows(), kQuotaAmountMax);
  sighting.used.messages = std::min<std::uint64_t>(use.messages(), kQuotaAmountMax);
  sighting.flow_id = event.flow_id();
  sighting.revision = event.policy_revision();
  sighting.at = static_cast<TimeNs>(event.time_ns());
  return sighting;
}

}  // namespace

Findings evaluate(const event::FlowEvent& event, const SoftwareJudge& judge, std::string_view bytes) {
  Findings findings;
  for (const event::Hit& hit : event.hits()) findings.violations.push_back(violation_of(event, hit));
  for (const event::Software& software : event.software()) {
    if (!software.product().empty()) findings.software.push_back(software_of(event, software, judge));
  }
  for (const event::QuotaUse& use : event.quota_uses()) findings.quota_uses.push_back(use_of(event, use));
  if (event.kind() == event::KIND_FINAL) {
    const FiveTuple tuple = tuple_of(event);
    findings.flow = FlowRecord{event.flow_id(),
                               static_cast<TimeNs>(event.ended_ns()),
                               tuple.initiator.to_string(),
                               tuple.initiator_port,
                               tuple.responder.to_string(),
                               tuple.responder_port,
                               tuple.protocol,
                               bytes.empty() ? keep_event(event.SerializeAsString()) : keep_event(bytes)};
  }
  return findings;
}

}  // namespace weir::policy
