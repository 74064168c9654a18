// SPDX-License-Identifier: Apache-2.0
// A report out of the store.
#pragma once

#include <functional>
#include <string>

#include "policy/model/error.h"
#include "policy/notify/shown_subject.h"
#include "policy/report/report.h"
#include "policy/store/store.h"

namespace weir::report {

inline constexpr std::size_t kTableRowsMax = 25;
inline constexpr std::size_t kNamesMax =
    100'000;  // different ones that are added up in one table: then "(other)"

struct Request {
  Kind kind = Kind::kDaily;
  Language language = Language::kEnglish;
  std::string appliance;
  std::string group;  // of the policy: only what its clients did; empty: all
  policy::TimeZone zone;
  std::string zone_name = "UTC";
  Period period;
  TimeNs now = 0;
  notify::Pseudonymiser pseudonyms{};  // without: users are numbers
  /// The group of a client's address, by the policy in force; empty: none.
  std::function<std::string(const std::string& subject)> group_of = [](const std::string&) { return ""; };
};

[[nodiscard]] Result<Report> collect(policy::Store& store, const Request& request);

}  // namespace weir::report
