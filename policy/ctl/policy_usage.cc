// SPDX-License-Identifier: Apache-2.0
// weirctl policy usage [RULE]: how many recorded flows each rule of the policy in force matched, and what
// they were.
#include <fmt/format.h>

#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/policy_files.h"
#include "policy/ctl/recorded_events.h"
#include "policy/ctl/rule_usage.h"
#include "policy/lang/compile.h"
#include "policy/lang/policy.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

constexpr std::size_t kNamesOfARule = 20;

struct UsageOptions {
  std::string rule;
  unsigned hours = 24;
};

void print_all(const RuleUsage& usage, Format format, const std::string& since) {
  print(render(format, usage.rows(),
               {"rule", "section", "then", "flows", "bytes", "clients", "first", "last"}));
  if (format == Format::kTable) print(fmt::format("{}; {}\n", since, usage.summary()));
}

void print_one(Context& context, const RuleUsage& usage, const std::string& rule, const std::string& since) {
  const Format format = context.format_or(Format::kTable);
  const Json detail = usage.detail(rule, format == Format::kTable ? kNamesOfARule : SIZE_MAX);
  if (detail.is_null()) {
    return context.fail(Error{ErrorCode::kNotFound,
                              fmt::format("no rule is called {}", rule),
                              "weirctl policy usage names them",
                              {}});
  }
  if (format == Format::kTable) return print(since + ": " + usage.detail_text(rule, kNamesOfARule));
  if (format == Format::kJson)
    return print(detail.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  Json rows = Json::array();
  for (const char* const by : {"client", "name", "application"}) {
    for (Json row : detail[fmt::format("by_{}", by)]) {
      row["by"] = by;
      rows.push_back(std::move(row));
    }
  }
  print(render(format, rows, {"by", "name", "flows", "bytes"}));
}

void usage_of(Context& context, const UsageOptions& options) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto [file, revision] = in_force_on_disk(settings->classifier.policy);
  const auto compiled = policy::compile_file(file, revision);
  if (!compiled) return context.fail(compiled.error());
  auto streams = open_streams(*settings);
  if (!streams) return context.fail(streams.error());
  RuleUsage usage{**compiled};
  const TimeNs since = wall_clock() - TimeNs{options.hours} * 3'600 * kSecond;
  TimeNs oldest = INT64_MAX;
  for (const std::string& stream : all_flow_streams(*settings)) {
    const auto visit = [&](const event::FlowEvent& event, TimeNs recorded) {
      if (recorded < since) return false;
      usage.visit(event);
      oldest = std::min(oldest, recorded);
      return true;
    };
    const auto walked = walk_back(*streams, stream, UINT64_MAX, visit, {}, DecisionPath::kLeftOut);
    if (!walked) return context.fail(walked.error());
  }
  usage.finish();
  const std::string words = oldest == INT64_MAX
                                ? fmt::format("nothing was recorded in the last {} h", options.hours)
                                : fmt::format("recorded since {}", time_text(oldest));
  if (!options.rule.empty()) return print_one(context, usage, options.rule, words);
  print_all(usage, context.format_or(Format::kTable), words);
}

}  // namespace

void add_policy_usage(CLI::App& policy, Context& context) {
  auto options = std::make_shared<UsageOptions>();
  CLI::App* command =
      add_command(policy, "usage",
                  "how many recorded flows each rule in force matched, when last; or what one rule matched",
                  context, [options](Context& used) { usage_of(used, *options); });
  command->add_option("RULE", options->rule, "the clients, names and applications that this rule matched");
  command->add_option("--hours", options->hours, "how far back")
      ->capture_default_str()
      ->check(CLI::Range(1U, 8'784U));
}

}  // namespace weir::ctl
