// SPDX-License-Identifier: Apache-2.0
// A rule with `then: continue` refuses a request with a page that has a button; who clicks goes on:
//   1. the page's button carries a token of this client (ClickThroughs)
//   2. the click is a request to the same host, which Weir takes and its server never gets
//   3. it is answered with the way back (303), and the rule is silent for the client while that holds
#include <algorithm>

#include "classifier/engine/classifier.h"
#include "classifier/inspect/click.h"
#include "classifier/inspect/http_head.h"
#include "policy/lang/policy.h"

namespace weir::classifier {
namespace {

using channel::InjectEnd;
using channel::Request;

/// The rule of this name that may be clicked through, or nullptr.
const policy::Rule* clickable(const policy::Policy& policy, std::string_view name) {
  const auto& rules = policy.parts().rules[static_cast<std::size_t>(Section::kWeb)];
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const policy::Rule& one) {
    return one.name == name && one.then == Action::kContinue && !one.monitor;
  });
  return rule == rules.end() ? nullptr : &*rule;
}

}  // namespace

/// With a button where the rule has one, the client is known and it asked for a path. What is too long for a
/// click, or for a page, goes on to the host's front page.
std::string Classifier::page_for(const FlowContext& flow, const Notice& notice, bool head) const {
  const std::string& asked = flow.facts.http.path;
  Notice page = notice;
  if (flow.decision.action != Action::kContinue || !asked.starts_with('/')) return http_notice(page, head);
  for (const std::string_view path : {std::string_view{asked}, std::string_view{"/"}}) {
    const std::string token =
        parts_.identity.clicks.token(flow.client, flow.decision.rule, path, clock_reached_);
    if (token.empty()) break;
    const std::string target = click_target({flow.decision.rule, token, path});
    page.go_on = target;
    std::string text = http_notice(page, head);
    if (target.size() <= kUrlPathBytesMax && text.size() <= kNoticeBytesMax) return text;
  }
  return http_notice(notice, head);
}

/// Before the request just read is judged: if it is a click of this client's, the rule is silent from now on.
void Classifier::take_click(FlowContext& flow) {
  const auto click = flow.facts.http.seen ? read_click(flow.facts.http) : std::nullopt;
  if (!click) return flow.going_on.clear();
  if (flow.going_on == click->path) return;  // with the rest of its head
  ClickThroughs& clicks = parts_.identity.clicks;
  const policy::Rule* const rule = clickable(policy_for(flow.facts), click->rule);
  if (rule == nullptr ||
      !clicks.was_given(click->token, flow.client, click->rule, click->path, clock_reached_)) {
    ++counts_.clicks_refused;
    return;
  }
  ++counts_.clicks;
  clicks.record(flow.client, rule->name, clock_reached_ + rule->click_for, clock_reached_);
  counts_.clicks_evicted = clicks.evicted();
  flow.going_on = click->path;
  const std::string& host = flow.facts.host;
  note_hit(flow,
           {rule->name, rule->section, rule->severity, rule->then, false,
            (host.empty() ? flow.facts.peer().to_string() : host) + " (clicked through)", rule->tell_user});
}

/// False: it is not the time for an answer.
bool Classifier::answer_click(FlowContext& flow, const Request& request) {
  if (!flow.inspector || request.head.parked == 0) return false;
  const Refusal refusal = flow.inspector->refusal(request.head.direction);
  if (refusal.form != RefusalForm::kHttpReply || !refusal.in_turn) return false;
  inject(flow, request, InjectEnd::kClose, http_go_on(flow.going_on));
  return true;
}

}  // namespace weir::classifier
