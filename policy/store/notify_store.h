// SPDX-License-Identifier: Apache-2.0
// What is to be told of violations, to whom: an outbox. A row stands for one violation and one receiver. It
// is written in the transaction that made the violation, and only then, so that no crash tells too little.
// From there a message goes in steps, each true at its commit: `make_message` puts rows into it, the caller
// hands it over under a key that stays the same, `forget_message` ends it. Whoever dies in between finds it
// by `unfinished_messages`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/decision.h"
#include "policy/model/error.h"
#include "policy/model/time.h"
#include "policy/store/store.h"

namespace weir::policy {

enum class NotificationCause : std::uint8_t { kNew, kOverdue };
[[nodiscard]] const char* to_string(NotificationCause cause);

/// Somebody who is told, as the store needs it.
struct ReceiverRow {
  std::string name;
  Severity severity = Severity::kMedium;  // at least
  TimeNs last_message = 0;                // filled when read; 0: none yet
  std::uint64_t messages = 0;             // the same
};

/// From now on these are told, and nobody else: what others were to be told is forgotten.
[[nodiscard]] Result<void> set_receivers(Store& store, const std::vector<ReceiverRow>& receivers);
[[nodiscard]] Result<std::vector<ReceiverRow>> receivers(Store& store);

/// Those who are told are owed a word, once, of each open violation that had to be closed before `now`; of at
/// most so many. Gives of how many.
[[nodiscard]] Result<std::uint64_t> owe_overdue(Batch& batch, TimeNs now, std::uint32_t most);

struct OwedRule {
  std::string rule;
  std::uint64_t violations = 0;
};
/// What the receiver is to be told and is in no message, by rule.
[[nodiscard]] Result<std::vector<OwedRule>> owed_rules(Store& store, const std::string& receiver);
/// All that the receiver is to be told, that of messages which were begun among it.
[[nodiscard]] Result<std::uint64_t> owed_count(Store& store, const std::string& receiver);
/// The receiver is not told of these.
[[nodiscard]] Result<void> drop_owed(Batch& batch, const std::string& receiver, const std::string& rule);

struct MessageRow {
  std::int64_t id = 0;
  std::string maker;  // the appliance whose spool it goes into
  std::string receiver;
  TimeNs made = 0;
};
/// All that the receiver is to be told.
[[nodiscard]] Result<MessageRow> make_message(Batch& batch, const std::string& maker,
                                              const std::string& receiver, TimeNs now);
[[nodiscard]] Result<std::vector<MessageRow>> unfinished_messages(Store& store, const std::string& maker);
[[nodiscard]] Result<void> forget_message(Batch& batch, const MessageRow& message);

/// Violations of one rule in a message.
struct ToldRule {
  std::string rule;
  NotificationCause cause = NotificationCause::kNew;
  Severity severity = Severity::kMedium;  // the highest
  std::uint64_t violations = 0;
  std::uint64_t sightings = 0;
  std::uint64_t subjects = 0;
};
struct ToldViolation {
  NotificationCause cause = NotificationCause::kNew;
  Violation violation;  // without evidence
};
struct ToldContent {
  std::vector<ToldRule> rules;       // the most severe first, then those with most violations
  std::vector<ToldViolation> first;  // the most severe first, then those seen last
  std::uint64_t violations = 0;
  std::uint64_t left_out = 0;  // closed since, or not kept any more
};
/// As the violations stand now; of `rules` and `first` at most so many.
[[nodiscard]] Result<ToldContent> content_of(Store& store, const MessageRow& message, std::uint32_t rules_max,
                                             std::uint32_t first_max);

}  // namespace weir::policy
