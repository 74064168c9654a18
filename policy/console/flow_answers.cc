// SPDX-License-Identifier: Apache-2.0
// Flows of which an event was published: found page by page, and explained.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "policy/console/answers.h"
#include "policy/console/flow_search.h"
#include "policy/ctl/explain.h"
#include "policy/ctl/explain_words.h"
#include "policy/ctl/flow_row.h"
#include "policy/ctl/recorded_events.h"
#include "policy/engine/event_codec.h"
#include "policy/lang/words.h"

namespace weir::console {
namespace {

constexpr std::uint64_t kSearchEventsMax = 100'000;  // of all streams

const char* kind_of(const event::FlowEvent& event) {
  return event.kind() == event::KIND_FINAL    ? "final"
         : event.kind() == event::KIND_UPDATE ? "update"
                                              : "opened";
}

Json flow_json(const event::FlowEvent& event, const ctl::PeopleShown& shown) {
  const event::Counters& counters = event.counters();
  const bool inside = event.initiator_inside();
  return {{"id", event.flow_id()},
          {"kind", kind_of(event)},
          {"started", time_json(static_cast<TimeNs>(event.started_ns()))},
          {"ended", time_json(static_cast<TimeNs>(event.ended_ns()))},
          {"client", shown.subject(policy::client_of(event))},
          {"initiator_inside", inside},
          {"server", policy::peer_of(event)},
          {"server_port", inside ? event.responder_port() : event.initiator_port()},
          {"protocol", ctl::l4_name(event.protocol())},
          {"app", ctl::app_text(event)},
          {"host", event.host()},
          {"group", event.group()},
          {"action", event.action()},
          {"rule", event.rule()},
          {"revision", event.policy_revision()},
          {"bytes_up", inside ? counters.bytes_from_initiator() : counters.bytes_from_responder()},
          {"bytes_down", inside ? counters.bytes_from_responder() : counters.bytes_from_initiator()}};
}

bool contains(std::string_view text, std::string_view part) {
  return std::ranges::search(text, part, {}, policy::lower, policy::lower).begin() != text.end() ||
         part.empty();
}

struct FlowWanted {
  std::string client;
  std::string host;
  std::string app;
  std::string action;
  std::string rule;

  [[nodiscard]] bool is(const event::FlowEvent& event) const {
    return (client.empty() || policy::client_of(event) == client) && contains(event.host(), host) &&
           contains(ctl::app_text(event), app) && (action.empty() || event.action() == action) &&
           (rule.empty() || event.rule() == rule);
  }
};

struct FlowsWanted {
  const FlowWanted& one;
  std::size_t count;
  std::uint64_t events_max;
  std::optional<FlowPlace> from;  // nullopt: the newest
};

/// Of each flow the newest event there is in the stretch.
Result<FlowStretch> stretch_of(policy::StreamBrowser& streams, const std::string& stream, std::uint32_t index,
                               const FlowsWanted& wanted, std::uint64_t& searched) {
  FlowStretch stretch;
  std::unordered_set<std::string> known;
  std::uint64_t looked_at = 0;
  const auto visit = [&](const policy::StreamEntry& entry) {
    auto place = FlowPlace::of_entry(entry.id, index);
    if (!place) return true;
    return ctl::visit_backwards(
        entry, ctl::DecisionPath::kLeftOut, [&](const event::FlowEvent& event, TimeNs) {
          const FlowPlace here = *place;
          ++place->nth;
          if (wanted.from && here < *wanted.from) return true;  // of the page before
          if (stretch.found.size() >= wanted.count || looked_at >= wanted.events_max) {
            stretch.unread = here;
            return false;
          }
          ++looked_at;
          if (wanted.one.is(event) && known.insert(event.flow_id()).second)
            stretch.found.push_back({here, event});
          return true;
        });
  };
  const auto walked =
      streams.scan_backwards(stream, UINT64_MAX, visit, wanted.from ? wanted.from->entry() : "+");
  if (!walked) return tl::unexpected(walked.error());
  searched += looked_at;
  return stretch;
}

struct FlowsFound {
  FlowSearchPage page;
  std::uint64_t searched = 0;
};

Result<FlowsFound> search(const Settings& settings, const FlowWanted& wanted, std::size_t count,
                          std::optional<FlowPlace> from) {
  auto streams = ctl::open_streams(settings);
  if (!streams) return tl::unexpected(streams.error());
  const auto names = ctl::all_flow_streams(settings);
  FlowsFound found;
  std::vector<FlowStretch> stretches;
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    auto stretch = stretch_of(*streams, names[i], i, {wanted, count, kSearchEventsMax / names.size(), from},
                              found.searched);
    if (!stretch) return tl::unexpected(stretch.error());
    stretches.push_back(std::move(*stretch));
  }
  found.page = page_of(std::move(stretches), count);
  return found;
}

Json steps_json(const event::FlowEvent& event) {
  Json steps = Json::array();
  for (const event::Step& step : event.path()) {
    steps.push_back({{"section", step.section()},
                     {"rule", step.rule()},
                     {"matched", step.matched()},
                     {"why", step.why()}});
  }
  return steps;
}

Json hits_json(const event::FlowEvent& event, const ctl::PeopleShown& shown) {
  Json hits = Json::array();
  for (const event::Hit& hit : event.hits()) {
    hits.push_back({{"rule", hit.rule()},
                    {"section", hit.section()},
                    {"severity", hit.severity()},
                    {"action", hit.action()},
                    {"would_block", hit.would_block()},
                    {"object", shown.object(hit.object())}});
  }
  return hits;
}

}  // namespace

Response search_flows(Desk& desk, const Call& call) {
  const auto count = call.count();
  if (!count) return problem(422, "invalid", fmt::format("count is 1 to {}", kRowsMax));
  FlowWanted wanted{{}, call.asked("host"), call.asked("app"), call.asked("action"), call.asked("rule")};
  if (const std::string client = call.asked("client"); !client.empty()) {
    auto known = ctl::subject_behind(desk.store(), desk.people().pseudonyms, client);
    if (!known) return problem_of(known.error());
    wanted.client = std::move(*known);
  }
  std::optional<FlowPlace> from;
  if (const std::string cursor = call.asked("cursor"); !cursor.empty()) {
    from = FlowPlace::parse(cursor);
    if (!from) return problem(422, "invalid", "no such cursor");
  }
  const auto found = search(desk.settings(), wanted, *count, from);
  if (!found) return problem_of(found.error());
  const ctl::PeopleShown shown{desk.settings()};
  Json rows = Json::array();
  for (const event::FlowEvent& event : found->page.events) rows.push_back(flow_json(event, shown));
  const auto& next = found->page.next;
  return json_response({{"flows", std::move(rows)},
                        {"searched", found->searched},
                        {"next", next ? Json(next->text()) : Json(nullptr)}});
}

Response explain_flow(Desk& desk, const Call& call) {
  const auto event = ctl::find_flow(desk.settings(), call.arguments.front());
  if (!event) return problem_of(event.error());
  const ctl::PeopleShown shown{desk.settings()};
  // The words have addresses: beside a pseudonym they would say who that is.
  return json_response({{"flow", flow_json(*event, shown)},
                        {"path", steps_json(*event)},
                        {"hits", hits_json(*event, shown)},
                        {"words", shown.clear() ? Json(ctl::explain_in_words(*event)) : Json(nullptr)}});
}

}  // namespace weir::console
