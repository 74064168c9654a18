// SPDX-License-Identifier: Apache-2.0
// weirctl policy what-if FILE: what another policy would have done to the flows that were recorded, or would
// do to those of captures. Nothing is put in force.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/flow_row.h"
#include "policy/ctl/policy_files.h"
#include "policy/ctl/recorded_what_if.h"
#include "policy/ctl/replay.h"
#include "policy/ctl/what_if.h"
#include "policy/lang/compile.h"
#include "policy/lang/exceptions.h"
#include "policy/lang/policy.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

constexpr std::size_t kNamesOfEach = 10;

struct WhatIfOptions {
  std::string file;
  std::string against;
  std::vector<std::string> captures;
  unsigned hours = 24;
  bool list = false;
};

/// Counts flows, and with --list prints those that are judged otherwise as they come.
class Report {
 public:
  Report(Format format, bool list) : format_(format), list_(list) {
    if (list_ && format_ == Format::kCsv) print(csv_line(columns()));
  }

  void take(const JudgedFlow& flow) {
    what_if_.count(flow);
    const Change change = change_of(flow.running, flow.candidate);
    if (!list_ || change == Change::kNone) return;
    const Json row{
        {"change", to_string(change)},       {"client", flow.client}, {"name", flow.name},
        {"application", flow.app},           {"bytes", flow.bytes},   {"running", said(flow.running)},
        {"candidate", said(flow.candidate)}, {"flow", flow.id}};
    if (format_ == Format::kJson)
      return print(row.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    if (format_ == Format::kTable) {
      rows_.push_back(row);
      return;
    }
    print(csv_row(row, columns()));
  }

  void finish(const std::string& source) {
    if (list_ && format_ == Format::kTable) print(render(Format::kTable, rows_, columns()) + "\n");
    if (list_ && format_ != Format::kTable) return;
    if (format_ == Format::kTable) return print(source + ": " + what_if_.text(kNamesOfEach));
    Json whole = what_if_.json(SIZE_MAX);
    whole["source"] = source;
    print(whole.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  }

 private:
  static std::string said(const Said& said) {
    return said.rule.empty() ? to_string(said.action)
                             : fmt::format("{} by {}", to_string(said.action), said.rule);
  }
  static const std::vector<std::string>& columns() {
    static const std::vector<std::string> kColumns{"change",  "client",    "name",  "application",
                                                   "running", "candidate", "bytes", "flow"};
    return kColumns;
  }

  Format format_;
  bool list_;
  WhatIf what_if_;
  Json rows_ = Json::array();
};

void over_records(Context& context, const WhatIfOptions& options, const Settings& settings,
                  std::shared_ptr<const policy::Policy> running,
                  std::shared_ptr<const policy::Policy> candidate) {
  auto streams = open_streams(settings);
  if (!streams) return context.fail(streams.error());
  Report report{context.format_or(Format::kTable), options.list};
  RecordedWhatIf recorded{std::move(running), std::move(candidate),
                          wall_clock() - TimeNs{options.hours} * 3'600 * kSecond,
                          [&](const JudgedFlow& flow) { report.take(flow); }};
  if (const auto walked = walk_recorded(*streams, all_flow_streams(settings), recorded); !walked)
    return context.fail(walked.error());
  recorded.finish();
  report.finish(recorded.events() == 0 ? fmt::format("nothing was recorded in the last {} h", options.hours)
                                       : fmt::format("recorded since {}", time_text(recorded.oldest())));
}

/// The flows of the captures as one policy leaves them, its word in `running`; by capture, ends and
/// beginning.
Result<std::map<std::string, JudgedFlow>> over_captures(const WhatIfOptions& options,
                                                        const std::string& policy) {
  std::map<std::string, Said> said;
  std::map<std::string, JudgedFlow> flows;
  ReplayOptions replayed;
  replayed.captures = options.captures;
  replayed.policy = policy;
  const auto done = replay(replayed, [&](std::size_t capture, const event::FlowEvent& event) {
    Said& so_far = said[event.flow_id()];
    so_far.add_later(action_of(event.action()).value_or(Action::kAllow), event.rule());
    if (event.kind() != event::KIND_FINAL) return;
    const std::string key =
        fmt::format("{} {} {} {} {} {} {}", capture, event.protocol(), event.initiator(),
                    event.initiator_port(), event.responder(), event.responder_port(), event.started_ns());
    JudgedFlow& flow = flows[key];
    describe(flow, event);
    flow.running = so_far;
    said.erase(event.flow_id());
  });
  if (!done) return tl::unexpected(done.error());
  return flows;
}

void over_captures(Context& context, const WhatIfOptions& options, const std::string& running) {
  const auto before = over_captures(options, running);
  if (!before) return context.fail(before.error());
  const auto after = over_captures(options, options.file);
  if (!after) return context.fail(after.error());
  Report report{context.format_or(Format::kTable), options.list};
  for (const auto& [key, flow] : *after) {
    JudgedFlow both = flow;
    both.candidate = flow.running;
    const auto was = before->find(key);
    both.running = was == before->end() ? Said{} : was->second.running;
    report.take(both);
  }
  report.finish(
      fmt::format("{} capture{}", options.captures.size(), options.captures.size() == 1 ? "" : "s"));
}

void what_if(Context& context, const WhatIfOptions& options) {
  std::optional<Settings> settings;
  if (options.captures.empty() || options.against.empty()) {
    settings = context.settings();
    if (!settings) return;
  }
  const std::string against =
      options.against.empty() ? in_force_on_disk(settings->classifier.policy).file : options.against;
  // Those beside the policy stay, whichever is in force; captures are judged by the texts alone.
  const std::string exceptions =
      settings && options.captures.empty() ? policy::exceptions_path(settings->classifier.policy) : "";
  auto candidate = policy::compile_file(options.file, 0, nullptr, exceptions);
  if (!candidate) return context.fail(candidate.error());
  auto running = policy::compile_file(against, 0, nullptr, exceptions);
  if (!running) return context.fail(running.error());
  if (!options.captures.empty()) return over_captures(context, options, against);
  over_records(context, options, *settings, std::move(*running), std::move(*candidate));
}

}  // namespace

void add_what_if(CLI::App& policy, Context& context) {
  auto options = std::make_shared<WhatIfOptions>();
  CLI::App* command =
      add_command(policy, "what-if",
                  "which recorded flows, or flows of captures, another policy would judge otherwise; "
                  "nothing is put in force",
                  context, [options](Context& used) { what_if(used, *options); });
  command->add_option("FILE", options->file, "policy text")->required()->check(CLI::ExistingFile);
  command->add_option("--against", options->against, "policy to compare with; left out: the one in force")
      ->check(CLI::ExistingFile);
  auto* captures =
      command->add_option("--capture", options->captures, "captures instead of what was recorded")
          ->check(CLI::ExistingFile);
  command->add_option("--hours", options->hours, "how far back")
      ->capture_default_str()
      ->check(CLI::Range(1U, 8'784U))
      ->excludes(captures);
  command->add_flag("--list", options->list, "every flow that is judged otherwise");
}

}  // namespace weir::ctl
