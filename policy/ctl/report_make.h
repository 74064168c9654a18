// SPDX-License-Identifier: Apache-2.0
// Makes a report out of the store, by the zone and groups of the policy in force, with people as
// privacy.people says; and those that are kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/model/settings.h"
#include "policy/report/report.h"
#include "policy/store/store.h"

namespace weir::ctl {

struct ReportAsked {
  report::Kind kind = report::Kind::kDaily;
  std::string group{};     // of the policy: only what its clients did; empty: all
  std::string from{};      // first day, "2026-11-28"; empty: the last period that is over
  std::string to{};        // last day; empty: as long as the kind says
  std::string language{};  // en | fr; empty: as the settings say
};

/// One or more mistakes. kNotFound: no such group; kInvalid: no such days, or the policy does not compile.
[[nodiscard]] ResultAll<report::Report> make_report(const Settings& settings, policy::Store& store,
                                                    const ReportAsked& asked);
/// On the paper of the settings.
[[nodiscard]] Result<std::string> report_pdf(const Settings& settings, const report::Report& made);
/// kNotFound: it has no such table; the advice names those it has.
[[nodiscard]] Result<const report::Table*> table_of(const report::Report& made, const std::string& key);
/// "weir-NAME-weekly-2026-11-23", of its files.
[[nodiscard]] std::string report_stem(const report::Report& made);

/// A file in report.directory.
struct KeptReport {
  std::string name;
  std::uint64_t bytes = 0;
  TimeNs made = 0;
};
/// Those that weirctl report --keep made, the newest first, at most `count`. kSystem: the folder
/// cannot be read; one that is not there has none.
[[nodiscard]] Result<std::vector<KeptReport>> kept_reports(const Settings& settings, std::size_t count);
/// Whether a file of the folder of reports is one of Weir's.
[[nodiscard]] bool is_report_name(const std::string& name);
/// kNotFound; kLimit: it has more than `bytes_max` bytes.
[[nodiscard]] Result<std::string> read_kept_report(const Settings& settings, const std::string& name,
                                                   std::size_t bytes_max);

}  // namespace weir::ctl
