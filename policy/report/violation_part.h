// SPDX-License-Identifier: Apache-2.0
// What a report says of violations.
#pragma once

#include <array>
#include <set>
#include <string>
#include <vector>

#include "policy/model/decision.h"
#include "policy/notify/shown_subject.h"
#include "policy/report/tally.h"
#include "policy/store/report_store.h"

namespace weir::report {

inline constexpr std::size_t kSeverities = 5;

class ViolationPart {
 public:
  ViolationPart(const Request& request, const Period& previous);
  void add(const policy::Violation& violation);
  void add(const policy::ViolationClosing& closing);
  void put(Report& report);

 private:
  struct Sum {
    std::uint64_t fresh = 0;  // first seen in the period
    std::uint64_t before = 0;
    std::uint64_t open = 0;
    std::uint64_t closed = 0;  // in the period
    std::uint64_t closed_before = 0;
    std::uint64_t hits = 0;
    std::uint64_t decided = 0;
    std::uint64_t false_positives = 0;
    Severity severity = Severity::kInfo;
    std::set<std::string> subjects{};
  };
  void figures(Report& report) const;
  void chart(Report& report) const;
  [[nodiscard]] Table by_severity() const;
  [[nodiscard]] Table by_state() const;
  [[nodiscard]] Table by_rule() const;
  [[nodiscard]] Table by_group() const;
  [[nodiscard]] Table oldest();
  [[nodiscard]] Table by_object() const;
  [[nodiscard]] Table by_subject();
  [[nodiscard]] std::string word(Word word) const { return std::string(text(word, request_.language)); }

  const Request& request_;
  Period previous_;
  std::array<Sum, kSeverities> severities_{};
  Sum all_;
  std::vector<std::array<std::int64_t, kSeverities>> bars_;
  Tally<Sum> rules_;
  Tally<Sum> groups_;
  Tally<Sum> objects_;
  Tally<Sum> subjects_;
  std::map<std::string, std::uint64_t> states_;
  std::vector<policy::Violation> open_;  // the kTableRowsMax oldest, as a heap
  std::uint64_t open_count_ = 0;
  notify::ShownSubjects shown_;
};

[[nodiscard]] std::string severity_word(Severity severity, Language language);
/// Hours of a day, else days.
[[nodiscard]] std::size_t bars_of(const Period& period);
[[nodiscard]] std::size_t bar_at(const Request& request, TimeNs time);
[[nodiscard]] std::vector<std::string> bar_labels(const Request& request);

}  // namespace weir::report
