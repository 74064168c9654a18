// SPDX-License-Identifier: Apache-2.0
// weirctl notify list | status | test NAME: who is told of violations, how that stands, and whether they can
// be told.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/model/daemon.h"
#include "policy/model/duration.h"
#include "policy/model/wall_clock.h"
#include "policy/notify/message_text.h"
#include "policy/notify/sender.h"
#include "policy/store/notify_store.h"

namespace weir::ctl {
namespace {

void list_receivers(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  Json rows = Json::array();
  for (const NotificationReceiver& one : settings->notifications) {
    rows.push_back({{"receiver", one.name},
                    {"kind", to_string(one.kind)},
                    {"to", one.to},
                    {"severity", to_string(one.severity)},
                    {"rules", one.rules},
                    {"interval", duration_text(one.interval)},
                    {"reports", one.reports}});
  }
  print(render(context.format_or(Format::kTable), rows,
               {"receiver", "kind", "to", "severity", "rules", "interval", "reports"}));
}

void show_receivers(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  auto store = open_store(*settings);
  if (!store) return context.fail(store.error());
  const notify::Spool spool{notify_directory(*settings)};
  Json rows = Json::array();
  for (const NotificationReceiver& one : settings->notifications) {
    const auto owed = policy::owed_count(*store, one.name);
    if (!owed) return context.fail(owed.error());
    const notify::Progress progress = spool.progress(one.name);
    rows.push_back({{"receiver", one.name},
                    {"violations_to_tell", *owed},
                    {"messages_waiting", spool.keys(one.name, notify::Box::kWaiting).size()},
                    {"tries", progress.tries},
                    {"next_try", time_text(progress.next_try)},
                    {"sent", progress.sent},
                    {"given_up", progress.failed},
                    {"last_sent", time_text(progress.last_sent)},
                    {"last_error", progress.error}});
  }
  print(render(context.format_or(Format::kTable), rows,
               {"receiver", "violations_to_tell", "messages_waiting", "tries", "sent", "given_up",
                "last_sent", "last_error"}));
}

void send_test(Context& context, const std::string& name) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto& all = settings->notifications;
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
  if (found == all.end()) {
    return context.fail(Error{ErrorCode::kNotFound,
                              fmt::format("no receiver is called {}", name),
                              "weirctl notify list names them",
                              {}});
  }
  // What root may is no proof of what weir-notify may.
  if (auto became = become(settings->notify.user, "notify.user"); !became)
    return context.fail(became.error());
  const TimeNs now = wall_clock();
  const notify::Sending sending =
      notify::send(*found, notify::test_message(*found, settings->appliance, now), now, [] { return false; });
  if (sending.outcome != notify::Outcome::kSent) {
    return context.fail(Error{ErrorCode::kUnavailable,
                              fmt::format("{}: {}", name, sending.what),
                              "nothing was put into the queue",
                              {}});
  }
  const Json row{{"receiver", name}, {"result", "sent"}, {"to", found->to}};
  print(render(context.format_or(Format::kTable), Json::array({row}), {"receiver", "result", "to"}));
}

}  // namespace

void add_notify(CLI::App& app, Context& context) {
  CLI::App* notify = app.add_subcommand("notify", "who is told of violations: mail, webhook, syslog");
  notify->fallthrough();
  notify->require_subcommand(1);
  add_command(*notify, "list", "the receivers of the settings file", context, list_receivers);
  add_command(*notify, "status", "what they are to be told, and how telling them went", context,
              show_receivers);
  auto name = std::make_shared<std::string>();
  CLI::App* testing = add_command(*notify, "test", "tell one of them, now, that this is a test", context,
                                  [name](Context& used) { send_test(used, *name); });
  testing->add_option("NAME", *name, "the receiver's name")->required();
}

}  // namespace weir::ctl
