// SPDX-License-Identifier: Apache-2.0
// weirctl export: the outputs for other tools, and a sample record through one of them.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/export/encoder.h"
#include "policy/export/pseudonymise.h"
#include "policy/export/sample.h"
#include "policy/export/sandbox.h"
#include "policy/export/sender.h"
#include "policy/model/daemon.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

std::string type_words(RecordTypes types) {
  std::string words;
  for (std::size_t i = 0; i < kRecordTypes; ++i) {
    const auto type = static_cast<RecordType>(i);
    if (has(types, type)) words += fmt::format("{}{}", words.empty() ? "" : " ", to_string(type));
  }
  return words;
}

void list_outputs(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  Json rows = Json::array();
  for (const OutputSettings& one : settings->outputs) {
    rows.push_back({{"name", one.name},
                    {"format", to_string(one.format)},
                    {"to", one.to},
                    {"types", type_words(one.types)},
                    {"severity", to_string(one.severity)},
                    {"people", to_string(one.people)}});
  }
  print(render(context.format_or(Format::kTable), rows,
               {"name", "format", "to", "types", "severity", "people"}));
}

/// As weir-export would send it: the same user, the same way; the filter of the output aside.
Result<std::size_t> send_sample(const Settings& settings, OutputSettings output) {
  const auto pseudonyms = output::pseudonyms_for(settings);
  if (!pseudonyms) return tl::unexpected(pseudonyms.error());
  if (auto done = become(settings.exporter.user, "export.user"); !done) return tl::unexpected(done.error());
  signal(SIGPIPE, SIG_IGN);
  output.types = types_of(output.format);
  output.severity = Severity::kInfo;
  const TimeNs now = wall_clock();
  output::Records records;
  output::make_encoder(output, *pseudonyms)->encode(output::sample_event(settings.appliance, now), records);
  output::Counters counters;
  output::Sender sender{output, counters};
  if (auto sent = sender.deliver(records, now); !sent) return tl::unexpected(sent.error());
  sender.disconnect();
  return records.size();
}

void test_output(Context& context, const std::string& name) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto found = std::ranges::find(settings->outputs, name, &OutputSettings::name);
  if (found == settings->outputs.end()) {
    context.fail(Error{ErrorCode::kNotFound,
                       fmt::format("the settings have no output {}", name),
                       "weirctl export list has those that are",
                       {}});
    return;
  }
  const auto sent = send_sample(*settings, *found);
  if (!sent) {
    context.fail(sent.error());
    return;
  }
  print(fmt::format("{} records about rule {} are with {}\n", *sent, output::kSampleRule, found->to));
}

}  // namespace

void add_export(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("export", "events for other tools (outputs: in the settings)");
  command->require_subcommand(1);
  add_command(*command, "list", "the outputs of the settings", context, list_outputs);
  auto name = std::make_shared<std::string>();
  CLI::App* sample =
      add_command(*command, "test", "sends a sample, which names itself as such; 4 when it does not arrive",
                  context, [name](Context& used) { test_output(used, *name); });
  sample->add_option("output", *name, "its name")->required();
}

}  // namespace weir::ctl
