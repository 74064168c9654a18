// SPDX-License-Identifier: Apache-2.0
#include "policy/console/flow_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace weir::console {
namespace {

/// The whole text as numbers with these characters between them.
template <std::size_t Count>
std::optional<std::array<std::uint64_t, Count>> numbers_in(std::string_view text, std::string_view between) {
  std::array<std::uint64_t, Count> numbers{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t i = 0; i < Count; ++i) {
    if (i > 0 && (at == end || *at++ != between[i - 1])) return std::nullopt;
    const auto read = std::from_chars(at, end, numbers[i]);
    if (read.ec != std::errc{}) return std::nullopt;
    at = read.ptr;
  }
  return at == end ? std::optional{numbers} : std::nullopt;
}

}  // namespace

std::strong_ordering FlowPlace::operator<=>(const FlowPlace& other) const {
  if (const auto newer = other.ms <=> ms; newer != 0) return newer;
  if (const auto newer = other.number <=> number; newer != 0) return newer;
  if (const auto before = stream <=> other.stream; before != 0) return before;
  return nth <=> other.nth;
}

std::string FlowPlace::entry() const { return fmt::format("{}-{}", ms, number); }

std::string FlowPlace::text() const { return fmt::format("{}.{}.{}", entry(), stream, nth); }

std::optional<FlowPlace> FlowPlace::parse(std::string_view text) {
  const auto read = numbers_in<4>(text, "-..");
  if (!read || (*read)[2] > UINT32_MAX || (*read)[3] > UINT32_MAX) return std::nullopt;
  return FlowPlace{(*read)[0], (*read)[1], static_cast<std::uint32_t>((*read)[2]),
                   static_cast<std::uint32_t>((*read)[3])};
}

std::optional<FlowPlace> FlowPlace::of_entry(std::string_view id, std::uint32_t stream) {
  const auto read = numbers_in<2>(id, "-");
  return read ? std::optional{FlowPlace{(*read)[0], (*read)[1], stream, 0}} : std::nullopt;
}

FlowSearchPage page_of(std::vector<FlowStretch> stretches, std::size_t count) {
  FlowSearchPage page;
  std::vector<FlowFound> all;
  for (FlowStretch& one : stretches) {
    if (one.unread && (!page.next || *one.unread < *page.next)) page.next = one.unread;
    std::move(one.found.begin(), one.found.end(), std::back_inserter(all));
  }
  std::ranges::sort(all, {}, &FlowFound::place);
  for (FlowFound& one : all) {
    if (page.next && *page.next < one.place) break;
    if (page.events.size() == count) {
      page.next = one.place;
      break;
    }
    page.events.push_back(std::move(one.event));
  }
  return page;
}

}  // namespace weir::console
