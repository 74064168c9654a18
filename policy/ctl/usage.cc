// SPDX-License-Identifier: Apache-2.0
// weirctl usage: what flows add up to, by whom and what, and how quick servers and links are.
#include <fmt/format.h>

#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/exceptions.h"
#include "policy/ctl/people.h"
#include "policy/model/wall_clock.h"
#include "policy/store/flow_sums.h"

namespace weir::ctl {
namespace {

constexpr std::uint32_t kNamesShown = 20;
constexpr std::uint32_t kNamesShownMax = 10'000;
constexpr std::uint32_t kServersCompared = 10'000;

struct UsageWords {
  std::string lasting = "24h";
  std::string before = "0";
  std::uint32_t count = kNamesShown;
  std::string name;
  std::string step = "hour";
  std::string past = "7d";
};

/// The time that was asked for: so long, until so long ago.
Result<policy::SumsSpan> span_of(const UsageWords& words, TimeNs now) {
  const auto lasting = parse_lasting(words.lasting);
  if (!lasting) return tl::unexpected(lasting.error());
  TimeNs until = now;
  if (words.before != "0") {
    const auto ago = parse_lasting(words.before);
    if (!ago) return tl::unexpected(ago.error());
    until = now - *ago;
  }
  return policy::SumsSpan{std::max<TimeNs>(until - *lasting, 0), until};
}

/// The store and the span; nullopt: why not is told.
struct Asked {
  Settings settings;
  policy::Store store;
  policy::SumsSpan span;
  TimeNs now = 0;
};

std::optional<Asked> asked_of(Context& context, const UsageWords& words) {
  const auto settings = context.settings();
  if (!settings) return std::nullopt;
  const TimeNs now = wall_clock();
  const auto span = span_of(words, now);
  if (!span) {
    context.fail(span.error());
    context.exit_code = kUsage;
    return std::nullopt;
  }
  auto store = open_store(*settings);
  if (!store) {
    context.fail(store.error());
    return std::nullopt;
  }
  return Asked{*settings, std::move(*store), *span, now};
}

Json usage_row(const policy::UsageSum& sum) {
  return {{"flows", sum.flows},
          {"bytes", sum.bytes_up + sum.bytes_down},
          {"bytes_up", sum.bytes_up},
          {"bytes_down", sum.bytes_down}};
}

void show_names(Context& context, const char* dimension, const UsageWords& words) {
  auto asked = asked_of(context, words);
  if (!asked) return;
  const auto names = policy::usage_by(asked->store, dimension, asked->span, words.count, asked->now);
  if (!names) return context.fail(names.error());
  const PeopleShown shown{asked->settings};
  Json rows = Json::array();
  for (const policy::NamedUsage& one : *names) {
    Json row = Json::object();
    row[dimension] = dimension == std::string_view{policy::kByClient} ? shown.subject(one.name) : one.name;
    row.update(usage_row(one.sum));
    rows.push_back(std::move(row));
  }
  print(render(context.format_or(Format::kTable), rows,
               {dimension, "flows", "bytes", "bytes_up", "bytes_down"}));
}

void show_course(Context& context, const char* dimension, const UsageWords& words) {
  auto asked = asked_of(context, words);
  if (!asked) return;
  const TimeNs step = words.step == "minute" ? policy::kSumMinute
                      : words.step == "hour" ? policy::kSumHour
                                             : policy::kSumDay;
  std::string name = words.name;
  if (dimension == std::string_view{policy::kByClient}) {
    auto client = subject_named(asked->settings, asked->store, name);
    if (!client) return context.fail(client.error());
    name = std::move(*client);
  }
  const auto points = policy::usage_of(asked->store, dimension, name, asked->span, step);
  if (!points) return context.fail(points.error());
  Json rows = Json::array();
  for (const policy::UsagePoint& one : *points) {
    Json row = Json::object();
    row["begins"] = time_text(one.begins);
    row.update(usage_row(one.sum));
    rows.push_back(std::move(row));
  }
  print(render(context.format_or(Format::kTable), rows,
               {"begins", "flows", "bytes", "bytes_up", "bytes_down"}));
}

Json server_row(const policy::NamedServer& one) {
  const policy::ServerSum& sum = one.sum;
  const double share =
      sum.packets == 0 ? 0
                       : 100.0 * static_cast<double>(sum.retransmitted) / static_cast<double>(sum.packets);
  return {{one.kind, one.server},
          {"service", one.service},
          {"flows", sum.flows},
          {"bytes", sum.bytes},
          {"round_trip_p50_us", sum.round_trips.percentile(0.5)},
          {"round_trip_p90_us", sum.round_trips.percentile(0.9)},
          {"round_trip_p99_us", sum.round_trips.percentile(0.99)},
          {"response_p50_us", sum.responses.percentile(0.5)},
          {"response_p90_us", sum.responses.percentile(0.9)},
          {"response_p99_us", sum.responses.percentile(0.99)},
          {"retransmitted_percent", fmt::format("{:.2f}", share)}};
}

void show_servers(Context& context, const char* kind, const UsageWords& words) {
  auto asked = asked_of(context, words);
  if (!asked) return;
  const auto servers = policy::servers_by(asked->store, kind, asked->span, words.count, asked->now);
  if (!servers) return context.fail(servers.error());
  Json rows = Json::array();
  for (const policy::NamedServer& one : *servers) rows.push_back(server_row(one));
  print(render(context.format_or(Format::kTable), rows,
               {kind, "service", "flows", "round_trip_p50_us", "round_trip_p90_us", "response_p50_us",
                "response_p90_us", "retransmitted_percent"}));
}

void show_slower(Context& context, const UsageWords& words) {
  auto asked = asked_of(context, words);
  if (!asked) return;
  const auto past = parse_lasting(words.past);
  if (!past) return context.fail(past.error());
  const policy::SumsSpan before = policy::past_of(asked->store, asked->span, *past, asked->now);
  Json rows = Json::array();
  for (const char* kind : {policy::kServer, policy::kLink}) {
    const auto now = policy::servers_by(asked->store, kind, asked->span, kServersCompared, asked->now);
    if (!now) return context.fail(now.error());
    const auto then = policy::servers_by(asked->store, kind, before, kServersCompared, asked->now);
    if (!then) return context.fail(then.error());
    for (const policy::SlowServer& one : policy::became_slower(*now, *then)) {
      rows.push_back({{"kind", kind},
                      {"name", one.now.server},
                      {"service", one.now.service},
                      {"what", one.what},
                      {"round_trip_p90_us", one.now.sum.round_trips.percentile(0.9)},
                      {"before", one.before.round_trips.percentile(0.9)},
                      {"response_p90_us", one.now.sum.responses.percentile(0.9)},
                      {"response_before", one.before.responses.percentile(0.9)}});
    }
  }
  const Format format = context.format_or(Format::kTable);
  if (rows.empty() && format == Format::kTable) return print("none became slower\n");
  print(render(format, rows,
               {"kind", "name", "service", "what", "round_trip_p90_us", "before", "response_p90_us",
                "response_before"}));
}

void add_span_options(CLI::App* command, const std::shared_ptr<UsageWords>& words) {
  command->add_option("--for", words->lasting, "how long a time: 90m, 24h, 30d")->capture_default_str();
  command->add_option("--until", words->before, "that ended so long ago: 24h; 0: now")->capture_default_str();
}

void add_count(CLI::App* command, const std::shared_ptr<UsageWords>& words) {
  command->add_option("--count", words->count, "at most so many rows")
      ->capture_default_str()
      ->check(CLI::Range(1U, kNamesShownMax));
}

struct UsageNoun {
  const char* name;
  const char* dimension;
  const char* help;
};
constexpr UsageNoun kNouns[] = {
    {"clients", policy::kByClient, "who used most"},
    {"applications", policy::kByApplication, "what was used most"},
    {"categories", policy::kByCategory, "of the categories that the policy's rules name"},
    {"rules", policy::kByRule, "which rules decided over most, or were hit"},
};

}  // namespace

void add_usage(CLI::App& app, Context& context) {
  CLI::App* usage = app.add_subcommand("usage", "what flows add up to");
  usage->description(
      "what flows add up to that ended, and how quick servers and links were\n\n"
      "  weirctl usage clients --for 30d\n"
      "  weirctl usage course application YouTube --for 7d --step day\n"
      "  weirctl usage servers --for 1h\n"
      "  weirctl usage slower --for 1h --past 7d");
  usage->fallthrough();
  usage->require_subcommand(1);
  for (const UsageNoun& noun : kNouns) {
    auto words = std::make_shared<UsageWords>();
    CLI::App* command = add_command(*usage, noun.name, noun.help, context, [words, noun](Context& used) {
      show_names(used, noun.dimension, *words);
    });
    add_span_options(command, words);
    add_count(command, words);
  }
  for (const auto& [name, kind, help] :
       {UsageNoun{"servers", policy::kServer, "round trips, response times, losses by server and service"},
        UsageNoun{"links", policy::kLink, "the same by pair of ports"}}) {
    auto words = std::make_shared<UsageWords>();
    CLI::App* command = add_command(*usage, name, help, context, [words, kind = kind](Context& used) {
      show_servers(used, kind, *words);
    });
    add_span_options(command, words);
    add_count(command, words);
  }
  auto course = std::make_shared<UsageWords>();
  auto dimension = std::make_shared<std::string>();
  CLI::App* over_time =
      add_command(*usage, "course", "how the use of one name went", context,
                  [course, dimension](Context& used) { show_course(used, dimension->c_str(), *course); });
  over_time->add_option("BY", *dimension)
      ->required()
      ->check(CLI::IsMember({"client", "application", "category", "rule"}));
  over_time->add_option("NAME", course->name)->required();
  over_time->add_option("--step", course->step, "minute, hour or day")
      ->check(CLI::IsMember({"minute", "hour", "day"}))
      ->capture_default_str();
  add_span_options(over_time, course);
  auto slower = std::make_shared<UsageWords>();
  CLI::App* slow = add_command(*usage, "slower", "servers and links that were quicker before", context,
                               [slower](Context& used) { show_slower(used, *slower); });
  add_span_options(slow, slower);
  slow->add_option("--past", slower->past, "against so long a time before")->capture_default_str();
}

}  // namespace weir::ctl
