// SPDX-License-Identifier: Apache-2.0
// weirctl bypass: lets a pair's frames pass unjudged for a time. With a data plane, the data plane does it;
// with none, weirctl bridges the pair's ports in the kernel itself and leaves a process behind that ends it
// in time.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>

#include "dataplane/bypass/bypass.h"
#include "dataplane/bypass/manual.h"
#include "dataplane/bypass/process_lock.h"
#include "policy/ctl/context.h"
#include "policy/ctl/control_client.h"
#include "policy/model/duration.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

using dataplane::AuditLine;
using dataplane::ManualBypass;
using dataplane::ProcessLock;

constexpr const char* kMe = "weirctl";
constexpr std::chrono::milliseconds kLockPatience{1'000};  // a data plane that starts or ends just now

struct BypassOptions {
  std::string pair;
  std::string duration;
  std::string reason;
};

Result<std::vector<PairSettings>> chosen(const Settings& settings, const std::string& name) {
  std::vector<PairSettings> pairs;
  for (const PairSettings& pair : settings.pairs) {
    if (name.empty() || pair.name == name) pairs.push_back(pair);
  }
  if (pairs.empty()) return failure(ErrorCode::kNotFound, fmt::format("there is no pair {}", name));
  return pairs;
}

/// The lock that a data plane holds while it lives.
Result<std::unique_ptr<ProcessLock>> without_dataplane(const Settings& settings) {
  std::error_code ignored;
  std::filesystem::create_directories(settings.run_directory, ignored);
  auto lock = ProcessLock::take(settings, kLockPatience);
  if (!lock && lock.error().code == ErrorCode::kUnavailable) {
    lock.error().advice = "it lives and does not answer; end that process (kill -9) and repeat this";
  }
  return lock;
}

void audit(const Settings& settings, const AuditLine& line) {
  if (auto written = dataplane::append_audit(dataplane::audit_file(settings), line); !written) {
    std::fprintf(stderr, "warning: not recorded: %s\n", to_text(written.error()).c_str());
  }
}

/// What the settings say of a pair whose data plane is dead.
Result<void> restore_fail_mode(const PairSettings& pair) {
  const auto bypass = dataplane::make_bypass(pair);
  return pair.fail_open ? bypass->engage() : bypass->release();
}

/// The kept bypasses; none (and said) when the file is damaged.
std::vector<ManualBypass> kept(const Settings& settings) {
  auto all = dataplane::read_manual(dataplane::manual_file(settings));
  if (all) return *all;
  std::fprintf(stderr, "%s\n", to_text(all.error()).c_str());
  return {};
}

/// Takes a pair's bypass out of the list and records its end.
bool forget(const Settings& settings, std::vector<ManualBypass>& all, const std::string& pair,
            const std::string& why) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const ManualBypass& one) { return one.pair == pair; });
  if (found == all.end()) return false;
  const TimeNs ended = std::min(wall_clock(), found->until);
  audit(settings, {.event = "off", .bypass = *found, .ended = ended, .why = why, .by = kMe});
  all.erase(found);
  return true;
}

/// The process that stays behind: ends at `until` what is still of this command, unless a data plane has
/// taken over by then, which ends it itself.
Result<void> end_later(const Settings& settings, const std::vector<PairSettings>& pairs, TimeNs since,
                       TimeNs until) {
  const pid_t child = fork();
  if (child < 0) {
    return failure(ErrorCode::kSystem, "no process can be left behind to end it", "turn it off by hand");
  }
  if (child > 0) return {};
  setsid();
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing, fd);
  // In steps: a clock that is set forward, or a machine that slept, ends it in time too.
  while (wall_clock() < until) {
    const auto left = std::chrono::nanoseconds(std::max<TimeNs>(until - wall_clock(), kMillisecond));
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, std::chrono::seconds(1)));
  }
  auto lock = ProcessLock::take(settings, std::chrono::milliseconds(0));
  if (!lock) _exit(kOk);
  auto all = kept(settings);
  for (const PairSettings& pair : pairs) {
    const bool ours = std::any_of(all.begin(), all.end(), [&](const ManualBypass& one) {
      return one.pair == pair.name && one.since == since;
    });
    if (!ours) continue;
    static_cast<void>(forget(settings, all, pair.name, "expired"));
    static_cast<void>(restore_fail_mode(pair));
  }
  static_cast<void>(dataplane::write_manual(dataplane::manual_file(settings), all));
  _exit(kOk);
}

Result<void> turn_on_alone(const Settings& settings, const std::vector<PairSettings>& pairs,
                           const ManualBypass& wanted) {
  auto lock = without_dataplane(settings);
  if (!lock) return tl::unexpected(lock.error());
  auto all = kept(settings);
  for (const PairSettings& pair : pairs) {
    const auto bypass = dataplane::make_bypass(pair);
    if (auto engaged = bypass->engage(); !engaged) return engaged;
    static_cast<void>(forget(settings, all, pair.name, "replaced"));
    ManualBypass mine = wanted;
    mine.pair = pair.name;
    audit(settings, {.event = "on", .bypass = mine, .ended = 0, .why = {}, .by = kMe});
    all.push_back(mine);
    print(fmt::format("{}: no data plane runs; frames pass over the {}\n", pair.name, bypass->name()));
  }
  if (auto written = dataplane::write_manual(dataplane::manual_file(settings), all); !written) return written;
  lock->reset();  // a child would go on holding it
  return end_later(settings, pairs, wanted.since, wanted.until);
}

Result<void> turn_off_alone(const Settings& settings, const std::vector<PairSettings>& pairs) {
  auto lock = without_dataplane(settings);
  if (!lock) return tl::unexpected(lock.error());
  auto all = kept(settings);
  for (const PairSettings& pair : pairs) {
    static_cast<void>(forget(settings, all, pair.name, "by hand"));
    if (auto restored = restore_fail_mode(pair); !restored) return restored;
    print(fmt::format("{}: no data plane runs; {}\n", pair.name,
                      pair.fail_open ? "frames pass, since the pair fails open" : "nothing passes"));
  }
  return dataplane::write_manual(dataplane::manual_file(settings), all);
}

/// True when the data plane did it; false when there is none that answers.
Result<bool> ask_dataplane(const Settings& settings, const Json& request) {
  const auto reply = ask(control_socket(settings), request);
  if (!reply && reply.error().code == ErrorCode::kUnavailable) return false;
  if (!reply) return tl::unexpected(reply.error());
  if (!reply->value("ok", false)) return failure(ErrorCode::kSystem, reply->value("error", "refused"));
  const std::string warning = reply->value("warning", "");
  if (!warning.empty()) std::fprintf(stderr, "warning: %s\n", printable(warning).c_str());
  return true;
}

void turn_on(Context& context, const BypassOptions& options) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto length = parse_duration(options.duration);
  if (!length) return context.fail(length.error());
  if (auto checked = dataplane::check_reason(options.reason); !checked) return context.fail(checked.error());
  const auto pairs = chosen(*settings, options.pair);
  if (!pairs) return context.fail(pairs.error());
  Json request = {{"op", "bypass"}, {"do", "on"}, {"for_s", *length / kSecond}, {"reason", options.reason}};
  if (!options.pair.empty()) request["pair"] = options.pair;
  const auto answered = ask_dataplane(*settings, request);
  if (!answered) return context.fail(answered.error());
  if (*answered) {
    for (const PairSettings& pair : *pairs) {
      print(
          fmt::format("{}: Weir forwards every frame unjudged for {}\n", pair.name, duration_text(*length)));
    }
    return;
  }
  ManualBypass wanted;
  wanted.since = wall_clock();
  wanted.until = wanted.since + *length;
  wanted.who = dataplane::who_is(getuid());
  wanted.reason = options.reason;
  if (auto done = turn_on_alone(*settings, *pairs, wanted); !done) context.fail(done.error());
}

void turn_off(Context& context, const BypassOptions& options) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto pairs = chosen(*settings, options.pair);
  if (!pairs) return context.fail(pairs.error());
  Json request = {{"op", "bypass"}, {"do", "off"}};
  if (!options.pair.empty()) request["pair"] = options.pair;
  const auto answered = ask_dataplane(*settings, request);
  if (!answered) return context.fail(answered.error());
  if (*answered) {
    for (const PairSettings& pair : *pairs) print(pair.name + ": Weir judges again\n");
    return;
  }
  if (auto done = turn_off_alone(*settings, *pairs); !done) context.fail(done.error());
}

/// Without a data plane: what the kernel and the state file say.
Json rows_alone(const Settings& settings) {
  Json rows = Json::array();
  const auto all = kept(settings);
  for (const PairSettings& pair : settings.pairs) {
    const auto bypass = dataplane::make_bypass(pair);
    const auto state = bypass->state();
    const bool passes = state && *state != dataplane::BypassState::kOff;
    Json row = {{"name", pair.name},
                {"fail", pair.fail_open ? "open" : "closed"},
                {"bypass", bypass->name()},
                {"bypass_state", state ? passes ? "engaged" : "off" : to_text(state.error())},
                {"by_hand", "off"}};
    for (const ManualBypass& one : all) {
      if (one.pair != pair.name) continue;
      row["by_hand"] = "on";
      row["until_ns"] = one.until;
      row["user"] = one.who.user;
      row["reason"] = one.reason;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void show(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto reply = ask(control_socket(*settings), {{"op", "status"}});
  Json rows = reply ? reply->value("pairs", Json::array()) : rows_alone(*settings);
  for (Json& row : rows) {
    row["data_plane"] = reply ? "runs" : "none";
    row["until"] = time_text(row.value("until_ns", TimeNs{0}));
  }
  print(
      render(context.format_or(Format::kTable), rows,
             {"name", "data_plane", "fail", "bypass", "bypass_state", "by_hand", "until", "user", "reason"}));
}

/// For the service manager, when the data plane has failed for good.
void after_failure(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  auto lock = without_dataplane(*settings);
  if (!lock && lock.error().code == ErrorCode::kUnavailable) return;  // it runs again
  if (!lock) return context.fail(lock.error());
  for (const PairSettings& pair : settings->pairs) {
    if (!pair.fail_open) continue;
    const auto bypass = dataplane::make_bypass(pair);
    if (auto engaged = bypass->engage(); !engaged) {
      context.fail(engaged.error());
    } else {
      print(fmt::format("{}: frames pass over the {}\n", pair.name, bypass->name()));
    }
  }
}

}  // namespace

void add_bypass(CLI::App& app, Context& context) {
  CLI::App* bypass =
      app.add_subcommand("bypass", "frames pass unjudged, for a time; with or without a data plane");
  bypass->require_subcommand(1);
  bypass->fallthrough();
  auto options = std::make_shared<BypassOptions>();
  CLI::App* on = add_command(*bypass, "on", "from now on, for a time", context,
                             [options](Context& used) { turn_on(used, *options); });
  on->add_option("--for", options->duration, "how long: 90s, 15m, 2h; at most 24h")->required();
  on->add_option("--reason", options->reason, "why, for the record")->required();
  CLI::App* off = add_command(*bypass, "off", "judge again", context,
                              [options](Context& used) { turn_off(used, *options); });
  for (CLI::App* command : {on, off}) {
    command->add_option("--pair", options->pair, "this pair only; without it all of them");
  }
  add_command(*bypass, "status", "what passes how", context, show);
  add_command(*bypass, "after-failure", "for the service manager: bridge every pair that fails open", context,
              after_failure);
}

}  // namespace weir::ctl
