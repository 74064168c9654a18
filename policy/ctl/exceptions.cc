// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/exceptions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "policy/lang/compile.h"
#include "policy/lang/words.h"
#include "policy/model/duration.h"

namespace weir::ctl {
namespace {

constexpr std::array<std::string_view, 3> kSubjects{"client", "mac", "group"};
constexpr std::array<std::string_view, 5> kObjects{"domain", "app", "recipient", "product", "rule"};
constexpr std::string_view kEndedKey = "ended:\n";

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

std::string line_of(const Json& entry) {
  return "  - " + entry.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

/// What the file has: those that hold, and those that do not any more, the newest last.
struct Entries {
  std::vector<Json> living;
  std::vector<Json> ended;

  /// One line an exception. What has ended is forgotten before the text grows too long to be read.
  [[nodiscard]] std::string text(TimeNs judged) const {
    std::string holding = fmt::format(
        "# Written by weirctl exception; see docs/policy.md.\nweir-exceptions: 1\njudged: "
        "{}\nexceptions:{}\n",
        moment_text(judged), living.empty() ? " []" : "");
    for (const Json& entry : living) holding += line_of(entry);
    std::string remembered;
    std::size_t count = 0;
    for (auto entry = ended.rbegin(); entry != ended.rend() && count < kEndedMax; ++entry, ++count) {
      const std::string line = line_of(*entry);
      if (holding.size() + remembered.size() + line.size() + kEndedKey.size() > policy::kPolicyTextBytesMax)
        break;
      remembered.insert(0, line);
    }
    return remembered.empty() ? holding : holding + std::string{kEndedKey} + remembered;
  }
};

/// As they stand at `judged`.
Entries entries_of(const policy::ExceptionsFile& file, TimeNs judged) {
  Entries entries;
  for (const Node& entry : file.ended.items) entries.ended.push_back(json_of(entry));
  for (const Node& entry : file.list.items)
    (end_of(entry) > judged ? entries.living : entries.ended).push_back(json_of(entry));
  return entries;
}

const Node* find(const policy::ExceptionsFile& file, std::string_view name) {
  const auto at = std::ranges::find_if(file.list.items,
                                       [&](const Node& one) { return text_at(one, "exception") == name; });
  return at == file.list.items.end() ? nullptr : &*at;
}

/// One client, who may be a person; a network is none.
std::string client_text(const ExceptionView& view, const std::string& value) {
  const auto subnet = Subnet::parse(value);
  const bool network = subnet && subnet->prefix_bits < 128;
  if (network) return value;
  const std::string one = subnet ? subnet->base.to_string() : value;
  return view.client ? view.client(one) : one;
}

template <typename Values>
void add_words(std::string& text, std::string_view key, const Values& values) {
  if (!values.empty()) text += fmt::format("{}{} {}", text.empty() ? "" : "; ", key, fmt::join(values, ", "));
}

/// "client 10.0.0.1, 10.0.0.2; group lab".
template <typename Keys>
std::string values_text(const Node& entry, const Keys& keys, const ExceptionView& view) {
  std::string text;
  for (const std::string_view key : keys) {
    const Node* const node = entry.find(key);
    if (node == nullptr) continue;
    const bool client = key == "client" || key == "mac";
    std::vector<std::string> values;
    if (node->kind == Node::Kind::kScalar) values.push_back(node->text);
    for (const Node& item : node->items) values.push_back(item.text);
    for (std::string& value : values)
      if (client) value = client_text(view, value);
    add_words(text, key, values);
  }
  return text;
}

/// Of an exception that stands in the policy.
Json row_of(const policy::Exception& one, const policy::PolicyParts& parts, TimeNs reached,
            const ExceptionView& view) {
  std::vector<std::string> clients, macs, groups, apps;
  for (const Subnet& client : one.clients) clients.push_back(client_text(view, client.to_string()));
  for (const MacAddress& mac : one.macs) macs.push_back(client_text(view, mac.to_string()));
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
          {"made", ""},
          {"violation", ""}};
}

/// Of one that stands in the file.
Json row_of(const Node& entry, std::string state, const ExceptionView& view) {
  return {{"exception", text_at(entry, "exception")},
          {"for", values_text(entry, kSubjects, view)},
          {"allows", values_text(entry, kObjects, view)},
          {"until", text_at(entry, "until")},
          {"state", std::move(state)},
          {"owner", text_at(entry, "owner")},
          {"reason", text_at(entry, "reason")},
          {"by", text_at(entry, "by")},
          {"made", text_at(entry, "made")},
          {"violation", text_at(entry, "violation")}};
}

Json row_of_ended(const Node& entry, const ExceptionView& view) {
  const bool removed = entry.find("removed") != nullptr;
  Json row = row_of(entry, removed ? "removed" : "ended", view);
  for (const char* const key : {"removed", "removed_by", "removed_because"}) row[key] = text_at(entry, key);
  return row;
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
  Entries entries = entries_of(file, reached);
  if (entries.living.size() >= policy::kExceptionsMax)
    return failure(ErrorCode::kLimit, fmt::format("there are {} exceptions already", entries.living.size()));
  Json entry{{"exception", made.name}};
  for (const auto& [key, values] : made.keys)
    if (!values.empty()) entry[key] = values;
  entry.update(Json{{"until", moment_text(made.ends + kSecond - 1)},
                    {"owner", made.owner},
                    {"reason", made.reason},
                    {"by", made.by},
                    {"made", moment_text(now)}});
  if (made.violation > 0) entry["violation"] = std::to_string(made.violation);
  entries.living.push_back(std::move(entry));
  return entries.text(reached);
}

Result<std::string> without_exception(const policy::ExceptionsFile& file, const std::string& name,
                                      const Removal& removal, TimeNs now) {
  if (find(file, name) == nullptr) {
    std::vector<std::string> names;
    for (const Node& entry : file.list.items) names.push_back(text_at(entry, "exception"));
    return failure(ErrorCode::kNotFound, fmt::format("no exception is called {}", name),
                   policy::meant(name, {names.begin(), names.end()}, "weirctl exception list shows them"));
  }
  const TimeNs reached = std::max(file.judged, now);
  Entries entries = entries_of(file, reached);
  for (auto entry = entries.living.begin(); entry != entries.living.end(); ++entry) {
    if (entry->value("exception", "") != name) continue;
    entry->update(
        Json{{"removed", moment_text(now)}, {"removed_by", removal.by}, {"removed_because", removal.reason}});
    entries.ended.push_back(std::move(*entry));
    entries.living.erase(entry);
    break;
  }
  return entries.text(reached);
}

Ended ended_exceptions(const policy::ExceptionsFile& file, const std::vector<policy::Exception>& in_text,
                       TimeNs now) {
  Ended ended;
  for (const Node& entry : file.list.items)
    if (end_of(entry) <= std::max(now, file.judged)) ended.names.push_back(text_at(entry, "exception"));
  for (const policy::Exception& one : in_text)
    if (file.judged < one.ends && one.ends <= now) ended.names.push_back(one.name);
  const TimeNs reached = std::max(file.judged, now);
  ended.text = entries_of(file, reached).text(reached);
  return ended;
}

Json exception_rows(const policy::ExceptionsFile& file, const policy::Policy& policy, TimeNs now,
                    const ExceptionView& view) {
  const policy::PolicyParts& parts = policy.parts();
  const TimeNs reached = std::max(file.judged, now);
  Json rows = Json::array();
  for (const policy::Exception& one : parts.exceptions)
    if (!one.kept) rows.push_back(row_of(one, parts, reached, view));
  for (const Node& entry : file.list.items) {
    const std::string name = text_at(entry, "exception");
    const bool fits = std::ranges::any_of(
        parts.exceptions, [&](const policy::Exception& one) { return one.kept && one.name == name; });
    rows.push_back(row_of(entry,
                          end_of(entry) <= reached ? "ended"
                          : fits                   ? "in force"
                                                   : "lifts nothing",
                          view));
  }
  if (!view.ended) return rows;
  for (auto entry = file.ended.items.rbegin(); entry != file.ended.items.rend(); ++entry)
    rows.push_back(row_of_ended(*entry, view));
  return rows;
}

}  // namespace weir::ctl
