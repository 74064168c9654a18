// SPDX-License-Identifier: Apache-2.0
// Exceptions of the policy: those that hold and those that did, made, tried and removed by the functions of
// weirctl exception.
#include <fmt/format.h>

#include <algorithm>

#include "policy/console/answers.h"
#include "policy/console/policy_change.h"
#include "policy/ctl/exception_change.h"
#include "policy/ctl/recorded_events.h"
#include "policy/ctl/recorded_what_if.h"
#include "policy/lang/policy.h"
#include "policy/lang/port_range.h"
#include "policy/lang/words.h"
#include "policy/model/ip_address.h"
#include "policy/store/violation_store.h"

namespace weir::console {
namespace {

constexpr std::array kExceptionKeys{"client", "mac",       "group",   "domain",
                                    "app",    "recipient", "product", "rule"};
constexpr std::size_t kExceptionValuesMax = 100;     // of one key
constexpr std::uint64_t kTrialEventsMax = 100'000;   // of all streams
constexpr TimeNs kTrialSpan = 24 * 3'600 * kSecond;  // how far back a trial looks
constexpr std::size_t kTrialNames = 5;               // of each kind

using Keys = std::vector<std::pair<std::string, std::vector<std::string>>>;

std::vector<std::string>& values_at(Keys& keys, std::string_view key) {
  return std::ranges::find(keys, key, &Keys::value_type::first)->second;
}

/// The values of the body under the keys of an exception, some of which may be pseudonyms.
Result<Keys> keys_of(const Call& call) {
  Keys keys;
  for (const char* const key : kExceptionKeys) {
    std::vector<std::string> values;
    if (const auto found = call.body.find(key); found != call.body.end()) {
      const bool fits = found->is_array() && found->size() <= kExceptionValuesMax &&
                        std::ranges::all_of(*found, [](const Json& one) { return one.is_string(); });
      if (!fits)
        return failure(ErrorCode::kInvalid,
                       fmt::format("{} is a list of at most {} texts", key, kExceptionValuesMax));
      values = found->get<std::vector<std::string>>();
    }
    keys.emplace_back(key, std::move(values));
  }
  return keys;
}

/// Whom a pseudonym stands for goes where it belongs; who that is is said to nobody.
Result<void> resolve(Desk& desk, Keys& keys) {
  std::vector<std::string> addresses;
  for (const std::string& word : std::exchange(values_at(keys, "client"), {})) {
    auto behind = ctl::subject_behind(desk.store(), desk.people().pseudonyms, word);
    if (!behind) return tl::unexpected(behind.error());
    if (*behind == word || Subnet::parse(*behind)) {
      addresses.push_back(std::move(*behind));
    } else if (MacAddress::parse(*behind)) {
      values_at(keys, "mac").push_back(std::move(*behind));
    } else {
      return failure(ErrorCode::kInvalid, fmt::format("{} is no address and no card", word),
                     "an exception is for addresses, cards or groups");
    }
  }
  values_at(keys, "client") = std::move(addresses);
  return {};
}

/// A person of this role may know of the violation that is named, and there is one.
Result<std::int64_t> violation_of(Desk& desk, const Call& call) {
  const auto found = call.body.find("violation");
  if (found == call.body.end()) return 0;
  const Operation* const reads = route("GET", std::string{kApi} + "/violations/1").operation;
  if (!found->is_number_integer() || !allowed(*reads, *role_of(call.account.role)))
    return failure(ErrorCode::kInvalid, "violation is the number of one that the account may read");
  const auto id = found->get<std::int64_t>();
  const auto violation = desk.store().violation(id);
  if (!violation) return tl::unexpected(violation.error());
  return id;
}

Result<ctl::AskedException> asked_exception(Desk& desk, const Call& call) {
  ctl::AskedException asked{.made = {}, .until = call.text("until"), .lasting = call.text("lasting")};
  if (asked.until.empty() == asked.lasting.empty())
    return failure(ErrorCode::kInvalid, "the exception says when it ends: either until or lasting");
  ctl::NewException& made = asked.made;
  made.name = call.text("name");
  if (!policy::is_name(made.name))
    return failure(ErrorCode::kInvalid, "the exception has no name", policy::kNameAdvice);
  made.reason = call.text("reason");
  if (const std::string wrong = what_is_wrong_with(made.reason); !wrong.empty())
    return failure(ErrorCode::kInvalid, wrong);
  made.by = call.account.name;
  made.owner = call.text("owner");
  if (made.owner.empty()) made.owner = made.by;
  auto keys = keys_of(call);
  if (!keys) return tl::unexpected(keys.error());
  if (auto known = resolve(desk, *keys); !known) return tl::unexpected(known.error());
  made.keys = std::move(*keys);
  const auto violation = violation_of(desk, call);
  if (!violation) return tl::unexpected(violation.error());
  made.violation = *violation;
  return asked;
}

/// What the policy in force and the same with the exception say of the newest events.
Result<ctl::WhatIf> tried(const Settings& settings, const ctl::PolicyWithExceptions& now,
                          const ctl::ExceptionTrial& trial, TimeNs at) {
  auto streams = ctl::open_streams(settings);
  if (!streams) return tl::unexpected(streams.error());
  ctl::WhatIf counted;
  ctl::RecordedWhatIf recorded{now.policy, trial.policy, at - kTrialSpan,
                               [&](const ctl::JudgedFlow& flow) { counted.count(flow); }};
  const auto names = ctl::all_flow_streams(settings);
  for (const std::string& stream : names) {
    const auto walked = ctl::walk_back(
        *streams, stream, kTrialEventsMax / names.size(),
        [&](const event::FlowEvent& event, TimeNs when) { return recorded.add(event, when); }, {},
        ctl::DecisionPath::kLeftOut);
    if (!walked) return tl::unexpected(walked.error());
  }
  recorded.finish();
  return counted;
}

/// Of a row of weirctl's, which has "" where nothing is known.
Json exception_json(Json row) {
  for (const char* const key : {"made", "removed"})
    if (!row.contains(key) || row[key] == "") row[key] = nullptr;
  for (const char* const key : {"removed_by", "removed_because"})
    if (!row.contains(key)) row[key] = "";
  const auto violation = policy::whole_number<std::int64_t>(row["violation"].get<std::string>());
  row["violation"] = violation ? Json(*violation) : Json(nullptr);
  row["in_policy"] = row["made"].is_null();
  return row;
}

ctl::ExceptionView view_of(const ctl::PeopleShown& shown) {
  return {.ended = true, .client = [&shown](const std::string& one) { return shown.subject(one); }};
}

/// What the violation's history keeps of the exception; a warning where it cannot.
void link(Desk& desk, const ctl::NewException& made, const Call& call, ctl::Told& told) {
  auto batch = desk.store().begin();
  Result<void> done = batch ? Result<void>{} : tl::unexpected(batch.error());
  if (done)
    done = policy::link_exception(*batch, made.violation, made.name, {made.by, call.now, made.reason});
  if (done) done = batch->commit();
  if (!done)
    told.words.push_back(fmt::format("violation {} does not name it: {}", made.violation, done.error().what));
}

}  // namespace

Response list_exceptions(Desk& desk, const Call& call) {
  ctl::Told told;
  ctl::Context context = quiet_context(desk, told);
  Json rows = Json::array();
  if (ctl::revision_on_disk(desk.settings().classifier.policy) == 0)
    return json_response({{"exceptions", rows}});
  const auto now = ctl::policy_with_exceptions(context, desk.settings());
  if (!now) return problem_of(told.errors);
  const ctl::PeopleShown shown{desk.settings()};
  for (Json& row : ctl::exception_rows(now->file, *now->policy, call.now, view_of(shown)))
    rows.push_back(exception_json(std::move(row)));
  return json_response({{"exceptions", std::move(rows)}});
}

Response try_exception(Desk& desk, const Call& call) {
  const auto asked = asked_exception(desk, call);
  if (!asked) return problem_of(asked.error());
  ctl::Told told;
  ctl::Context context = quiet_context(desk, told);
  const auto now = ctl::policy_with_exceptions(context, desk.settings());
  if (!now) return problem_of(told.errors);
  const auto trial = ctl::try_exception(context, desk.settings(), *now, *asked, call.now);
  if (!trial) return problem_of(told.errors);
  const ctl::PeopleShown shown{desk.settings()};
  for (const Json& row : ctl::exception_rows(trial->file, *trial->policy, call.now, view_of(shown))) {
    if (row["exception"] != asked->made.name || row["state"] != "in force") continue;
    Json answer{
        {"for", row["for"]}, {"allows", row["allows"]}, {"until", row["until"]}, {"partial", nullptr}};
    const auto counted = tried(desk.settings(), *now, *trial, call.now);
    answer["matches"] = counted ? what_if_json(*counted, kTrialNames, shown) : Json(nullptr);
    if (!counted) answer["partial"] = to_text(counted.error());
    return json_response(answer);
  }
  return problem(409, "conflict", "the exception would lift nothing");
}

Response add_exception(Desk& desk, const Call& call) {
  const auto asked = asked_exception(desk, call);
  if (!asked) return problem_of(asked.error());
  auto folder = ctl::PolicyFolder::lock(desk.settings().classifier.policy);
  if (!folder) return problem_of(folder.error());
  ctl::Told told;
  ctl::Context context = quiet_context(desk, told);
  ctl::add_exception_in(context, desk.settings(), *folder, *asked, true);
  if (asked->made.violation > 0 && !context.done.empty()) link(desk, asked->made, call, told);
  return applied(desk, context, told,
                 Desk::entry_of(call, "exception add", asked->made.name, asked->made.reason));
}

Response remove_exception(Desk& desk, const Call& call) {
  const std::string name = call.text("name");
  const std::string reason = call.text("reason");
  if (const std::string wrong = what_is_wrong_with(reason); !wrong.empty())
    return problem(422, "invalid", wrong);
  auto folder = ctl::PolicyFolder::lock(desk.settings().classifier.policy);
  if (!folder) return problem_of(folder.error());
  ctl::Told told;
  ctl::Context context = quiet_context(desk, told);
  ctl::remove_exception_in(context, desk.settings(), *folder, name, {call.account.name, reason}, true);
  return applied(desk, context, told, Desk::entry_of(call, "exception remove", name, reason));
}

}  // namespace weir::console
