// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/version_range.h"

#include <algorithm>

namespace weir::policy {
namespace {

constexpr std::string_view kSeparators = ".-_+";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view next_component(std::string_view& version) {
  const std::size_t end = std::min(version.find_first_of(kSeparators), version.size());
  const std::string_view component = version.substr(0, end);
  version.remove_prefix(std::min(end + 1, version.size()));
  return component;
}

std::strong_ordering compare_components(std::string_view a, std::string_view b) {
  const auto number = [](std::string_view text) { return std::all_of(text.begin(), text.end(), is_digit); };
  if (number(a) != number(b)) return number(a) ? std::strong_ordering::greater : std::strong_ordering::less;
  if (number(a)) {
    a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
    if (a.size() != b.size()) return a.size() <=> b.size();
  }
  return a.compare(b) <=> 0;
}

}  // namespace

std::strong_ordering compare_versions(std::string_view a, std::string_view b) noexcept {
  while (!a.empty() || !b.empty()) {
    const std::string_view left = next_component(a);
    const std::string_view right = next_component(b);
    const auto order = compare_components(left.empty() ? "0" : left, right.empty() ? "0" : right);
    if (order != std::strong_ordering::equal) return order;
  }
  return std::strong_ordering::equal;
}

std::optional<VersionRange> VersionRange::parse(std::string_view text) {
  constexpr std::string_view kBetween = " ,";
  VersionRange range;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kBetween), text.size()));
    if (text.empty()) break;
    Condition condition;
    const auto accept = [&](std::string_view sign, Relation relation) {
      if (!text.starts_with(sign)) return false;
      text.remove_prefix(sign.size());
      condition.relation = relation;
      return true;
    };
    static_cast<void>(accept(">=", Relation::kGreaterOrEqual) || accept("<=", Relation::kLessOrEqual) ||
                      accept(">", Relation::kGreater) || accept("<", Relation::kLess) ||
                      accept("=", Relation::kPrefix));
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    condition.version = text.substr(0, text.find_first_of(kBetween));
    text.remove_prefix(condition.version.size());
    const bool letters = std::all_of(condition.version.begin(), condition.version.end(), [](char c) {
      return is_digit(c) || is_letter(c) || kSeparators.find(c) != std::string_view::npos;
    });
    if (condition.version.empty() || !is_digit(condition.version.front()) || !letters) return std::nullopt;
    range.conditions_.push_back(std::move(condition));
    if (range.conditions_.size() > kVersionConditionsMax) return std::nullopt;
  }
  if (range.conditions_.empty()) return std::nullopt;
  return range;
}

bool VersionRange::contains(std::string_view version) const noexcept {
  return std::all_of(conditions_.begin(), conditions_.end(),
                     [&](const Condition& c) { return holds(c, version); });
}

bool VersionRange::holds(const Condition& condition, std::string_view version) noexcept {
  const std::string_view wanted = condition.version;
  if (condition.relation == Relation::kPrefix) {
    const bool begins = version.starts_with(wanted);
    return compare_versions(version, wanted) == std::strong_ordering::equal ||
           (begins && kSeparators.find(version[wanted.size()]) != std::string_view::npos);
  }
  const auto order = compare_versions(version, wanted);
  switch (condition.relation) {
    case Relation::kLess:
      return order < 0;
    case Relation::kLessOrEqual:
      return order <= 0;
    case Relation::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

}  // namespace weir::policy
