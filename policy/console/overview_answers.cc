// SPDX-License-Identifier: Apache-2.0
// What passes, who uses it, how the processes are, who did what; and what changed since a page last heard.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>

#include "policy/console/answers.h"
#include "policy/ctl/software_row.h"
#include "policy/ctl/status.h"
#include "policy/lang/port_range.h"
#include "policy/model/wall_clock.h"
#include "policy/store/audit_store.h"
#include "policy/store/flow_sums.h"
#include "policy/store/software_store.h"
#include "policy/store/violation_store.h"

namespace weir::console {
namespace {

constexpr std::uint32_t kTopNames = 10;
constexpr TimeNs kTick = 5 * kSecond;  // how often pages hear of the processes
constexpr std::int64_t kTrafficPoints = 200;
constexpr std::uint32_t kRanksMax = 10'000;  // clients that can be paged through, those that used most

Json usage_json(const policy::UsageSum& sum) {
  return {{"flows", sum.flows}, {"bytes_up", sum.bytes_up}, {"bytes_down", sum.bytes_down}};
}

struct UsageAsked {
  policy::SumsSpan span;
  std::uint32_t count = kTopNames;
};

/// Rows by name; what is missing is said in `partial`.
Json names_json(Desk& desk, const char* dimension, const UsageAsked& asked, TimeNs now, Json& partial) {
  Json rows = Json::array();
  const auto names = policy::usage_by(desk.store(), dimension, asked.span, asked.count, now);
  if (!names) {
    partial.push_back(to_text(names.error()));
    return rows;
  }
  const ctl::PeopleShown shown{desk.settings()};
  for (const policy::NamedUsage& one : *names) {
    const bool person = dimension == std::string_view{policy::kByClient};
    Json row{{"name", person ? shown.subject(one.name) : one.name}};
    row.update(usage_json(one.sum));
    rows.push_back(std::move(row));
  }
  return rows;
}

Json processes_json(const Json& whole) {
  Json rows = Json::array();
  for (const Json& one : ctl::status_rows(whole)) {
    const std::string part = one.value("part", "");
    rows.push_back({{"part", part.substr(std::min(part.find_first_not_of(' '), part.size()))},
                    {"ok", one.value("state", "") == "ok"},
                    {"says", one.value("says", "")}});
  }
  return rows;
}

std::string word_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

Json pairs_json(const Json& whole) {
  Json rows = Json::array();
  for (const Json& pair : whole.value("pairs", Json::array())) {
    rows.push_back({{"name", word_of(pair, "name")},
                    {"on_death", word_of(pair, "on_death")},
                    {"by_hand", word_of(pair, "by_hand") == "on"},
                    {"trouble", word_of(pair, "trouble")}});
  }
  return rows;
}

Json flows_now(const Json& whole) {
  const auto found = whole.find("flows");
  return found != whole.end() && found->is_number() ? *found : Json(nullptr);
}

Json counts_json(const policy::QueueState& state) {
  Json counts = Json::object();
  for (std::size_t i = 0; i < policy::kSeverities; ++i)
    counts[to_string(static_cast<Severity>(i))] = state.open[i];
  return counts;
}

/// A length of time of the sums in which a span has some points.
TimeNs step_of(TimeNs lasts) {
  if (lasts / policy::kSumMinute <= kTrafficPoints) return policy::kSumMinute;
  return lasts / policy::kSumHour <= kTrafficPoints ? policy::kSumHour : policy::kSumDay;
}

/// Counting a million open violations takes tens of milliseconds: however many pages ask, no more than one
/// part in so many of a processor goes into it.
constexpr std::int64_t kCountingShare = 40;

/// What all pages hear of; the status is made anew at most once a tick, whoever asks.
class Ticker {
 public:
  struct Said {
    std::string queue;  // of the violations, as JSON
    std::string status;
    std::int64_t tick = 0;
  };
  Result<Said> now(Desk& desk, TimeNs at) {
    const std::scoped_lock lock{mutex_};
    if (auto counted = count(desk); !counted) return tl::unexpected(counted.error());
    said_.queue = Json{{"newest", state_.newest},
                       {"last_seen", time_json(state_.last_seen)},
                       {"open", counts_json(state_)}}
                      .dump();
    if (at / kTick == said_.tick) return said_;
    const Json whole = ctl::whole_status(desk.settings());
    said_.tick = at / kTick;
    said_.status =
        Json{{"at", time_json(at)}, {"ok", ctl::is_all_well(whole)}, {"flows", flows_now(whole)}}.dump();
    return said_;
  }
  Result<policy::QueueState> queue(Desk& desk) {
    const std::scoped_lock lock{mutex_};
    if (auto counted = count(desk); !counted) return tl::unexpected(counted.error());
    return state_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  Result<void> count(Desk& desk) {
    const auto began = Clock::now();
    if (began < count_again_) return {};
    auto state = policy::queue_state(desk.store());
    if (!state) return tl::unexpected(state.error());
    state_ = *state;
    count_again_ = Clock::now() + kCountingShare * (Clock::now() - began);
    return {};
  }

  std::mutex mutex_;
  Said said_;
  policy::QueueState state_;
  Clock::time_point count_again_{};
};

Ticker& ticker() {
  static Ticker one;
  return one;
}

}  // namespace

Response overview(Desk& desk, const Call& call) {
  const auto lasts = lasting(call);
  if (!lasts) return problem_of(lasts.error());
  const UsageAsked asked{{std::max<TimeNs>(call.now - *lasts, 0), call.now}};
  const TimeNs step = step_of(*lasts);
  Json partial = Json::array();
  const Json whole = ctl::whole_status(desk.settings());
  const auto queue = ticker().queue(desk);
  if (!queue) return problem_of(queue.error());
  Json traffic = Json::array();
  const auto points = policy::usage_of(desk.store(), policy::kByClient, "", asked.span, step);
  if (!points) partial.push_back(to_text(points.error()));
  for (const policy::UsagePoint& one : points.value_or(std::vector<policy::UsagePoint>{})) {
    Json row{{"begins", time_json(one.begins)}};
    row.update(usage_json(one.sum));
    traffic.push_back(std::move(row));
  }
  Json json{{"at", time_json(call.now)},
            {"from", time_json(asked.span.from)},
            {"ok", ctl::is_all_well(whole)},
            {"processes", processes_json(whole)},
            {"pairs", pairs_json(whole)},
            {"flows_now", flows_now(whole)},
            {"traffic", std::move(traffic)},
            {"traffic_step_s", step / kSecond},
            {"open_violations", counts_json(*queue)}};
  json["applications"] = names_json(desk, policy::kByApplication, asked, call.now, partial);
  json["categories"] = names_json(desk, policy::kByCategory, asked, call.now, partial);
  json["clients"] = names_json(desk, policy::kByClient, asked, call.now, partial);
  json["rules"] = names_json(desk, policy::kByRule, asked, call.now, partial);
  json["partial"] = std::move(partial);
  return json_response(json);
}

namespace {

/// Ranks stand still while somebody pages through them: the cursor has the time of the first page.
struct RankedPlace {
  TimeNs at = 0;
  std::uint32_t rank = 0;

  [[nodiscard]] std::string text() const { return fmt::format("{}.{}", at, rank); }
};

/// nullopt: no such cursor.
std::optional<RankedPlace> ranked_place(const Call& call) {
  const std::string cursor = call.asked("cursor");
  if (cursor.empty()) return RankedPlace{call.now, 0};
  const std::size_t dot = std::min(cursor.find('.'), cursor.size());
  const auto at = policy::whole_number<TimeNs>(cursor.substr(0, dot));
  const auto rank = policy::whole_number<std::uint32_t>(cursor.substr(std::min(dot + 1, cursor.size())));
  if (!at || !rank || *at <= 0 || *at > call.now || *rank > kRanksMax) return std::nullopt;
  return RankedPlace{*at, *rank};
}

}  // namespace

Response list_clients(Desk& desk, const Call& call) {
  const auto lasts = lasting(call);
  if (!lasts) return problem_of(lasts.error());
  const auto count = call.count();
  if (!count) return problem(422, "invalid", fmt::format("count is 1 to {}", kRowsMax));
  const auto from = ranked_place(call);
  if (!from) return problem(422, "invalid", "no such cursor");
  Json partial = Json::array();
  const UsageAsked asked{{std::max<TimeNs>(from->at - *lasts, 0), from->at}, from->rank + *count + 1};
  Json rows = names_json(desk, policy::kByClient, asked, call.now, partial);
  if (!partial.empty()) return problem(503, "unavailable", partial.front().get<std::string>());
  rows.erase(rows.begin(), rows.begin() + std::min<std::ptrdiff_t>(from->rank, std::ssize(rows)));
  Json next = nullptr;
  if (rows.size() > *count) {
    rows.erase(rows.end() - 1);
    if (from->rank + *count <= kRanksMax) next = RankedPlace{from->at, from->rank + *count}.text();
  }
  return json_response({{"clients", std::move(rows)}, {"next", std::move(next)}});
}

namespace {

/// The row behind which a page begins, as it is shown: who a pseudonym stands for is in no cursor.
Result<policy::SoftwareKey> software_place(Desk& desk, const std::string& cursor) {
  if (cursor.empty()) return policy::SoftwareKey{};
  const Json words = Json::parse(cursor, nullptr, false);
  const bool fits = words.is_array() && words.size() == 3 &&
                    std::ranges::all_of(words, [](const Json& one) { return one.is_string(); });
  if (!fits) return failure(ErrorCode::kInvalid, "no such cursor");
  auto client = ctl::subject_behind(desk.store(), desk.people().pseudonyms, words[0].get<std::string>());
  if (!client) return failure(ErrorCode::kInvalid, "no such cursor");
  return policy::SoftwareKey{std::move(*client), words[1].get<std::string>(), words[2].get<std::string>()};
}

}  // namespace

Response list_software(Desk& desk, const Call& call) {
  const auto count = call.count();
  if (!count) return problem(422, "invalid", fmt::format("count is 1 to {}", kRowsMax));
  const auto client = ctl::subject_behind(desk.store(), desk.people().pseudonyms, call.asked("client"));
  if (!client) return problem_of(client.error());
  const auto after = software_place(desk, call.asked("cursor"));
  if (!after) return problem_of(after.error());
  auto software = policy::software_page(desk.store(), *client, *after, *count + 1);
  if (!software) return problem_of(software.error());
  const ctl::PeopleShown shown{desk.settings()};
  Json next = nullptr;
  if (software->size() > *count) {
    software->pop_back();
    const policy::Software& last = software->back();
    next = Json{shown.subject(last.client), last.product, last.version}.dump(-1, ' ', false,
                                                                             Json::error_handler_t::replace);
  }
  Json rows = Json::array();
  for (const policy::Software& one : *software)
    rows.push_back(without_dashes(ctl::software_row(one, shown), {"first_seen", "last_seen"}));
  return json_response({{"software", std::move(rows)}, {"next", std::move(next)}});
}

Response show_status(Desk& desk, const Call&) {
  Json whole = ctl::whole_status(desk.settings());
  Json json{{"ok", ctl::is_all_well(whole)}, {"processes", processes_json(whole)}};
  for (const char* const part : {"classifiers", "engine", "redis"}) {
    json[part] = whole[part];
    whole.erase(part);
  }
  json["dataplane"] = std::move(whole);
  return json_response(json);
}

Response list_audit(Desk& desk, const Call& call) {
  const auto count = call.count();
  if (!count) return problem(422, "invalid", fmt::format("count is 1 to {}", kRowsMax));
  const auto head = policy::audit_head(desk.store());
  if (!head) return problem_of(head.error());
  std::int64_t last = head->number;
  if (const std::string cursor = call.asked("cursor"); !cursor.empty()) {
    const auto number = policy::whole_number<std::int64_t>(cursor);
    if (!number || *number < 0 || *number > head->number) return problem(422, "invalid", "no such cursor");
    last = *number;
  }
  const std::int64_t first = std::max<std::int64_t>(last - *count + 1, head->first);
  Json rows = Json::array();
  if (last >= first) {
    const auto entries =
        policy::audit_rows(desk.store(), first, static_cast<std::uint32_t>(last - first + 1));
    if (!entries) return problem_of(entries.error());
    for (auto one = entries->rbegin(); one != entries->rend(); ++one) {
      rows.push_back({{"number", one->number},
                      {"at", time_json(one->at)},
                      {"who", one->who},
                      {"origin", one->origin},
                      {"verb", one->verb},
                      {"object", one->object},
                      {"reason", one->reason},
                      {"result", one->result}});
    }
  }
  return json_response({{"entries", std::move(rows)},
                        {"next", first > head->first ? Json(std::to_string(first - 1)) : Json(nullptr)}});
}

/// What differs from what the page heard last, by the id of that: digest of the queue, the tick, and digest
/// of the account's jobs.
Response tell_events(Desk& desk, const Call& call) {
  const auto said = ticker().now(desk, call.now);
  if (!said) return problem_of(said.error());
  const Json jobs = desk.jobs().ticks(call.account.name);
  const struct {
    const char* name;
    std::string mark;
    std::string data;
  } events[] = {{"violations", hash_of_token(said->queue).substr(0, 16), said->queue},
                {"status", std::to_string(said->tick), said->status},
                {"jobs", jobs.empty() ? "none" : hash_of_token(jobs.dump()).substr(0, 16), jobs.dump()}};
  const std::string id = fmt::format("{}-{}-{}", events[0].mark, events[1].mark, events[2].mark);
  std::string_view heard = call.request.last_event;
  Response response;
  response.type = "text/event-stream";
  for (const auto& one : events) {
    const std::string_view before = heard.substr(0, heard.find('-'));
    heard.remove_prefix(std::min(before.size() + 1, heard.size()));
    const bool is_new = before != one.mark && !(before.empty() && one.mark == "none");
    if (is_new) response.body += fmt::format("event: {}\nid: {}\ndata: {}\n\n", one.name, id, one.data);
  }
  response.headers.emplace_back("Weir-Event", id);
  return response;
}

}  // namespace weir::console
