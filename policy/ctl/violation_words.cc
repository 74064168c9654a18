// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/violation_words.h"

#include <fmt/format.h>

namespace weir::ctl {
namespace {

bool is_overdue(const policy::Violation& violation, TimeNs now) {
  return violation.state != "closed" && violation.due > 0 && violation.due < now;
}

std::string done_words(const policy::Violation& violation) {
  if (violation.action == "block") return violation.would_block ? "would have been blocked" : "was blocked";
  return violation.would_block ? fmt::format("would have met the action {}", violation.action)
                               : fmt::format("met the action {}", violation.action);
}

std::string state_words(const policy::Violation& violation, TimeNs now) {
  std::string text = "State: " + violation.state;
  if (violation.state == "closed" && !violation.resolution.empty()) text += ", " + violation.resolution;
  text += violation.assignee.empty() ? "; nobody has taken it on" : "; taken on by " + violation.assignee;
  if (!violation.exception.empty()) text += "; exception " + violation.exception;
  if (violation.due > 0 && violation.state != "closed") {
    text += fmt::format("; to be closed by {}", time_text(violation.due));
    if (is_overdue(violation, now)) text += fmt::format(", overdue for {}", age_text(now - violation.due));
  }
  return text + ".\n";
}

std::string change_words(const policy::ViolationChange& change) {
  if (change.what == "note") return fmt::format("noted: {}", change.reason);
  std::string text = change.what + " ";
  text += change.from.empty() ? "" : fmt::format("from {} ", change.from);
  text += change.to.empty() ? "to nobody" : "to " + change.to;
  return change.reason.empty() ? text : text + ": " + change.reason;
}

}  // namespace

Json violation_row(const policy::Violation& violation, TimeNs now) {
  return {{"id", violation.id},
          {"rule", violation.rule},
          {"section", violation.section},
          {"severity", to_string(violation.severity)},
          {"action", violation.would_block ? "would " + violation.action : violation.action},
          {"subject", violation.subject},
          {"text", violation.text},
          {"object", violation.object},
          {"count", violation.count},
          {"first_seen", time_text(violation.first_seen)},
          {"last_seen", time_text(violation.last_seen)},
          {"state", violation.state},
          {"resolution", violation.resolution},
          {"assignee", violation.assignee},
          {"due", violation.due == 0 ? "-" : time_text(violation.due)},
          {"overdue", is_overdue(violation, now)},
          {"exception", violation.exception},
          {"follows", violation.follows == 0 ? Json(nullptr) : Json(violation.follows)},
          {"revision", violation.revision},
          {"flows", violation.evidence}};
}

Json history_rows(const std::vector<policy::ViolationChange>& history) {
  Json rows = Json::array();
  for (const policy::ViolationChange& one : history) {
    rows.push_back({{"at", time_text(one.at)},
                    {"who", one.who},
                    {"what", one.what},
                    {"from", one.from},
                    {"to", one.to},
                    {"reason", one.reason}});
  }
  return rows;
}

std::string violation_story(const policy::Violation& violation,
                            const std::vector<policy::ViolationChange>& history, TimeNs now) {
  std::string text = fmt::format("Violation {}, severity {}: {} and {}.\n", violation.id,
                                 to_string(violation.severity), violation.subject, violation.object);
  text += fmt::format("It {} by rule {} of section {}, policy revision {}.\n", done_words(violation),
                      violation.rule, violation.section, violation.revision);
  if (!violation.text.empty()) text += fmt::format("What was seen: {}\n", violation.text);
  text += violation.count == 1 ? fmt::format("Seen once, {}.\n", time_text(violation.last_seen))
                               : fmt::format("Seen {} times, from {} to {}.\n", violation.count,
                                             time_text(violation.first_seen), time_text(violation.last_seen));
  text += state_words(violation, now);
  if (violation.follows != 0)
    text += fmt::format("The same was closed before: violation {}.\n", violation.follows);
  for (const policy::ViolationChange& one : history)
    text += fmt::format("  {}  {}  {}\n", time_text(one.at), one.who, change_words(one));
  if (!violation.evidence.empty()) text += fmt::format("Flows: {}\n", fmt::join(violation.evidence, " "));
  return text;
}

}  // namespace weir::ctl
