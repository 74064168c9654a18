// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/bypass_control.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "dataplane/bypass/shared_file.h"
#include "dataplane/control/operators.h"
#include "dataplane/control/refusal.h"
#include "policy/model/duration.h"

namespace weir::dataplane {
namespace {

using nlohmann::json;

constexpr const char* kMe = "weir-dataplane";
constexpr TimeNs kStampInterval = kSecond;

std::string alive_file(const Settings& settings) { return settings.state_directory + "/dataplane.alive"; }

/// When a data plane last said that it lives; 0: never.
TimeNs last_alive(const Settings& settings) {
  struct stat status {};
  if (::stat(alive_file(settings).c_str(), &status) != 0) return 0;
  return status.st_mtim.tv_sec * kSecond + status.st_mtim.tv_nsec;
}

}  // namespace

void BypassControl::begin(Moment now) {
  looked_ = now.monotonic;
  const TimeNs gone = last_alive(settings_);
  for (std::size_t i = 0; i < settings_.pairs.size(); ++i) {
    if (gone == 0 || gone >= now.wall) break;
    const bool passed = bypasses_[i].passed_before;
    audit({.event = "gap",
           .bypass = {.pair = settings_.pairs[i].name,
                      .since = gone,
                      .until = now.wall,
                      .who = who_is(geteuid()),
                      .reason = "no data plane ran"},
           .ended = now.wall,
           .why = passed ? "frames passed over the " + bypasses_[i].bypass->name() : "nothing passed",
           .by = kMe});
  }
  const auto kept = read_manual(manual_file(settings_));
  if (!kept) {
    spdlog::error("bypass-state-refused error=\"{}\"", to_text(kept.error()));
    return;
  }
  for (const ManualBypass& manual : *kept) {
    for (std::size_t i = 0; i < settings_.pairs.size(); ++i) {
      if (settings_.pairs[i].name != manual.pair) continue;
      // A clock that was set back must not make it longer than it was asked for.
      const TimeNs left = std::min(manual.until - now.wall, manual.until - manual.since);
      active_[i] = {manual, now.monotonic + std::max<TimeNs>(left, 0)};
      spdlog::warn("bypass-goes-on pair={} left=\"{}\"", manual.pair,
                   duration_text(std::max<TimeNs>(left, 0)));
    }
  }
  look(now);
  tell_workers();
}

Result<BypassControl::Wish> BypassControl::understand(std::string_view line, std::uint32_t uid,
                                                      Moment now) const {
  Wish wish;
  std::string pair;
  TimeNs for_s = 0;
  try {  // the library throws on wrong types
    const json wanted = json::parse(line);
    const std::string what = wanted.value("do", "");
    if (what != "on" && what != "off") return failure(ErrorCode::kInvalid, "\"do\" is on or off");
    wish.on = what == "on";
    pair = wanted.value("pair", "");
    for_s = wanted.value("for_s", TimeNs{0});
    wish.manual.reason = wanted.value("reason", "");
  } catch (const json::exception&) {
    return failure(ErrorCode::kInvalid, "do, pair and reason are texts, for_s is a number");
  }
  for (std::size_t i = 0; i < settings_.pairs.size(); ++i) {
    if (pair.empty() || settings_.pairs[i].name == pair) wish.pairs.push_back(i);
  }
  if (wish.pairs.empty()) return failure(ErrorCode::kNotFound, fmt::format("there is no pair {}", pair));
  if (!wish.on) return wish;
  if (for_s < 1 || for_s > kBypassLongest / kSecond) {
    return failure(ErrorCode::kInvalid, "for_s is 1 to 86400 seconds");
  }
  if (auto checked = check_reason(wish.manual.reason); !checked) return tl::unexpected(checked.error());
  wish.manual.since = now.wall;
  wish.manual.until = now.wall + for_s * kSecond;
  wish.manual.who = who_is(uid);
  return wish;
}

json BypassControl::request(std::string_view line, std::uint32_t uid, Moment now) {
  if (!may_operate(uid, settings_.operators)) {
    spdlog::warn("bypass-refused uid={}", uid);
    return refusal_of(fmt::format("only root and the group {} may do this", settings_.operators));
  }
  auto wish = understand(line, uid, now);
  if (!wish) return refusal_of(wish.error().what);
  json changed = json::array();
  for (const std::size_t i : wish->pairs) {
    const std::string& name = settings_.pairs[i].name;
    if (active_.contains(i)) {
      end(i, wish->on ? "replaced" : "by hand", now.wall);
      changed.push_back(name);
    }
    if (!wish->on) continue;
    Active active{wish->manual, now.monotonic + wish->manual.until - wish->manual.since};
    active.manual.pair = name;
    spdlog::warn("bypass-on pair={} for=\"{}\" user={} reason=\"{}\"", name,
                 duration_text(active.manual.until - active.manual.since), active.manual.who.user,
                 active.manual.reason);
    audit({.event = "on", .bypass = active.manual, .ended = 0, .why = {}, .by = kMe});
    active_[i] = std::move(active);
    if (changed.empty() || changed.back() != name) changed.push_back(name);
  }
  tell_workers();
  json reply = {{"ok", true}, {"changed", std::move(changed)}};
  if (auto kept = keep(); !kept)
    reply["warning"] = "it would not outlive a restart: " + to_text(kept.error());
  return reply;
}

void BypassControl::look(Moment now) {
  for (const auto& [pair, active] : active_) {
    bypassed_[pair] += std::clamp<TimeNs>(now.monotonic - looked_, 0, active.ends - looked_);
  }
  looked_ = now.monotonic;
  std::vector<std::size_t> over;
  for (const auto& [pair, active] : active_) {
    if (now.monotonic >= active.ends) over.push_back(pair);
  }
  for (const std::size_t pair : over) end(pair, "expired", now.wall);
  if (!over.empty()) {
    tell_workers();
    if (auto kept = keep(); !kept) spdlog::error("bypass-state-failed error=\"{}\"", to_text(kept.error()));
  }
  if (stamped_ == 0 || now.monotonic - stamped_ >= kStampInterval) {
    stamped_ = now.monotonic;
    stamp_alive();
  }
}

void BypassControl::end(std::size_t pair, const std::string& why, TimeNs ended) {
  const auto found = active_.find(pair);
  const ManualBypass& manual = found->second.manual;
  // What expired while no data plane ran ended then.
  const TimeNs when = why == "expired" ? std::min(ended, std::max(manual.until, manual.since)) : ended;
  spdlog::warn("bypass-off pair={} why=\"{}\" after=\"{}\"", manual.pair, why,
               duration_text(std::max<TimeNs>(when - manual.since, 0)));
  audit({.event = "off", .bypass = manual, .ended = when, .why = why, .by = kMe});
  active_.erase(found);
}

Result<void> BypassControl::keep() const {
  std::vector<ManualBypass> all;
  for (const auto& [pair, active] : active_) all.push_back(active.manual);
  return write_manual(manual_file(settings_), all);
}

void BypassControl::tell_workers() const {
  std::uint32_t pairs = 0;
  for (const auto& [pair, active] : active_) pairs |= 1U << pair;
  set_pairs_(pairs);
}

void BypassControl::audit(const AuditLine& line) const {
  if (auto written = append_audit(audit_file(settings_), line); !written) {
    spdlog::error("bypass-audit-failed error=\"{}\"", to_text(written.error()));
  }
}

void BypassControl::stamp_alive() const {
  const int fd = open_shared(alive_file(settings_), O_WRONLY);
  if (fd < 0) return;  // the audit's own failures are said; this file only bounds a gap
  static_cast<void>(::futimens(fd, nullptr));
  ::close(fd);
}

json BypassControl::pairs_json(std::span<const PortCounters> ports) const {
  json list = json::array();
  for (std::size_t i = 0; i < settings_.pairs.size(); ++i) {
    const PairSettings& settings = settings_.pairs[i];
    const PairBypasses::Pair& mine = bypasses_[i];
    const auto state = mine.bypass->state();
    const auto time = bypassed_.find(i);
    json pair = {{"name", settings.name},
                 {"fail", settings.fail_open ? "open" : "closed"},
                 {"bypass", mine.bypass->name()},
                 {"bypass_state", state ? to_string(*state) : "not known"},
                 {"on_death", mine.trouble.empty() ? mine.bypass->on_death() : "nothing passes"},
                 {"trouble", mine.trouble},
                 {"by_hand", "off"},
                 {"bypass_seconds", time == bypassed_.end() ? 0 : time->second / kSecond},
                 {"bypass_frames", ports[2 * i].bypassed + ports[2 * i + 1].bypassed}};
    if (const auto found = active_.find(i); found != active_.end()) {
      const ManualBypass& manual = found->second.manual;
      pair["by_hand"] = "on";
      pair["since_ns"] = manual.since;
      pair["until_ns"] = manual.until;
      pair["left_s"] = std::max<TimeNs>(found->second.ends - looked_, 0) / kSecond;
      pair["user"] = manual.who.user;
      pair["reason"] = manual.reason;
    }
    list.push_back(std::move(pair));
  }
  return list;
}

}  // namespace weir::dataplane
