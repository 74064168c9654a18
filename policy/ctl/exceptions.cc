// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/exceptions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "policy/lang/words.h"
#include "policy/model/duration.h"

namespace weir::ctl {
namespace {

constexpr std::array<std::string_view, 3> kSubjects{"client", "mac", "group"};
constexpr std::array<std::string_view, 5> kObjects{"domain", "app", "recipient", "product", "rule"};

/// The second that has begun, as the file has it.
std::string moment_text(TimeNs time) { return time_text(time).substr(0, 19) + "Z"; }

std::string text_at(const Node& entry, std::string_view key) {
  const Node* const node = entry.find(key);
  return node == nullptr ? "" : node->text;
}

TimeNs end_of(const Node& entry) {
  return policy::parse_end({}, text_at(entry, "until")).value_or(INT64_MAX);
}

Json json_of(const Node& node) {
  if (node.kind == Node::Kind::kList) {
    Json list = Json::array();
    for (const Node& item : node.items) list.push_back(json_of(item));
    return list;
  }
  if (node.kind == Node::Kind::kScalar) return node.text;
  Json map = Json::object();
  for (const Node::Entry& entry : node.entries) map[entry.key] = json_of(entry.value);
  return map;
}

/// One line an exception.
std::string file_text(TimeNs judged, const std::vector<Json>& entries) {
  std::string text = fmt::format(
      "# Written by weirctl exception; see docs/policy.md.\nweir-exceptions: 1\njudged: {}\nexceptions:{}\n",
      moment_text(judged), entries.empty() ? " []" : "");
  for (const Json& entry : entries)
    text += "  - " + entry.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
  return text;
}

/// Those that have not ended at `judged`.
std::vector<Json> living(const policy::ExceptionsFile& file, TimeNs judged) {
  std::vector<Json> entries;
  for (const Node& entry : file.list.items)
    if (end_of(entry) > judged) entries.push_back(json_of(entry));
  return entries;
}

const Node* find(const policy::ExceptionsFile& file, std::string_view name) {
  const auto at = std::ranges::find_if(file.list.items,
                                       [&](const Node& one) { return text_at(one, "exception") == name; });
  return at == file.list.items.end() ? nullptr : &*at;
}

/// "client 10.0.0.1, 10.0.0.2; group lab".
template <typename Keys>
std::string values_text(const Node& entry, const Keys& keys) {
  std::string text;
  for (const std::string_view key : keys) {
    const Node* const node = entry.find(key);
    if (node == nullptr) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : "; ", key, node->text);
    for (std::size_t i = 0; i < node->items.size(); ++i) text += (i > 0 ? ", " : "") + node->items[i].text;
  }
  return text;
}

template <typename Values>
void add_words(std::string& text, std::string_view key, const Values& values) {
  if (!values.empty()) text += fmt::format("{}{} {}", text.empty() ? "" : "; ", key, fmt::join(values, ", "));
}

/// Of an exception that stands in the policy.
Json row_of(const policy::Exception& one, const policy::PolicyParts& parts, TimeNs reached) {
  std::vector<std::string> clients, macs, groups, apps;
  for (const Subnet& client : one.clients) clients.push_back(client.to_string());
  for (const MacAddress& mac : one.macs) macs.push_back(mac.to_string());
  for (const std::uint16_t group : one.groups) groups.push_back(parts.groups[group].name);
  for (const policy::AppMatch& app : one.apps) apps.push_back(app.name);
  std::string whom, what;
  add_words(whom, "client", clients);
  add_words(whom, "mac", macs);
  add_words(whom, "group", groups);
  add_words(what, "domain", one.domains);
  add_words(what, "app", apps);
  add_words(what, "recipient", one.recipients);
  add_words(what, "product", one.products);
  add_words(what, "rule", one.rules);
  return {{"exception", one.name},
          {"for", whom},
          {"allows", what},
          {"until", moment_text(one.ends)},
          {"state", one.ends <= reached ? "ended" : "in force"},
          {"owner", one.owner},
          {"reason", one.reason},
          {"by", fmt::format("the policy, line {}", one.line)},
          {"made", ""}};
}

}  // namespace

Result<TimeNs> parse_lasting(std::string_view text) {
  if (!text.ends_with('d')) return parse_duration(text);
  int days = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data(), end, days);
  if (error == std::errc{} && stop == end && days >= 1 && days <= kExceptionDaysMax) return days * kDay;
  return failure(ErrorCode::kInvalid, fmt::format("'{}' is no time from 1d to {}d", text, kExceptionDaysMax),
                 "write 90m, 12h or 30d");
}

Result<std::string> with_exception(const policy::ExceptionsFile& file, const NewException& made, TimeNs now) {
  const TimeNs reached = std::max(file.judged, now);
  if (made.ends <= reached) {
    if (now < file.judged && made.ends > now) {
      return failure(ErrorCode::kInvalid,
                     fmt::format("the clock says {}, and exceptions were looked at {} already",
                                 moment_text(now), moment_text(file.judged)),
                     "set the clock; what has ended by that time does not come back");
    }
    return failure(ErrorCode::kInvalid,
                   fmt::format("the exception would end {}, which has passed", moment_text(made.ends)),
                   "give a later --until, or --for 12h");
  }
  const Node* const same = find(file, made.name);
  if (same != nullptr && end_of(*same) > reached) {
    return failure(ErrorCode::kInvalid, fmt::format("an exception is already called {}", made.name),
                   "weirctl exception list shows them");
  }
  std::vector<Json> entries = living(file, reached);
  if (entries.size() >= policy::kExceptionsMax)
    return failure(ErrorCode::kLimit, fmt::format("there are {} exceptions already", entries.size()));
  Json entry{{"exception", made.name}};
  for (const auto& [key, values] : made.keys)
    if (!values.empty()) entry[key] = values;
  entry.update(Json{{"until", moment_text(made.ends + kSecond - 1)},
                    {"owner", made.owner},
                    {"reason", made.reason},
                    {"by", made.by},
                    {"made", moment_text(now)}});
  entries.push_back(std::move(entry));
  return file_text(reached, entries);
}

Result<std::string> without_exception(const policy::ExceptionsFile& file, const std::string& name,
                                      TimeNs now) {
  if (find(file, name) == nullptr) {
    std::vector<std::string> names;
    for (const Node& entry : file.list.items) names.push_back(text_at(entry, "exception"));
    return failure(ErrorCode::kNotFound, fmt::format("no exception is called {}", name),
                   policy::meant(name, {names.begin(), names.end()}, "weirctl exception list shows them"));
  }
  const TimeNs reached = std::max(file.judged, now);
  std::vector<Json> entries = living(file, reached);
  std::erase_if(entries, [&](const Json& entry) { return entry.value("exception", "") == name; });
  return file_text(reached, entries);
}

Ended ended_exceptions(const policy::ExceptionsFile& file, const std::vector<policy::Exception>& in_text,
                       TimeNs now) {
  Ended ended;
  for (const Node& entry : file.list.items)
    if (end_of(entry) <= std::max(now, file.judged)) ended.names.push_back(text_at(entry, "exception"));
  for (const policy::Exception& one : in_text)
    if (file.judged < one.ends && one.ends <= now) ended.names.push_back(one.name);
  const TimeNs reached = std::max(file.judged, now);
  ended.text = file_text(reached, living(file, reached));
  return ended;
}

Json exception_rows(const policy::ExceptionsFile& file, const policy::Policy& policy, TimeNs now) {
  const policy::PolicyParts& parts = policy.parts();
  const TimeNs reached = std::max(file.judged, now);
  Json rows = Json::array();
  for (const policy::Exception& one : parts.exceptions)
    if (!one.kept) rows.push_back(row_of(one, parts, reached));
  for (const Node& entry : file.list.items) {
    const std::string name = text_at(entry, "exception");
    const bool fits = std::ranges::any_of(
        parts.exceptions, [&](const policy::Exception& one) { return one.kept && one.name == name; });
    rows.push_back({{"exception", name},
                    {"for", values_text(entry, kSubjects)},
                    {"allows", values_text(entry, kObjects)},
                    {"until", text_at(entry, "until")},
                    {"state", end_of(entry) <= reached ? "ended"
                              : fits                   ? "in force"
                                                       : "lifts nothing"},
                    {"owner", text_at(entry, "owner")},
                    {"reason", text_at(entry, "reason")},
                    {"by", text_at(entry, "by")},
                    {"made", text_at(entry, "made")}});
  }
  return rows;
}

}  // namespace weir::ctl
