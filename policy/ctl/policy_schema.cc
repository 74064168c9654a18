// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/policy_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "policy/lang/app_names.h"
#include "policy/lang/detectors.h"
#include "policy/lang/keys.h"

namespace weir::ctl {
namespace {

using policy::KeyMap;
using policy::KeyRow;
using policy::KeyType;

/// The sections whose rules have a match of their own, and which that is.
constexpr std::array<std::pair<std::string_view, KeyMap>, 3> kSections{
    {{"network", KeyMap::kNetworkMatch}, {"web", KeyMap::kWebMatch}, {"email", KeyMap::kEmailMatch}}};

Json reference(std::string_view name) { return {{"$ref", fmt::format("#/definitions/{}", name)}}; }

std::string definition_of(KeyMap map) {
  std::string name{policy::to_string(map)};
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

Json one_or_list(const Json& value, std::int64_t most) {
  Json list{{"type", "array"}, {"items", value}, {"minItems", 1}};
  if (most > 0) list["maxItems"] = most;
  return {{"anyOf", Json::array({value, std::move(list)})}};
}

/// What YAML takes for a number is text as well where text is asked for.
Json text(std::string_view pattern, std::int64_t most) {
  Json value{{"type", {"string", "number"}}, {"minLength", 1}};
  if (!pattern.empty()) value["pattern"] = pattern;
  if (most > 0) value["maxLength"] = most;
  return value;
}

Json word(const KeyRow& row) {
  Json words = Json::array();
  for (const std::string_view one : policy::words_of(row.map, row.key)) {
    words.push_back(one);
    // Unquoted, YAML takes it for a number.
    if (const Json number = Json::parse(one, nullptr, false); number.is_number()) words.push_back(number);
  }
  return {{"enum", std::move(words)}};
}

/// Any text, as names may be written in any case; those that there are help an editor to complete.
Json app() {
  Json names = Json::array({"doh", "dot", "doq"});
  for (const std::string_view name : policy::app_names()) names.push_back(name);
  return {{"anyOf", Json::array({Json{{"enum", std::move(names)}}, text({}, 0)})}};
}

Json names(const KeyRow& row) {
  Json value{{"type", "object"},
             {"propertyNames", reference("name")},
             {"additionalProperties", reference(definition_of(row.of))}};
  if (row.high > 0) value["maxProperties"] = row.high;
  return value;
}

Json list_of(const KeyRow& row, std::string_view definition) {
  Json value{{"type", "array"}, {"items", reference(definition)}};
  if (row.high > 0) value["maxItems"] = row.high;
  return value;
}

Json number(const KeyRow& row) {
  return {
      {"type", {"integer", "string"}}, {"minimum", row.low}, {"maximum", row.high}, {"pattern", "^[0-9]+$"}};
}

/// `section`: of the rules that are described; empty outside of them.
Json value_of(const KeyRow& row, std::string_view section) {
  switch (row.type) {
    case KeyType::kName:
      return reference("name");
    case KeyType::kText:
      return text(row.pattern, row.high);
    case KeyType::kTexts:
      return one_or_list(text(row.pattern, 0), row.high);
    case KeyType::kApps:
      return one_or_list(reference("application"), row.high);
    case KeyType::kBoolean:
      return {{"type", "boolean"}};
    case KeyType::kNumber:
      return number(row);
    case KeyType::kNumbers:
      return one_or_list(number(row), 0);
    case KeyType::kWord:
      return word(row);
    case KeyType::kWords:
      return one_or_list(word(row), row.high);
    case KeyType::kCondition:
      return reference("condition");
    case KeyType::kMap:
      return reference(row.of == KeyMap::kMatch ? fmt::format("{}-match", section) : definition_of(row.of));
    case KeyType::kMaps:
      return list_of(row, row.of == KeyMap::kRule ? fmt::format("{}-rule", row.key) : definition_of(row.of));
    case KeyType::kNamed:
      return names(row);
    case KeyType::kNamedOrFolder:
      return {{"anyOf", Json::array({text({}, 0), names(row)})}};
    case KeyType::kLater:
      break;
  }
  return {};
}

/// `rate` and `per` stand with `then: limit`, which needs the rate.
void bind_rate(KeyMap map, Json& described) {
  if (policy::find_key(map, "rate") == nullptr) return;
  described["if"] = {{"properties", {{"then", {{"const", "limit"}}}}}, {"required", {"then"}}};
  described["then"] = {{"required", {"rate"}}};
  described["else"] = {{"properties", {{"rate", false}, {"per", false}}}};
}

/// What a detector understands of the keys that all detectors share, and needs.
Json bind_detector(std::string_view name, const Json& parameters) {
  const auto rows = policy::detector_rows();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& one) { return one.name == name; });
  Json known = Json::array();
  for (const KeyRow& key : policy::keys_of(KeyMap::kDetector))
    if (policy::understands(*row, key.key)) known.push_back(key.key);
  Json own{{"propertyNames", {{"enum", std::move(known)}}}};
  if (row->when) own["required"] = Json::array({"when"});
  if (row->needs_products) own["required"] = Json::array({"products"});
  return {{"allOf", Json::array({parameters, std::move(own)})}};
}

Json map_of(KeyMap map, std::string_view section = {}) {
  Json properties = Json::object();
  Json required = Json::array();
  std::map<int, Json> alternatives;  // by the number of KeyRow::one_of
  for (const KeyRow& row : policy::keys_of(map)) {
    if (row.type == KeyType::kLater) continue;
    Json value = value_of(row, section);
    if (map == KeyMap::kDetect) value = bind_detector(row.key, value);
    std::string meaning{row.meaning};
    std::erase(meaning, '`');
    // Beside a $ref draft-07 sees no other word.
    if (value.contains("$ref")) value = Json{{"allOf", Json::array({value})}};
    value["description"] = std::move(meaning);
    properties[std::string{row.key}] = std::move(value);
    if (row.required) required.push_back(row.key);
    if (row.one_of != 0) alternatives[row.one_of].push_back({{"required", {row.key}}});
  }
  Json described{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) described["required"] = std::move(required);
  for (const auto& [number, any] : alternatives) described["allOf"].push_back({{"anyOf", any}});
  if (!section.empty()) described["minProperties"] = 1;  // a match of nothing
  bind_rate(map, described);
  return described;
}

}  // namespace

Json policy_schema() {
  Json definitions = Json::object();
  definitions["name"] = {{"type", {"string", "integer"}}, {"pattern", "^[a-z0-9_-]{1,64}$"}, {"minimum", 0}};
  definitions["application"] = app();
  const Json one_name = one_or_list(text({}, 0), 0);
  definitions["condition"] = {{"anyOf", Json::array({one_name, reference("not")})}};
  for (std::size_t i = 0; i < static_cast<std::size_t>(KeyMap::kCount); ++i) {
    const auto map = static_cast<KeyMap>(i);
    const bool by_section = map == KeyMap::kRule || map == KeyMap::kMatch;
    if (map != KeyMap::kPolicy && !by_section) definitions[definition_of(map)] = map_of(map);
  }
  for (const auto& [section, match] : kSections) {
    definitions[fmt::format("{}-rule", section)] = map_of(KeyMap::kRule, section);
    definitions[fmt::format("{}-match", section)] = map_of(match, section);
  }
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "Weir policy"}};
  schema.update(map_of(KeyMap::kPolicy));
  schema["definitions"] = std::move(definitions);
  return schema;
}

}  // namespace weir::ctl
