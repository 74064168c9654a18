// SPDX-License-Identifier: Apache-2.0
// weirctl flow watch: events as they come. JSON gives the whole event, one a line.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/flow_row.h"
#include "policy/ctl/recorded_events.h"
#include "policy/engine/event_codec.h"

namespace weir::ctl {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kFollowStep{500};

struct WatchOptions {
  std::uint64_t count = 0;  // 0: no end
  double timeout_s = 0;     // 0: no end
};

std::string line_of(const event::FlowEvent& event, Format format) {
  if (format == Format::kJson) return policy::event_to_json(event).value_or("{}") + "\n";
  const Json row = watch_row(event);
  if (format == Format::kCsv) return csv_row(row, watch_columns());
  std::string line;
  for (const std::string& column : watch_columns()) {
    if (!row[column].get<std::string>().empty()) line += printable(row[column].get<std::string>()) + "  ";
  }
  line.resize(line.size() - 2);
  return line + "\n";
}

void watch(Context& context, const WatchOptions& options) {
  const auto settings = context.settings();
  if (!settings) return;
  auto streams = open_streams(*settings);
  if (!streams) return context.fail(streams.error());
  const Format format = context.format_or(Format::kTable);
  if (format == Format::kCsv) print(csv_line(watch_columns()));
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(options.timeout_s));
  std::uint64_t shown = 0;
  while (!output_closed() && (options.count == 0 || shown < options.count)) {
    milliseconds wait = kFollowStep;
    if (options.timeout_s > 0) {
      wait = std::min(wait, std::chrono::duration_cast<milliseconds>(deadline - Clock::now()));
      if (wait.count() <= 0) break;
    }
    const auto entries = streams->follow(all_flow_streams(*settings), wait);
    if (!entries) return context.fail(entries.error());
    for (const policy::StreamEntry& entry : *entries) {
      visit_events(entry, [&](const event::FlowEvent& event, TimeNs) {
        if (options.count > 0 && shown == options.count) return false;
        print(line_of(event, format));
        ++shown;
        return true;
      });
    }
  }
  if (options.count > 0 && shown < options.count) context.exit_code = kNegative;
}

}  // namespace

void add_flow(CLI::App& app, Context& context) {
  CLI::App* flow = app.add_subcommand("flow", "flows as they pass");
  flow->fallthrough();
  flow->require_subcommand(1);
  auto options = std::make_shared<WatchOptions>();
  CLI::App* watching = add_command(*flow, "watch", "prints events from now on", context,
                                   [options](Context& used) { watch(used, *options); });
  watching->add_option("--count", options->count, "end after so many events");
  watching
      ->add_option("--timeout", options->timeout_s, "end after so many seconds; 1 if --count was not reached")
      ->check(CLI::Range(0.0, 86'400.0));
  add_flow_list(*flow, context);
}

}  // namespace weir::ctl
