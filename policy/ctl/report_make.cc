// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/report_make.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "policy/ctl/people.h"
#include "policy/decide/client_group.h"
#include "policy/engine/policy_watch.h"
#include "policy/lang/compile.h"
#include "policy/lang/pending.h"
#include "policy/lang/policy.h"
#include "policy/model/text_file.h"
#include "policy/model/wall_clock.h"
#include "policy/report/collect.h"
#include "policy/report/pdf.h"

namespace weir::ctl {
namespace {

namespace fs = std::filesystem;

/// The group of a client's address, as far as a place alone says it.
std::function<std::string(const std::string&)> groups_of(std::shared_ptr<const policy::Policy> policy) {
  return [policy = std::move(policy)](const std::string& subject) -> std::string {
    const auto address = IpAddress::parse(subject);
    if (!address) return subject.starts_with("group ") ? subject.substr(6) : std::string{};
    FlowFacts facts;
    facts.tuple.initiator = *address;
    return std::string(policy::group_name(policy->parts(), facts));
  };
}

/// Zone and groups are those of the policy in force; without one that compiles: UTC, and no groups.
ResultAll<void> take_policy(const Settings& settings, report::Request& request) {
  const std::string& path = settings.classifier.policy;
  const auto text = policy::text_in_force(path, policy::read_revision(path));
  std::error_code ignored;
  if (fs::exists(text.file, ignored)) {
    const auto compiled = policy::compile_file(text.file, text.revision);
    if (!compiled) return tl::unexpected(compiled.error());
    request.zone = (*compiled)->parts().zone;
    request.zone_name = (*compiled)->parts().zone_name;
    request.group_of = groups_of(*compiled);
    if (request.group.empty()) return {};
    for (const auto& group : (*compiled)->parts().groups)
      if (group.name == request.group) return {};
  } else if (request.group.empty()) {
    return {};
  }
  return tl::unexpected(
      std::vector<Error>{{ErrorCode::kNotFound,
                          fmt::format("no group of the policy in force is called {}", request.group),
                          "weirctl policy show has them",
                          {}}});
}

}  // namespace

ResultAll<report::Report> make_report(const Settings& settings, policy::Store& store,
                                      const ReportAsked& asked) {
  report::Request request;
  request.kind = asked.kind;
  request.appliance = settings.appliance;
  request.group = asked.group;
  request.now = wall_clock();
  const bool french = asked.language.empty() ? !settings.report.english : asked.language == "fr";
  request.language = french ? report::Language::kFrench : report::Language::kEnglish;
  if (auto taken = take_policy(settings, request); !taken) return tl::unexpected(taken.error());
  request.period = report::last_period(asked.kind, request.zone, request.now);
  if (!asked.from.empty()) {
    const auto period = report::period_from(asked.kind, request.zone, asked.from, asked.to);
    if (!period) return tl::unexpected(std::vector<Error>{period.error()});
    request.period = *period;
  }
  const auto shown = std::make_shared<PeopleShown>(settings);
  request.pseudonyms = {[shown](const std::string& subject) { return shown->subject(subject); },
                        [shown](const std::string& object) { return shown->object(object); }};
  auto made = report::collect(store, request);
  if (!made) return tl::unexpected(std::vector<Error>{made.error()});
  return std::move(*made);
}

Result<std::string> report_pdf(const Settings& settings, const report::Report& made) {
  return report::to_pdf(made, settings.report.a4 ? report::Paper::kA4 : report::Paper::kLetter);
}

Result<const report::Table*> table_of(const report::Report& made, const std::string& key) {
  if (const report::Table* const table = made.find(key)) return table;
  std::string names;
  for (const report::Table& one : made.tables) names += (names.empty() ? "" : ", ") + one.key;
  return failure(ErrorCode::kNotFound, fmt::format("the report has no table {}", key),
                 fmt::format("it has {}", names));
}

std::string report_stem(const report::Report& made) {
  return fmt::format("weir-{}-{}-{}", made.appliance, to_string(made.kind),
                     report::date_text(made.period.first_day));
}

bool is_report_name(const std::string& name) {
  return name.starts_with("weir-") && (name.ends_with(".pdf") || name.ends_with(".json")) &&
         name.find('/') == std::string::npos;
}

Result<std::vector<KeptReport>> kept_reports(const Settings& settings, std::size_t count) {
  std::vector<KeptReport> all;
  std::error_code error;
  for (fs::directory_iterator at(settings.report.directory, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    struct stat about {};
    if (!is_report_name(name) || lstat(at->path().c_str(), &about) != 0 || !S_ISREG(about.st_mode)) continue;
    all.push_back({name, static_cast<std::uint64_t>(about.st_size), about.st_mtim.tv_sec * kSecond});
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return failure(ErrorCode::kSystem,
                   fmt::format("{} cannot be read: {}", settings.report.directory, error.message()));
  }
  std::ranges::sort(all, [](const KeptReport& one, const KeptReport& other) {
    return one.made != other.made ? one.made > other.made : one.name < other.name;
  });
  if (all.size() > count) all.resize(count);
  return all;
}

Result<std::string> read_kept_report(const Settings& settings, const std::string& name,
                                     std::size_t bytes_max) {
  if (!is_report_name(name)) return failure(ErrorCode::kNotFound, "no report is called so");
  return read_text_file(settings.report.directory + "/" + name, bytes_max);
}

}  // namespace weir::ctl
