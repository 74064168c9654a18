// SPDX-License-Identifier: Apache-2.0
#include "policy/console/jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace weir::console {

using ctl::Json;

Jobs::~Jobs() {
  for (Job& job : jobs_) job.cancelled = true;
  for (Job& job : jobs_)
    if (job.thread.joinable()) job.thread.join();
}

Result<std::string> Jobs::start(const std::string& owner, std::string kind, TimeNs now, Work work) {
  const std::scoped_lock lock{mutex_};
  const auto running =
      std::ranges::count_if(jobs_, [](const Job& job) { return job.state == State::kRunning; });
  if (static_cast<std::size_t>(running) >= kJobsRunningMax)
    return failure(ErrorCode::kLimit, fmt::format("{} jobs run already", running),
                   "wait for one, or cancel it");
  forget_old();
  last_id_ = std::max(now, last_id_ + 1);
  Job& job = jobs_.emplace_front();
  job.id = fmt::format("{:x}", last_id_);
  job.owner = owner;
  job.kind = std::move(kind);
  job.begun = now;
  job.thread = std::thread{[this, &job, work = std::move(work)] { run(job, work); }};
  return job.id;
}

void Jobs::run(Job& job, const Work& work) {
  const auto made = work({.goes_on = [&job] { return !job.cancelled; },
                          .tell =
                              [this, &job](const ctl::HowFar& far) {
                                const std::scoped_lock lock{mutex_};
                                job.far = far;
                              }});
  const std::scoped_lock lock{mutex_};
  if (job.cancelled) {
    job.state = State::kCancelled;
  } else if (made) {
    job.state = State::kDone;
    job.result = *made;
  } else {
    job.state = State::kFailed;
    job.why = to_text(made.error());
  }
}

/// Those that ended have nothing more to do than to leave `run`.
void Jobs::forget_old() {
  std::size_t ended = 0;
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    const bool goes = job->state != State::kRunning && ++ended >= kJobsKept;
    if (!goes) {
      ++job;
      continue;
    }
    job->thread.join();
    job = jobs_.erase(job);
  }
}

Jobs::Job* Jobs::find(const std::string& owner, const std::string& id) {
  const auto found =
      std::ranges::find_if(jobs_, [&](const Job& job) { return job.id == id && job.owner == owner; });
  return found == jobs_.end() ? nullptr : &*found;
}

Json Jobs::tick(const Job& job) {
  constexpr const char* kStates[] = {"running", "done", "cancelled", "failed"};
  const auto left = job.state == State::kRunning ? job.far.seconds_left() : std::nullopt;
  return {{"id", job.id},
          {"kind", job.kind},
          {"state", kStates[static_cast<int>(job.state)]},
          {"done", job.far.done},
          {"of", job.far.of},
          {"events", job.far.events},
          {"left_s", left ? Json(std::ceil(*left)) : Json(nullptr)}};
}

std::optional<Json> Jobs::show(const std::string& owner, const std::string& id) {
  const std::scoped_lock lock{mutex_};
  const Job* const job = find(owner, id);
  if (job == nullptr) return std::nullopt;
  Json json = tick(*job);
  json["begun"] = ctl::time_text(job->begun);
  json["why"] = job->why;
  json["result"] = job->result;
  return json;
}

bool Jobs::cancel(const std::string& owner, const std::string& id) {
  const std::scoped_lock lock{mutex_};
  Job* const job = find(owner, id);
  if (job == nullptr) return false;
  job->cancelled = true;
  return true;
}

Json Jobs::ticks(const std::string& owner) {
  const std::scoped_lock lock{mutex_};
  Json rows = Json::array();
  for (const Job& job : jobs_)
    if (job.owner == owner) rows.push_back(tick(job));
  return rows;
}

}  // namespace weir::console
