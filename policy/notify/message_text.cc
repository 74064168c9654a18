// SPDX-License-Identifier: Apache-2.0
#include "policy/notify/message_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "policy/model/duration.h"
#include "policy/notify/shown_subject.h"
#include "policy/notify/syslog_line.h"
#include "policy/notify/utc_text.h"

namespace weir::notify {
namespace {

using Json = nlohmann::ordered_json;
using policy::ToldContent;
using policy::ToldRule;
using policy::ToldViolation;

/// One line of a mail, of a bounded length, without anything that a terminal or a mail program would obey.
std::string field(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, kFieldBytesMax))
    shown += static_cast<unsigned char>(c) < 0x20 || c == '\x7f' ? '?' : c;
  while (shown.size() == kFieldBytesMax && !shown.empty() &&
         (static_cast<unsigned char>(shown.back()) & 0x80U) != 0)
    shown.pop_back();  // not half a character
  return shown.size() < text.size() ? shown + "..." : shown;
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

Severity highest(const ToldContent& content) {
  return content.rules.empty() ? Severity::kInfo : content.rules.front().severity;  // they are in that order
}

bool any_overdue(const ToldContent& content) {
  return std::any_of(content.rules.begin(), content.rules.end(),
                     [](const ToldRule& rule) { return rule.cause == policy::NotificationCause::kOverdue; });
}

std::string action_of(const policy::Violation& violation) {
  return violation.would_block ? "would " + violation.action : violation.action;
}

std::string title_of(const ToldContent& content, const std::string& appliance) {
  const std::string what = counted(content.violations, "violation", "violations");
  const std::string which = any_overdue(content) ? "new or overdue " : "new ";
  return fmt::format("[Weir {}] {} {}{}, severity {}", appliance, content.violations, which,
                     what.substr(what.find(' ') + 1), to_string(highest(content)));
}

std::string rule_lines(const ToldContent& content) {
  std::string lines =
      fmt::format("  {:<9} {:>10} {:>8} {:>8}  {}\n", "severity", "violations", "hits", "subjects", "rule");
  std::uint64_t told = 0;
  for (const ToldRule& rule : content.rules) {
    told += rule.violations;
    lines += fmt::format("  {:<9} {:>10} {:>8} {:>8}  {}{}\n", to_string(rule.severity), rule.violations,
                         rule.sightings, rule.subjects, field(rule.rule),
                         rule.cause == policy::NotificationCause::kOverdue ? " (overdue)" : "");
  }
  if (told < content.violations)
    lines += fmt::format("  and {} of further rules\n",
                         counted(content.violations - told, "violation", "violations"));
  return lines;
}

std::string violation_lines(const ToldContent& content, ShownSubjects& subjects) {
  std::string lines;
  for (const ToldViolation& told : content.first) {
    const policy::Violation& one = told.violation;
    lines += fmt::format("  #{} {} {}: {}, {} -> {}, {}, last {}{}\n", one.id, to_string(one.severity),
                         field(one.rule), field(action_of(one)), field(subjects.subject(one.subject)),
                         field(subjects.object(one.object)), counted(one.count, "hit", "hits"),
                         utc_text(one.last_seen),
                         told.cause == policy::NotificationCause::kOverdue ? ", overdue" : "");
  }
  if (content.first.size() < content.violations)
    lines += fmt::format("  and {} more\n", content.violations - content.first.size());
  return lines;
}

std::string mail_text(const ToldContent& content, const NotificationReceiver& receiver,
                      const std::string& appliance, TimeNs made, ShownSubjects& subjects) {
  std::uint64_t sightings = 0;
  for (const ToldRule& rule : content.rules) sightings += rule.sightings;
  std::string text = fmt::format("The appliance {} has {}, of {}. Told at {}.\n\nBy rule\n{}", appliance,
                                 counted(content.violations, "violation to look at", "violations to look at"),
                                 counted(sightings, "hit", "hits"), utc_text(made), rule_lines(content));
  text += fmt::format("\n{}\n{}",
                      content.first.size() < content.violations ? "The most severe and latest" : "Each",
                      violation_lines(content, subjects));
  if (content.left_out > 0)
    text += fmt::format("\n{} closed before this message, or not kept any more.\n",
                        counted(content.left_out, "further one was", "further ones were"));
  const std::int64_t first = content.first.empty() ? 0 : content.first.front().violation.id;
  text += fmt::format(
      "\nWhat to do next, on the appliance\n"
      "  weirctl violation list        the queue\n"
      "  weirctl violation show {:<5}  one of them, with the flows that show it\n"
      "  weirctl explain FLOW          why such a flow was decided as it was\n"
      "\nUsers are numbers in this message; the violation's record has who it is.\n"
      "All times are UTC. \"{}\" is told of severity {} and above, at most every {}.\n",
      first, receiver.name, to_string(receiver.severity), duration_text(receiver.interval));
  return text;
}

Json violation_json(const ToldViolation& told, ShownSubjects& subjects) {
  const policy::Violation& one = told.violation;
  return {{"id", one.id},
          {"cause", to_string(told.cause)},
          {"rule", one.rule},
          {"section", one.section},
          {"severity", to_string(one.severity)},
          {"action", one.action},
          {"would_block", one.would_block},
          {"subject", subjects.subject(one.subject)},
          {"object", subjects.object(one.object)},
          {"hits", one.count},
          {"first_seen", utc_text(one.first_seen)},
          {"last_seen", utc_text(one.last_seen)},
          {"revision", one.revision}};
}

std::string webhook_body(const ToldContent& content, const Message& message, const std::string& appliance,
                         ShownSubjects& subjects) {
  Json rules = Json::array();
  for (const ToldRule& rule : content.rules) {
    rules.push_back({{"rule", rule.rule},
                     {"cause", to_string(rule.cause)},
                     {"severity", to_string(rule.severity)},
                     {"violations", rule.violations},
                     {"hits", rule.sightings},
                     {"subjects", rule.subjects}});
  }
  Json first = Json::array();
  for (const ToldViolation& told : content.first) first.push_back(violation_json(told, subjects));
  const Json json{{"weir_notification", 1},
                  {"type", "violations"},
                  {"key", message.key},
                  {"appliance", appliance},
                  {"receiver", message.receiver},
                  {"made", utc_text(message.made)},
                  {"violations", content.violations},
                  {"left_out", content.left_out},
                  {"severity", to_string(highest(content))},
                  {"rules", rules},
                  {"first", first}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string syslog_lines(const ToldContent& content, const SyslogHead& head, ShownSubjects& subjects) {
  std::string lines;
  for (const ToldViolation& told : content.first) {
    const policy::Violation& one = told.violation;
    const std::string subject = subjects.subject(one.subject);
    const std::string object = subjects.object(one.object);
    lines += syslog_line(head, {one.severity,
                                "violation",
                                {{"id", std::to_string(one.id)},
                                 {"cause", to_string(told.cause)},
                                 {"rule", field(one.rule)},
                                 {"severity", to_string(one.severity)},
                                 {"action", action_of(one)},
                                 {"subject", field(subject)},
                                 {"object", field(object)},
                                 {"hits", std::to_string(one.count)},
                                 {"lastSeen", utc_text(one.last_seen)}},
                                fmt::format("{} violation of {} by {}: {}", to_string(told.cause),
                                            field(one.rule), field(subject), field(object))}) +
             "\n";
  }
  if (content.first.size() < content.violations) {
    lines += syslog_line(head, {highest(content),
                                "violations",
                                {{"violations", std::to_string(content.violations)},
                                 {"told", std::to_string(content.first.size())}},
                                fmt::format("{} more violations: weirctl violation list",
                                            content.violations - content.first.size())}) +
             "\n";
  }
  return lines;
}

SyslogHead head_of(const NotificationReceiver& receiver, const Message& message,
                   const std::string& appliance) {
  SyslogAddress address;
  const bool local = !receiver.to.empty() && parse_syslog_address(receiver.to.front(), address) &&
                     address.way == SyslogAddress::Way::kLocal;
  return {receiver.facility, appliance, message.made, message.key, local};
}

}  // namespace

Message message_of(const ToldContent& content, const NotificationReceiver& receiver,
                   const std::string& appliance, TimeNs made, const Pseudonymiser& pseudonyms) {
  ShownSubjects subjects{pseudonyms};
  Message message{
      message_key(made, appliance, receiver.name), receiver.name, made, title_of(content, appliance), {}};
  switch (receiver.kind) {
    case ReceiverKind::kMail:
      message.body = mail_text(content, receiver, appliance, made, subjects);
      break;
    case ReceiverKind::kWebhook:
      message.body = webhook_body(content, message, appliance, subjects);
      break;
    case ReceiverKind::kSyslog:
      message.body = syslog_lines(content, head_of(receiver, message, appliance), subjects);
      break;
  }
  return message;
}

Message test_message(const NotificationReceiver& receiver, const std::string& appliance, TimeNs made) {
  Message message{message_key(made, appliance, receiver.name),
                  receiver.name,
                  made,
                  fmt::format("[Weir {}] test of notifications", appliance),
                  {}};
  const std::string text = fmt::format("Test: {} can be told by the appliance {}.", receiver.name, appliance);
  switch (receiver.kind) {
    case ReceiverKind::kMail:
      message.body = text + " Nothing happened.\n";
      break;
    case ReceiverKind::kWebhook:
      message.body = Json{{"weir_notification", 1},       {"type", "test"},
                          {"key", message.key},           {"appliance", appliance},
                          {"receiver", message.receiver}, {"made", utc_text(made)}}
                         .dump();
      break;
    case ReceiverKind::kSyslog:
      message.body =
          syslog_line(head_of(receiver, message, appliance), {Severity::kInfo, "test", {}, text}) + "\n";
      break;
  }
  return message;
}

}  // namespace weir::notify
