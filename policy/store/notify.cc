// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "policy/store/notify_store.h"
#include "policy/store/statement.h"

namespace weir::policy {
namespace {

using soci::into;
using soci::use;

NotificationCause cause_of(const std::string& word) {
  return word == to_string(NotificationCause::kOverdue) ? NotificationCause::kOverdue
                                                        : NotificationCause::kNew;
}

Severity severity_of(Integer number) {
  return static_cast<Severity>(std::clamp<Integer>(number, 0, static_cast<Integer>(Severity::kCritical)));
}

constexpr const char* kOpenOfMessage =
    " FROM notifications n JOIN violations v ON v.id = n.violation"
    " WHERE n.receiver = :r AND n.message = :m AND v.state <> 'closed'";

void read_rules(soci::session& sql, const MessageRow& message, std::uint32_t most, ToldContent& content) {
  ToldRule row;
  std::string cause;
  Integer severity = 0, violations = 0, sightings = 0, subjects = 0;
  const Integer id = message.id;
  const Integer limit = most;
  soci::statement statement =
      (sql.prepare << fmt::format("SELECT n.rule, n.cause, MAX(v.severity), COUNT(*),"
                                  " CAST(SUM(v.seen_count) AS BIGINT), COUNT(DISTINCT v.subject){}"
                                  " GROUP BY n.rule, n.cause"
                                  " ORDER BY MAX(v.severity) DESC, COUNT(*) DESC, n.rule, n.cause LIMIT :n",
                                  kOpenOfMessage),
       use(message.receiver), use(id), use(limit), into(row.rule), into(cause), into(severity),
       into(violations), into(sightings), into(subjects));
  statement.execute();
  while (statement.fetch()) {
    row.cause = cause_of(cause);
    row.severity = severity_of(severity);
    row.violations = static_cast<std::uint64_t>(violations);
    row.sightings = static_cast<std::uint64_t>(sightings);
    row.subjects = static_cast<std::uint64_t>(subjects);
    content.rules.push_back(row);
  }
}

void read_first(soci::session& sql, const MessageRow& message, std::uint32_t most, ToldContent& content) {
  ToldViolation row;
  Violation& violation = row.violation;
  std::string cause;
  Integer number = 0, would_block = 0, severity = 0, revision = 0, count = 0, first_seen = 0, last_seen = 0;
  const Integer id = message.id;
  const Integer limit = most;
  soci::statement statement =
      (sql.prepare << fmt::format("SELECT n.cause, v.id, v.rule, v.section, v.action, v.would_block,"
                                  " v.severity, v.subject, v.object, v.state, v.revision, v.seen_count,"
                                  " v.first_seen_ns, v.last_seen_ns{}"
                                  " ORDER BY v.severity DESC, v.last_seen_ns DESC, v.id DESC LIMIT :n",
                                  kOpenOfMessage),
       use(message.receiver), use(id), use(limit), into(cause), into(number), into(violation.rule),
       into(violation.section), into(violation.action), into(would_block), into(severity),
       into(violation.subject), into(violation.object), into(violation.state), into(revision), into(count),
       into(first_seen), into(last_seen));
  statement.execute();
  while (statement.fetch()) {
    row.cause = cause_of(cause);
    violation.id = number;
    violation.would_block = would_block != 0;
    violation.severity = severity_of(severity);
    violation.revision = static_cast<std::uint32_t>(revision);
    violation.count = static_cast<std::uint64_t>(count);
    violation.first_seen = first_seen;
    violation.last_seen = last_seen;
    content.first.push_back(row);
  }
}

}  // namespace

const char* to_string(NotificationCause cause) {
  return cause == NotificationCause::kOverdue ? "overdue" : "new";
}

Result<void> set_receivers(Store& store, const std::vector<ReceiverRow>& receivers) {
  return caught("cannot set who is told", [&] {
    soci::session& sql = store.connection().session;
    Transaction all(sql, *store.connection().dialect, true);
    // Nobody matches -1 until the severity of those that are told is set again.
    sql << "UPDATE notification_receivers SET severity = -1";
    for (const ReceiverRow& receiver : receivers) {
      const Integer severity = static_cast<Integer>(receiver.severity);
      sql << "INSERT INTO notification_receivers (receiver, severity, last_message_ns, messages)"
             " VALUES (:r, :s, 0, 0) ON CONFLICT (receiver) DO UPDATE SET severity = excluded.severity",
          use(receiver.name), use(severity);
    }
    sql << "DELETE FROM notification_receivers WHERE severity = -1";
    sql << "DELETE FROM notification_messages WHERE receiver NOT IN (SELECT receiver FROM"
           " notification_receivers)";
    sql << "DELETE FROM notifications WHERE receiver NOT IN (SELECT receiver FROM notification_receivers)";
    all.commit();
  });
}

Result<std::vector<ReceiverRow>> receivers(Store& store) {
  return caught("cannot read who is told", [&] {
    std::vector<ReceiverRow> all;
    ReceiverRow row;
    Integer severity = 0, last = 0, messages = 0;
    soci::statement statement =
        (store.connection().session.prepare << "SELECT receiver, severity, last_message_ns, messages FROM"
                                               " notification_receivers ORDER BY receiver",
         into(row.name), into(severity), into(last), into(messages));
    statement.execute();
    while (statement.fetch()) {
      row.severity = severity_of(severity);
      row.last_message = last;
      row.messages = static_cast<std::uint64_t>(messages);
      all.push_back(row);
    }
    return all;
  });
}

Result<std::uint64_t> owe_overdue(Batch& batch, TimeNs now, std::uint32_t most) {
  return caught("cannot look for what is overdue", [&] {
    Batch::Work& work = batch.work();
    std::vector<Integer> ids;
    Statement take(work.connection);
    take << "INSERT INTO notified_overdue (violation) SELECT id FROM violations WHERE state <> 'closed'"
            " AND due_ns > 0 AND due_ns < ";
    take.value(now) << " AND id NOT IN (SELECT violation FROM notified_overdue) ORDER BY due_ns, id LIMIT ";
    take.value(Integer{most}) << " RETURNING violation";
    Integer id = 0;
    take.into(id);
    while (take.fetch()) ids.push_back(id);
    if (ids.empty()) return std::uint64_t{0};
    Statement insert(work.connection);
    insert << "INSERT INTO notifications (receiver, message, rule, violation, cause) SELECT r.receiver, 0,"
              " v.rule, v.id, 'overdue' FROM notification_receivers r, violations v"
              " WHERE r.severity <= v.severity AND v.id IN (";
    for (const Integer one : ids) insert.next().value(one);
    insert << ")";
    if (insert.run() > 0) work.notifications_owed = true;
    return std::uint64_t{ids.size()};
  });
}

Result<std::vector<OwedRule>> owed_rules(Store& store, const std::string& receiver) {
  return caught("cannot read what is to be told", [&] {
    std::vector<OwedRule> all;
    std::string rule;
    Integer count = 0;
    soci::statement statement =
        (store.connection().session.prepare
             << "SELECT rule, COUNT(*) FROM notifications WHERE receiver = :r AND message = 0"
                " GROUP BY rule ORDER BY rule",
         use(receiver), into(rule), into(count));
    statement.execute();
    while (statement.fetch()) all.push_back({rule, static_cast<std::uint64_t>(count)});
    return all;
  });
}

Result<std::uint64_t> owed_count(Store& store, const std::string& receiver) {
  return caught("cannot count what is to be told", [&] {
    Integer count = 0;
    store.connection().session << "SELECT COUNT(*) FROM notifications WHERE receiver = :r", use(receiver),
        into(count);
    return static_cast<std::uint64_t>(count);
  });
}

Result<void> drop_owed(Batch& batch, const std::string& receiver, const std::string& rule) {
  return caught("cannot drop what is to be told",
                [&] {
                  batch.work().connection.session
                      << "DELETE FROM notifications WHERE receiver = :r AND message = 0 AND rule = :rule",
                      use(receiver), use(rule);
                });
}

Result<MessageRow> make_message(Batch& batch, const std::string& maker, const std::string& receiver,
                                TimeNs now) {
  return caught("cannot begin a message", [&] {
    soci::session& sql = batch.work().connection.session;
    MessageRow message{0, maker, receiver, now};
    const Integer at = now;
    Integer id = 0;
    sql << "INSERT INTO notification_messages (maker, receiver, made_ns) VALUES (:a, :r, :at) RETURNING id",
        use(maker), use(receiver), use(at), into(id);
    sql << "UPDATE notifications SET message = :m WHERE receiver = :r AND message = 0", use(id),
        use(receiver);
    sql << "UPDATE notification_receivers SET last_message_ns = :at, messages = messages + 1"
           " WHERE receiver = :r",
        use(at), use(receiver);
    message.id = id;
    return message;
  });
}

Result<std::vector<MessageRow>> unfinished_messages(Store& store, const std::string& maker) {
  return caught("cannot read unfinished messages", [&] {
    std::vector<MessageRow> all;
    MessageRow row;
    Integer id = 0, made = 0;
    row.maker = maker;
    soci::statement statement =
        (store.connection().session.prepare << "SELECT id, receiver, made_ns FROM notification_messages"
                                               " WHERE maker = :a ORDER BY id",
         use(maker), into(id), into(row.receiver), into(made));
    statement.execute();
    while (statement.fetch()) {
      row.id = id;
      row.made = made;
      all.push_back(row);
    }
    return all;
  });
}

Result<void> forget_message(Batch& batch, const MessageRow& message) {
  return caught("cannot end a message", [&] {
    soci::session& sql = batch.work().connection.session;
    const Integer id = message.id;
    sql << "DELETE FROM notifications WHERE receiver = :r AND message = :m", use(message.receiver), use(id);
    sql << "DELETE FROM notification_messages WHERE id = :m", use(id);
  });
}

Result<ToldContent> content_of(Store& store, const MessageRow& message, std::uint32_t rules_max,
                               std::uint32_t first_max) {
  return caught("cannot read a message", [&] {
    soci::session& sql = store.connection().session;
    ToldContent content;
    Integer all = 0, open = 0;
    const Integer id = message.id;
    sql << "SELECT COUNT(*) FROM notifications WHERE receiver = :r AND message = :m", use(message.receiver),
        use(id), into(all);
    sql << fmt::format("SELECT COUNT(*){}", kOpenOfMessage), use(message.receiver), use(id), into(open);
    content.violations = static_cast<std::uint64_t>(open);
    content.left_out = static_cast<std::uint64_t>(all - open);
    read_rules(sql, message, rules_max, content);
    read_first(sql, message, first_max, content);
    return content;
  });
}

}  // namespace weir::policy
