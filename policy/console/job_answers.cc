// SPDX-License-Identifier: Apache-2.0
// What another policy would have done to recorded flows, as a job; and jobs of whatever kind.
#include <fmt/format.h>

#include "policy/console/answers.h"
#include "policy/console/policy_change.h"
#include "policy/ctl/exception_change.h"
#include "policy/ctl/recorded_what_if.h"
#include "policy/lang/compile.h"

namespace weir::console {
namespace {

constexpr std::int64_t kHoursMax = 8'784;  // of weirctl policy what-if
constexpr std::int64_t kHoursDefault = 24;
constexpr std::size_t kWhatIfNames = 10;  // of each kind
constexpr const char* kNoPolicy = "weir-policy: 1\n";

struct TwoPolicies {
  std::shared_ptr<const policy::Policy> running;
  std::shared_ptr<const policy::Policy> candidate;
};

/// The policy in force and the text, both with the exceptions that are beside it. nullopt: mistakes are told.
std::optional<TwoPolicies> both(ctl::Context& context, const Settings& settings, const std::string& text) {
  const std::string& path = settings.classifier.policy;
  const auto now = text_in_force(path);
  if (!now) {
    context.fail(now.error());
    return std::nullopt;
  }
  const auto file = policy::read_exceptions(policy::exceptions_path(path));
  TwoPolicies two;
  two.running = ctl::compiled_with(context, path, now->revision == 0 ? kNoPolicy : now->text, file);
  if (two.running) two.candidate = ctl::compiled_with(context, path, text, file);
  return two.candidate ? std::optional{std::move(two)} : std::nullopt;
}

Result<Json> judged(const Settings& settings, const TwoPolicies& two, TimeNs since,
                    const Jobs::Control& control) {
  auto streams = ctl::open_streams(settings);
  if (!streams) return tl::unexpected(streams.error());
  ctl::WhatIf counted;
  ctl::RecordedWhatIf recorded{two.running, two.candidate, since,
                               [&](const ctl::JudgedFlow& flow) { counted.count(flow); }};
  const auto walked =
      ctl::walk_recorded(*streams, ctl::all_flow_streams(settings), recorded, control.tell, control.goes_on);
  if (!walked) return tl::unexpected(walked.error());
  recorded.finish();
  Json json = what_if_json(counted, kWhatIfNames, ctl::PeopleShown{settings});
  json["since"] = recorded.events() == 0 ? Json(nullptr) : time_json(recorded.oldest());
  return json;
}

}  // namespace

Response begin_what_if(Desk& desk, const Call& call) {
  std::int64_t hours = kHoursDefault;
  if (const auto found = call.body.find("hours"); found != call.body.end())
    hours = found->is_number_integer() ? found->get<std::int64_t>() : 0;
  if (hours < 1 || hours > kHoursMax)
    return problem(422, "invalid", fmt::format("hours is 1 to {}", kHoursMax));
  ctl::Told told;
  ctl::Context context = quiet_context(desk, told);
  auto two = both(context, desk.settings(), call.text("text"));
  if (!two) return problem_of(told.errors);
  const TimeNs since = call.now - hours * 3'600 * kSecond;
  const auto id =
      desk.jobs().start(call.account.name, "what-if", call.now,
                        [settings = desk.settings(), two = std::move(*two), since](
                            const Jobs::Control& control) { return judged(settings, two, since, control); });
  if (!id) return problem_of(id.error());
  const auto job = desk.jobs().show(call.account.name, *id);
  return job ? json_response(*job, 202) : problem(404, "not-found");
}

Response show_job(Desk& desk, const Call& call) {
  const auto job = desk.jobs().show(call.account.name, call.arguments.front());
  return job ? json_response(*job) : problem(404, "not-found");
}

Response cancel_job(Desk& desk, const Call& call) {
  if (!desk.jobs().cancel(call.account.name, call.arguments.front())) return problem(404, "not-found");
  Response response;
  response.status = 204;
  response.type.clear();
  return response;
}

}  // namespace weir::console
