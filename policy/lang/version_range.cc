// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/version_range.h"

#include <algorithm>
#include <utility>

namespace weir::policy {
namespace {

constexpr std::string_view kSeparators = ".-_+~";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view take_while(std::string_view& text, bool (*wanted)(char)) {
  const auto end = std::find_if_not(text.begin(), text.end(), wanted);
  const std::string_view taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(taken.size());
  return taken;
}

void skip_separators(std::string_view& version) {
  static_cast<void>(take_while(version, [](char c) { return !is_digit(c) && !is_letter(c) && c != '~'; }));
}

/// Without an epoch and the v before the first number.
std::string_view plain(std::string_view version) {
  std::string_view left = version;
  if (!take_while(left, is_digit).empty() && left.starts_with(':')) version = left.substr(1);
  if (version.size() > 1 && lower(version[0]) == 'v' && is_digit(version[1])) version.remove_prefix(1);
  return version;
}

/// The next of the numbers before a word, without leading zeros; empty: none is left that is not 0.
std::string_view take_number(std::string_view& version) {
  std::string_view left = version;
  std::size_t zeros = 0;
  std::string_view number;
  while (number.empty()) {
    skip_separators(left);
    number = take_while(left, is_digit);
    if (number.empty()) break;
    number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
    if (number.empty() && zeros++ == 0) version = left;  // behind the first of them
  }
  if (zeros > 0 && !number.empty()) return "0";
  version = left;
  return number;
}

struct Word {
  int rank = 0;  // of what it says of its place: negative before the release, 0 there is none, 1 behind it
  std::string_view text;
};

bool same_word(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower); }

/// The word after the numbers.
Word take_word(std::string_view& version) {
  constexpr int kTilde = -6;
  constexpr std::pair<std::string_view, int> kBefore[] = {
      {"dev", -5}, {"snapshot", -5}, {"nightly", -5}, {"alpha", -4}, {"a", -4}, {"beta", -3},
      {"b", -3},   {"pre", -2},      {"preview", -2}, {"rc", -1},    {"c", -1}};
  skip_separators(version);
  if (version.empty()) return {};
  if (version.front() == '~') {
    version.remove_prefix(1);
    return {kTilde, {}};
  }
  const std::string_view text = take_while(version, is_letter);
  for (const auto& [name, rank] : kBefore) {
    // openssl 1.1.1a is a release, python 3.12.0a1 comes before one.
    const bool meant = name.size() > 1 || (!version.empty() && is_digit(version.front()));
    if (meant && same_word(text, name)) return {rank, {}};
  }
  return {1, text};
}

std::strong_ordering compare_numbers(std::string_view& a, std::string_view& b) {
  while (true) {
    const std::string_view left = take_number(a);
    const std::string_view right = take_number(b);
    if (left.empty() || right.empty()) return left.size() <=> right.size();
    // "0" stands for itself: a number that is not 0 follows.
    const std::size_t digits[] = {left == "0" ? 0 : left.size(), right == "0" ? 0 : right.size()};
    if (digits[0] != digits[1]) return digits[0] <=> digits[1];
    if (const auto order = left.compare(right) <=> 0; order != 0) return order;
  }
}

std::strong_ordering compare_words(const Word& a, const Word& b) {
  if (a.rank != b.rank) return a.rank <=> b.rank;
  const auto order = std::lexicographical_compare_three_way(
      a.text.begin(), a.text.end(), b.text.begin(), b.text.end(),
      [](char left, char right) { return lower(left) <=> lower(right); });
  return order;
}

}  // namespace

std::strong_ordering compare_versions(std::string_view a, std::string_view b) noexcept {
  a = plain(a);
  b = plain(b);
  while (true) {
    if (const auto order = compare_numbers(a, b); order != 0) return order;
    const Word left = take_word(a);
    const Word right = take_word(b);
    if (const auto order = compare_words(left, right); order != 0) return order;
    if (left.rank == 0) return std::strong_ordering::equal;
  }
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
           (begins && !is_digit(version[wanted.size()]));
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
