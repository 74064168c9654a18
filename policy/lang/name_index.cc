// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/name_index.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "policy/lang/pattern.h"
#include "policy/lang/words.h"

namespace weir::policy {
namespace {

bool has_star(std::string_view text) { return text.find('*') != std::string_view::npos; }

}  // namespace

std::string_view host_label(std::string_view host_name) { return host_name.substr(0, host_name.find('.')); }

std::string_view user_part(std::string_view user) {
  if (const std::size_t slash = user.find('\\'); slash != std::string_view::npos)
    return user.substr(slash + 1);
  return user.substr(0, user.rfind('@'));
}

void NameIndex::add(std::string_view pattern, std::uint16_t group, std::uint8_t sources) {
  Entry entry{lower_case(std::string(pattern)), group, sources, part_(pattern) != pattern};
  (has_star(pattern) ? patterns_ : exact_).push_back(std::move(entry));
}

void NameIndex::finish() {
  std::sort(exact_.begin(), exact_.end(), [](const Entry& one, const Entry& other) {
    return std::tie(one.text, one.group) < std::tie(other.text, other.group);
  });
  // Of the same name with the same sources the first group alone is ever found.
  const auto same = [](const Entry& one, const Entry& other) {
    return one.text == other.text && one.sources == other.sources;
  };
  exact_.erase(std::unique(exact_.begin(), exact_.end(), same), exact_.end());
  exact_.shrink_to_fit();
}

/// `name`: in lower case.
std::size_t NameIndex::exact(std::string_view name, unsigned source) const noexcept {
  auto at = std::lower_bound(exact_.begin(), exact_.end(), name,
                             [](const Entry& entry, std::string_view n) { return entry.text < n; });
  for (; at != exact_.end() && at->text == name; ++at)
    if ((std::uint32_t{at->sources} >> source & 1U) != 0) return at->group;
  return kNone;
}

std::size_t NameIndex::first_group(std::string_view name, unsigned source) const noexcept {
  if (name.empty() || name.size() > kPatternBytesMax || empty()) return kNone;
  std::array<char, kPatternBytesMax> buffer;  // NOLINT: as much of it is written as is read
  std::transform(name.begin(), name.end(), buffer.begin(), lower);
  const std::string_view whole{buffer.data(), name.size()};
  const std::string_view part = part_(whole);
  std::size_t first = exact(part, source);
  if (part.size() != whole.size()) first = std::min(first, exact(whole, source));
  for (const Entry& entry : patterns_) {
    if (entry.group >= first) break;
    const bool counts = (entry.sources >> source & 1U) != 0;
    if (counts && is_like(entry.text, entry.whole ? whole : part)) return entry.group;
  }
  return first;
}

bool pattern_within(std::string_view one, std::string_view other, NameIndex::Part part) {
  const bool whole = part(one) != one;
  if (whole != (part(other) != other)) return false;
  return is_like(other, one);  // a `*` of `one` stands where a `*` of the other one does
}

}  // namespace weir::policy
