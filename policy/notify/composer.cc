// SPDX-License-Identifier: Apache-2.0
#include "policy/notify/composer.h"

#include <algorithm>

#include "policy/notify/message_text.h"

namespace weir::notify {

Result<void> Composer::begin() {
  std::vector<policy::ReceiverRow> rows;
  for (const NotificationReceiver& receiver : receivers_) rows.push_back({receiver.name, receiver.severity});
  return policy::set_receivers(store_, rows);
}

Result<std::size_t> Composer::look(TimeNs now) {
  std::size_t handed = 0;
  if (receivers_.empty() || (now >= last_look_ && now - last_look_ < kLookEvery)) return handed;
  last_look_ = now;
  const auto lock = spool_.lock();  // another engine of this appliance is at it
  if (!lock) return tl::unexpected(lock.error());
  if (!lock->held()) return handed;
  const auto unfinished = policy::unfinished_messages(store_, appliance_);  // of a process that died
  if (!unfinished) return tl::unexpected(unfinished.error());
  for (const policy::MessageRow& row : *unfinished) {
    if (auto done = hand_over(row); !done) return tl::unexpected(done.error());
  }
  if (auto owed = owe_overdue(now); !owed) return tl::unexpected(owed.error());
  const auto rows = policy::receivers(store_);
  if (!rows) return tl::unexpected(rows.error());
  for (const policy::ReceiverRow& row : *rows) {
    const NotificationReceiver* const receiver = find(row.name);
    if (receiver == nullptr) continue;
    const auto due = is_due(*receiver, row.last_message, now);
    if (!due) return tl::unexpected(due.error());
    if (!*due) continue;
    auto batch = store_.begin();
    if (!batch) return tl::unexpected(batch.error());
    const auto message = policy::make_message(*batch, appliance_, row.name, now);
    if (!message) return tl::unexpected(message.error());
    if (auto committed = batch->commit(); !committed) return tl::unexpected(committed.error());
    gathers_since_.erase(row.name);
    if (auto done = hand_over(*message); !done) return tl::unexpected(done.error());
    ++handed;
  }
  return handed;
}

Result<void> Composer::owe_overdue(TimeNs now) {
  if (now >= last_overdue_look_ && now - last_overdue_look_ < kOverdueEvery) return {};
  auto batch = store_.begin();
  if (!batch) return tl::unexpected(batch.error());
  const auto owed = policy::owe_overdue(*batch, now, kOverdueAtOnce);
  if (!owed) return tl::unexpected(owed.error());
  if (auto committed = batch->commit(); !committed) return committed;
  if (*owed < kOverdueAtOnce) last_overdue_look_ = now;
  return {};
}

const NotificationReceiver* Composer::find(const std::string& name) const {
  const auto found = std::find_if(receivers_.begin(), receivers_.end(),
                                  [&](const NotificationReceiver& one) { return one.name == name; });
  return found == receivers_.end() ? nullptr : &*found;
}

Result<bool> Composer::is_due(const NotificationReceiver& receiver, TimeNs last_message, TimeNs now) {
  const auto owed = policy::owed_rules(store_, receiver.name);
  if (!owed) return tl::unexpected(owed.error());
  bool any = false;
  for (const policy::OwedRule& rule : *owed) {
    if (receiver.wants(rule.rule)) {
      any = true;
      continue;
    }
    auto batch = store_.begin();
    if (!batch) return tl::unexpected(batch.error());
    if (auto dropped = policy::drop_owed(*batch, receiver.name, rule.rule); !dropped)
      return tl::unexpected(dropped.error());
    if (auto committed = batch->commit(); !committed) return tl::unexpected(committed.error());
  }
  if (!any) return false;
  TimeNs& since = gathers_since_.emplace(receiver.name, now).first->second;
  since = std::min(since, now);  // the clock was set back
  const bool gathered = now - since >= receiver.gather;
  const bool rested = last_message > now || now - last_message >= receiver.interval;
  return gathered && rested && spool_.keys(receiver.name, Box::kWaiting).empty();
}

// The key is the message's, so whoever does this again, after any death, puts nothing into the spool twice.
Result<void> Composer::hand_over(const policy::MessageRow& row) {
  const NotificationReceiver* const receiver = find(row.receiver);
  if (receiver != nullptr) {
    const auto content = policy::content_of(store_, row, kRulesTold, kViolationsTold);
    if (!content) return tl::unexpected(content.error());
    if (content->violations > 0) {
      if (auto put = spool_.put(message_of(*content, *receiver, appliance_, row.made, pseudonyms_)); !put)
        return put;
    }
  }
  auto batch = store_.begin();
  if (!batch) return tl::unexpected(batch.error());
  if (auto forgotten = policy::forget_message(*batch, row); !forgotten) return forgotten;
  return batch->commit();
}

}  // namespace weir::notify
