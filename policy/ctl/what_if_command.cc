// SPDX-License-Identifier: Apache-2.0
// weirctl policy what-if FILE: what another policy would have done to the flows that were recorded, or would
// do to those of captures. Nothing is put in force.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <unordered_map>

#include "policy/ctl/context.h"
#include "policy/ctl/flow_row.h"
#include "policy/ctl/policy_files.h"
#include "policy/ctl/recorded_events.h"
#include "policy/ctl/replay.h"
#include "policy/ctl/what_if.h"
#include "policy/decide/decide.h"
#include "policy/engine/event_codec.h"
#include "policy/engine/recorded_facts.h"
#include "policy/lang/compile.h"
#include "policy/lang/exceptions.h"
#include "policy/lang/policy.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

constexpr std::uint64_t kProgressEvery = 20'000;  // events
constexpr std::size_t kClientsNamed = 10;

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
    if (format_ == Format::kTable) return print(source + ": " + what_if_.text(kClientsNamed));
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

/// Who, what and how much, as the event knows it.
void describe(JudgedFlow& flow, const event::FlowEvent& event) {
  flow.id = event.flow_id();
  flow.client = policy::client_of(event);
  flow.name = event.host().empty() ? policy::peer_of(event) : event.host();
  flow.app = app_text(event);
  flow.bytes = event.counters().bytes_from_initiator() + event.counters().bytes_from_responder();
}

/// A policy in memory, and what it says of what was known at an event.
class Candidate {
 public:
  explicit Candidate(std::shared_ptr<const policy::Policy> policy) : policy_(std::move(policy)) {}
  /// Of an event before those that were judged.
  void judge(const FlowFacts& facts, const DynamicFacts& dynamic, TimeNs at, Said& said) const {
    const Decision decision = policy::decide(*policy_, facts, dynamic, at);
    said.add_earlier(decision.action, decision.rule);
  }

 private:
  std::shared_ptr<const policy::Policy> policy_;
};

/// Flows out of streams that are walked from their newest entry backwards: a flow's final event comes first.
class Recorded {
 public:
  Recorded(Candidate running, Candidate candidate, TimeNs since, Report& report)
      : running_(std::move(running)), candidate_(std::move(candidate)), since_(since), report_(report) {}

  /// False: it is older than what was asked for.
  bool visit(const event::FlowEvent& event, TimeNs recorded) {
    if (recorded < since_) return false;
    oldest_ = std::min(oldest_, recorded);
    const auto at = static_cast<TimeNs>(event.time_ns());
    const auto [place, first] = flows_.try_emplace(event.flow_id());
    JudgedFlow& flow = place->second;
    if (first) describe(flow, event);
    const FlowFacts facts = policy::recorded_facts(event);
    const QuotaTable quotas = policy::recorded_quotas(event);
    const std::vector<ClickThrough> clicks = policy::recorded_clicks(event);
    const DynamicFacts dynamic{.quotas = &quotas, .clicked_through = clicks};
    running_.judge(facts, dynamic, at, flow.running);
    candidate_.judge(facts, dynamic, at, flow.candidate);
    if (event.kind() == event::KIND_OPENED) {
      report_.take(flow);
      flows_.erase(place);
    }
    if (++events_ % kProgressEvery == 0 && isatty(STDERR_FILENO) != 0)
      std::fprintf(stderr, "\r%llu events, back to %s", static_cast<unsigned long long>(events_),
                   time_text(recorded).c_str());
    return true;
  }
  /// Those that were opened before what was walked, or went on without being opened.
  void finish() {
    if (events_ >= kProgressEvery && isatty(STDERR_FILENO) != 0) std::fputc('\n', stderr);
    for (const auto& [id, flow] : flows_) report_.take(flow);
    flows_.clear();
  }
  [[nodiscard]] TimeNs oldest() const { return oldest_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  Candidate running_;
  Candidate candidate_;
  TimeNs since_;
  Report& report_;
  std::unordered_map<std::string, JudgedFlow> flows_;
  TimeNs oldest_ = INT64_MAX;
  std::uint64_t events_ = 0;
};

void over_records(Context& context, const WhatIfOptions& options, const Settings& settings,
                  std::shared_ptr<const policy::Policy> running,
                  std::shared_ptr<const policy::Policy> candidate) {
  auto streams = open_streams(settings);
  if (!streams) return context.fail(streams.error());
  Report report{context.format_or(Format::kTable), options.list};
  Recorded recorded{Candidate{std::move(running)}, Candidate{std::move(candidate)},
                    wall_clock() - TimeNs{options.hours} * 3'600 * kSecond, report};
  for (const std::string& stream : all_flow_streams(settings)) {
    const auto walked = walk_back(*streams, stream, UINT64_MAX,
                                  [&](const auto& event, TimeNs at) { return recorded.visit(event, at); });
    if (!walked) return context.fail(walked.error());
  }
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
