// SPDX-License-Identifier: Apache-2.0
// Detectors at work: events go in round by round, as the engine gives them, and violations come out of the
// store. Times are seconds since kStart, a Monday, 00:00 UTC.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "policy/detect/detection.h"
#include "policy/lang/compile.h"
#include "policy/store/store.h"
#include "tests/support/stored_violations.h"
#include "tests/support/temporary_directory.h"

namespace weir::test {

inline constexpr TimeNs kStart = 1'767'571'200 * kSecond;  // 2026-01-05
inline constexpr std::int64_t kMinuteS = 60;
inline constexpr std::int64_t kHourS = 3'600;
inline constexpr std::int64_t kDayS = 86'400;

/// A final event of a TCP flow of 10.0.0.2 to the outside that ended at that second.
inline event::FlowEvent event_at(std::int64_t second, const std::string& client = "10.0.0.2") {
  static std::uint64_t sequence = 0;
  event::FlowEvent event;
  event.mutable_id()->set_appliance("weir");
  event.mutable_id()->set_sequence(++sequence);
  event.set_kind(event::KIND_FINAL);
  event.set_time_ns(static_cast<std::uint64_t>(kStart + second * kSecond));
  event.set_started_ns(event.time_ns());
  event.set_ended_ns(event.time_ns());
  event.set_flow_id("flow-" + std::to_string(sequence));
  event.set_initiator(client);
  event.set_responder("93.184.216.34");
  event.set_responder_port(443);
  event.set_protocol(6);
  event.set_initiator_inside(true);
  event.set_inspected("full");
  event.set_pair("lan");
  return event;
}

inline policy::SoftwareSighting software(const std::string& product, const std::string& version = "",
                                         const std::string& evidence = "user-agent: x") {
  policy::SoftwareSighting sighting;
  sighting.product = product;
  sighting.version = version;
  sighting.evidence = evidence;
  return sighting;
}

class Scene {
 public:
  /// `detect`: the section, with the sections that it needs before it.
  explicit Scene(const std::string& text, policy::StoreLimits limits = {}) : limits_(limits) {
    auto compiled = policy::compile("weir-policy: 1\n" + text, {.file = "policy.yaml", .revision = 3});
    EXPECT_TRUE(compiled) << (compiled ? "" : to_text(compiled.error().front()));
    if (compiled) policy_ = *compiled;
    detection_ = engine();
  }

  /// Another engine over the same store.
  [[nodiscard]] policy::Detection engine() const {
    policy::Detection made{[policy = policy_] { return policy; }};
    made.look();
    return made;
  }

  struct Seen {
    event::FlowEvent event;
    std::vector<policy::SoftwareSighting> software = {};
  };
  /// One round, committed; false: it was thrown away before the commit, as by a crash.
  void round(policy::Detection& detection, const std::vector<Seen>& events, bool commits = true) {
    auto store = open();
    auto batch = store.begin();
    ASSERT_TRUE(batch);
    for (const Seen& one : events) detection.see(one.event, one.software, kNow);
    const auto violations = detection.conclude(*batch);
    ASSERT_TRUE(violations) << to_text(violations.error());
    for (const policy::ViolationSighting& one : *violations) {
      const auto kept = batch->record(one);
      ASSERT_TRUE(kept) << to_text(kept.error());
    }
    if (!commits) return;
    const auto done = batch->commit();
    ASSERT_TRUE(done) << to_text(done.error());
  }
  void round(const std::vector<Seen>& events) { round(detection_, events); }
  void round(const std::vector<event::FlowEvent>& events) {
    std::vector<Seen> seen;
    for (const event::FlowEvent& event : events) seen.push_back({event});
    round(seen);
  }
  void round(const event::FlowEvent& event) { round(std::vector<Seen>{{event}}); }

  /// With their evidence, by rule, subject and object.
  std::vector<policy::Violation> violations() {
    auto store = open();
    std::vector<policy::Violation> all;
    const auto listed = test::violations(store, false, 1'000);
    for (const policy::Violation& one : *listed) all.push_back(store.violation(one.id).value());
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return std::tie(a.rule, a.subject, a.object) < std::tie(b.rule, b.subject, b.object);
    });
    return all;
  }
  /// "subject object count; ..."
  std::string said() {
    std::string text;
    for (const policy::Violation& one : violations())
      text += one.subject + " " + one.object + " " + std::to_string(one.count) + "; ";
    return text;
  }
  policy::Store open() {
    auto opened = policy::Store::open(home_.file("weir.db"), policy::StoreAccess::kWrite, limits_);
    EXPECT_TRUE(opened) << to_text(opened.error());
    return std::move(*opened);
  }

  static constexpr TimeNs kNow = kStart + 1'000 * kDayS * kSecond;

 private:
  policy::StoreLimits limits_;
  std::shared_ptr<const policy::Policy> policy_;
  test::TemporaryDirectory home_;
  policy::Detection detection_{[] { return nullptr; }};
};

}  // namespace weir::test
