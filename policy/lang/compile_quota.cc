// SPDX-License-Identifier: Apache-2.0
// The key `quota` of a rule.
#include <fmt/format.h>

#include <algorithm>

#include "policy/lang/builder.h"
#include "policy/lang/size_text.h"
#include "policy/lang/words.h"

namespace weir::policy {
namespace {

constexpr std::uint64_t kMinuteSeconds = 60;
constexpr std::uint64_t kMinutesMax = 31 * 24 * 60;
constexpr std::string_view kTimeAdvice = "write whole minutes or hours, at most 744h, such as 45m or 10h";

/// Seconds of "45m" and "10h"; more than nothing, at most a month.
std::optional<std::uint64_t> quota_seconds(std::string_view text) {
  const bool hours = text.ends_with('h');
  if (!hours && !text.ends_with('m')) return std::nullopt;
  const auto count = whole_number<std::uint32_t>(text.substr(0, text.size() - 1));
  const std::uint64_t minutes = count ? *count * (hours ? 60ULL : 1ULL) : 0;
  if (minutes == 0 || minutes > kMinutesMax) return std::nullopt;
  return minutes * kMinuteSeconds;
}

void mistake(Builder& builder, const Node& at, std::string_view what, std::string_view advice) {
  builder.mistakes.add(at, fmt::format("{} is {}", what, shown(at)), std::string(advice));
}

/// 0 where the key is not there, or wrong.
std::uint64_t count_of(Builder& builder, const Node& quota, std::string_view key) {
  const Node* const node = quota.find(key);
  if (node == nullptr) return 0;
  const auto count = builder.mistakes.integer(*node, std::string(key), 1, kQuotaCountMax);
  return static_cast<std::uint64_t>(count.value_or(0));
}

QuotaUse compile_amounts(Builder& builder, const Node& quota, Section section) {
  QuotaUse limit;
  if (const Node* const time = quota.find("time")) {
    const auto seconds = quota_seconds(time->text);
    if (!seconds) mistake(builder, *time, "time", kTimeAdvice);
    limit.seconds = seconds.value_or(0);
  }
  if (const Node* const bytes = quota.find("bytes")) {
    const auto size = size_bytes(bytes->text);
    const bool sane = size && *size <= kQuotaAmountMax;
    if (!sane) mistake(builder, *bytes, "bytes", kSizeAdvice);
    limit.bytes = sane ? *size : 0;
  }
  limit.flows = count_of(builder, quota, "flows");
  limit.messages = count_of(builder, quota, "messages");
  if (const Node* const messages = quota.find("messages"); messages != nullptr && section != Section::kEmail)
    builder.mistakes.add(*messages, "messages are counted in the section email alone",
                         "write time, bytes or flows, or move the rule");
  return limit;
}

}  // namespace

void compile_quota(Builder& builder, const Node& node, Rule& rule) {
  if (!expect_map(builder, node, "quota")) return;
  check_keys(builder, node, KeyMap::kQuota);
  Quota quota;
  quota.limit = compile_amounts(builder, node, rule.section);
  const bool says_how_much =
      std::any_of(node.entries.begin(), node.entries.end(), [](const Node::Entry& entry) {
        return entry.key == "time" || entry.key == "bytes" || entry.key == "flows" || entry.key == "messages";
      });
  if (!says_how_much)
    builder.mistakes.add(node, "the quota does not say how much", "add time: 45m, bytes: 2 GB or flows: 100");
  if (const Node* const per = node.find("per")) {
    if (const auto word = word_of(builder, *per, KeyMap::kQuota, "per"))
      quota.per = static_cast<QuotaPer>(*word);
  }
  const Node* const every = node.find("every");
  if (every == nullptr) {
    builder.mistakes.add(node, "the quota does not say for how long", "add every: day, week or month");
  } else if (const auto word = word_of(builder, *every, KeyMap::kQuota, "every")) {
    quota.every = static_cast<QuotaEvery>(*word);
  }
  if (rule.then == Action::kAllow)
    builder.mistakes.add(node, "a quota on a rule that allows ends nothing",
                         "write what happens once it is used up: then: block, page, limit or report");
  rule.quota = quota;
}

}  // namespace weir::policy
