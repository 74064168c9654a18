// SPDX-License-Identifier: Apache-2.0
#include "policy/store/migrations.h"

#include <soci/soci.h>

#include "policy/store/dialect.h"

namespace weir::policy {

namespace {

/// What people do with violations, and how they are found.
Migration what_people_do() {
  return {
      4,
      {
          "ALTER TABLE violations ADD COLUMN resolution TEXT NOT NULL DEFAULT ''",
          "ALTER TABLE violations ADD COLUMN assignee TEXT NOT NULL DEFAULT ''",
          "ALTER TABLE violations ADD COLUMN exception TEXT NOT NULL DEFAULT ''",
          "ALTER TABLE violations ADD COLUMN follows {int} NOT NULL DEFAULT 0",
          "ALTER TABLE violations ADD COLUMN due_ns {int} NOT NULL DEFAULT 0",
          // The conditions are those that violation_page.cc writes, word by word.
          "DROP INDEX violations_by_age",
          "CREATE INDEX violations_by_age ON violations (last_seen_ns, id)",
          "CREATE INDEX violations_queue ON violations (last_seen_ns, id) WHERE state <> 'closed'",
          "CREATE INDEX violations_by_state ON violations (state, last_seen_ns, id) WHERE state <> 'new'",
          "CREATE INDEX violations_by_severity ON violations (severity, last_seen_ns, id)"
          " WHERE state <> 'closed'",
          "CREATE INDEX violations_by_rule ON violations (rule, last_seen_ns, id)",
          "CREATE INDEX violations_by_subject ON violations (subject, last_seen_ns, id)",
          "CREATE INDEX violations_by_assignee ON violations (assignee, last_seen_ns, id)"
          " WHERE assignee <> ''",
          "CREATE INDEX violations_due ON violations (due_ns, id) WHERE state <> 'closed'",
          "CREATE INDEX violations_closed ON violations (rule, subject, object, id) WHERE state = 'closed'",
          kSearchIndex,
          "CREATE TABLE violation_history (id {key}, violation {int} NOT NULL REFERENCES violations (id)"
          " ON DELETE CASCADE, at_ns {int} NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,"
          " from_word TEXT NOT NULL, to_word TEXT NOT NULL, reason TEXT NOT NULL) {strict}",
          "CREATE INDEX violation_history_by_violation ON violation_history (violation, id)",
          "CREATE TABLE suppressions (id {key}, rule TEXT NOT NULL, subject TEXT NOT NULL,"
          " object TEXT NOT NULL, owner TEXT NOT NULL, made_by TEXT NOT NULL, reason TEXT NOT NULL,"
          " made_ns {int} NOT NULL, ends_ns {int} NOT NULL, ended_by TEXT NOT NULL,"
          " end_reason TEXT NOT NULL, seen_count {int} NOT NULL, last_seen_ns {int} NOT NULL) {strict}",
          // How many rows a large table has, where counting them with every batch would be dear.
          "CREATE TABLE row_counts (name TEXT PRIMARY KEY, kept {int} NOT NULL) {strict}",
          "INSERT INTO row_counts (name, kept) SELECT 'violations', COUNT(*) FROM violations",
          "INSERT INTO row_counts (name, kept) VALUES ('suppressions_revision', 0)",
      }};
}

/// What flows add up to.
Migration sums_of_flows() {
  return {
      5,
      {
          // Of flows that ended in a minute, an hour or a day of UTC, which began then.
          "CREATE TABLE usage_sums (length_s {int} NOT NULL, begins_ns {int} NOT NULL,"
          " dimension TEXT NOT NULL, name TEXT NOT NULL, flows {int} NOT NULL, bytes_up {int} NOT NULL,"
          " bytes_down {int} NOT NULL, PRIMARY KEY (length_s, begins_ns, dimension, name)) {strict}",
          // Two LogHistograms of microseconds.
          "CREATE TABLE server_sums (length_s {int} NOT NULL, begins_ns {int} NOT NULL, kind TEXT NOT NULL,"
          " server TEXT NOT NULL, service TEXT NOT NULL, flows {int} NOT NULL, bytes {int} NOT NULL,"
          " packets {int} NOT NULL, retransmitted {int} NOT NULL, round_trips {blob} NOT NULL,"
          " responses {blob} NOT NULL, PRIMARY KEY (length_s, begins_ns, kind, server, service)) {strict}",
      }};
}

Migration events_violations_software() {
  return {
      1,
      {
          // Which events were applied: README.md, "Exactness". `boot` is 16 hex digits.
          "CREATE TABLE sources (id {key}, appliance TEXT NOT NULL, boot TEXT NOT NULL, worker {int} NOT "
          "NULL,"
          " high {int} NOT NULL, last_seen_ns {int} NOT NULL, UNIQUE (appliance, boot, worker)) {strict}",
          "CREATE TABLE source_gaps (source {int} NOT NULL REFERENCES sources (id) ON DELETE CASCADE,"
          " first {int} NOT NULL, last {int} NOT NULL, PRIMARY KEY (source, first)) {strict}",

          "CREATE TABLE violations (id {key}, rule TEXT NOT NULL, section TEXT NOT NULL, action TEXT NOT "
          "NULL,"
          " would_block {int} NOT NULL, severity {int} NOT NULL, subject TEXT NOT NULL, object TEXT NOT "
          "NULL,"
          " state TEXT NOT NULL, revision {int} NOT NULL, seen_count {int} NOT NULL,"
          " first_seen_ns {int} NOT NULL, last_seen_ns {int} NOT NULL) {strict}",
          "CREATE UNIQUE INDEX violations_open ON violations (rule, subject, object) WHERE state <> "
          "'closed'",
          "CREATE INDEX violations_by_age ON violations (last_seen_ns)",
          "CREATE TABLE violation_evidence (violation {int} NOT NULL REFERENCES violations (id) ON DELETE "
          "CASCADE,"
          " flow_id TEXT NOT NULL, seen_ns {int} NOT NULL, PRIMARY KEY (violation, flow_id)) {strict}",

          "CREATE TABLE software (client TEXT NOT NULL, product TEXT NOT NULL, version TEXT NOT NULL,"
          " evidence TEXT NOT NULL, flow_id TEXT NOT NULL, state {int} NOT NULL, seen_count {int} NOT NULL,"
          " first_seen_ns {int} NOT NULL, last_seen_ns {int} NOT NULL,"
          " PRIMARY KEY (client, product, version)) {strict}",
          "CREATE INDEX software_by_age ON software (last_seen_ns)",

          "CREATE TABLE flows (id {key}, flow_id TEXT NOT NULL UNIQUE, ended_ns {int} NOT NULL,"
          " initiator TEXT NOT NULL, initiator_port {int} NOT NULL, responder TEXT NOT NULL,"
          " responder_port {int} NOT NULL, protocol {int} NOT NULL, event TEXT NOT NULL) {strict}",
          "CREATE INDEX flows_by_ends ON flows (initiator, responder)",

          "CREATE TABLE engine_state (name TEXT PRIMARY KEY, value {int} NOT NULL) {strict}",
      }};
}

Migration quotas_of_rules() {
  return {
      2,
      {
          "CREATE TABLE quotas (id {key}, rule TEXT NOT NULL, subject TEXT NOT NULL, begins_ns {int} NOT "
          "NULL,"
          " ends_ns {int} NOT NULL, bytes {int} NOT NULL, seconds {int} NOT NULL, flows {int} NOT NULL,"
          " messages {int} NOT NULL, percent_said {int} NOT NULL, last_used_ns {int} NOT NULL,"
          " told_ns {int} NOT NULL, fact_owed {int} NOT NULL, UNIQUE (rule, subject, begins_ns)) {strict}",
          "CREATE INDEX quotas_by_age ON quotas (ends_ns, last_used_ns)",
          "CREATE INDEX quotas_owed ON quotas (id) WHERE fact_owed <> 0",
          // Minutes of the Unix epoch in which something was used, and how much.
          "CREATE TABLE quota_minutes (id {key}, minute {int} NOT NULL, rule TEXT NOT NULL,"
          " subject TEXT NOT NULL, bytes {int} NOT NULL, UNIQUE (minute, rule, subject)) {strict}",
      }};
}

Migration flows_without_indexes() {
  return {
      3,
      {
          // Without indexes: a flow is written with each flow that ends, and looked up by people.
          "CREATE TABLE flows_without_index (id {key}, flow_id TEXT NOT NULL, ended_ns {int} NOT NULL,"
          " initiator TEXT NOT NULL, initiator_port {int} NOT NULL, responder TEXT NOT NULL,"
          " responder_port {int} NOT NULL, protocol {int} NOT NULL, event TEXT NOT NULL) {strict}",
          "INSERT INTO flows_without_index (flow_id, ended_ns, initiator, initiator_port, responder,"
          " responder_port, protocol, event) SELECT flow_id, ended_ns, initiator, initiator_port, responder,"
          " responder_port, protocol, event FROM flows ORDER BY id",
          "DROP TABLE flows",
          "ALTER TABLE flows_without_index RENAME TO flows",
      }};
}

Migration what_detectors_know() {
  return {6,
          {
              "ALTER TABLE violations ADD COLUMN text TEXT NOT NULL DEFAULT ''",
              // What detectors counted in their windows, and what they have seen before: detect_store.h.
              "CREATE TABLE detect_windows (id {key}, detector TEXT NOT NULL, subject TEXT NOT NULL,"
              " object TEXT NOT NULL, width_ns {int} NOT NULL, begins_ns {int} NOT NULL, n {int} NOT NULL,"
              " a {int} NOT NULL, b {int} NOT NULL, c {int} NOT NULL, most {int} NOT NULL,"
              " first_ns {int} NOT NULL, items TEXT NOT NULL, flows TEXT NOT NULL, said {int} NOT NULL,"
              " UNIQUE (detector, subject, object, width_ns, begins_ns)) {strict}",
              "CREATE INDEX detect_windows_by_age ON detect_windows (detector, id)",
              "CREATE TABLE detect_known (id {key}, detector TEXT NOT NULL, subject TEXT NOT NULL,"
              " object TEXT NOT NULL, first_ns {int} NOT NULL, last_ns {int} NOT NULL, days {int} NOT NULL,"
              " mark {int} NOT NULL, said {int} NOT NULL, UNIQUE (detector, subject, object)) {strict}",
              "CREATE INDEX detect_known_by_age ON detect_known (detector, last_ns)",
          }};
}

Migration audit_and_reveals() {
  return {7,
          {
              // A hash chain (policy/audit/audit_chain.h); hashes and signatures are hexadecimal.
              "CREATE TABLE audit (number {int} PRIMARY KEY, at_ns {int} NOT NULL, who TEXT NOT NULL,"
              " origin TEXT NOT NULL, verb TEXT NOT NULL, object TEXT NOT NULL, reason TEXT NOT NULL,"
              " result TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL, signature TEXT NOT NULL)"
              " {strict}",
              // One row: where the chain begins and ends. It is also what writers wait for each other at.
              "CREATE TABLE audit_head (id {int} PRIMARY KEY, number {int} NOT NULL, hash TEXT NOT NULL,"
              " first {int} NOT NULL, before TEXT NOT NULL, signature TEXT NOT NULL) {strict}",
              "INSERT INTO audit_head (id, number, hash, first, before, signature)"
              " VALUES (1, 0, '', 1, '', '')",
              "CREATE TABLE reveal_requests (id {key}, pseudonym TEXT NOT NULL, reason TEXT NOT NULL,"
              " asked_by TEXT NOT NULL, asked_ns {int} NOT NULL, approved_by TEXT NOT NULL,"
              " approved_ns {int} NOT NULL, used_ns {int} NOT NULL) {strict}",
          }};
}

Migration notifications_owed() {
  return {8,
          {
              // Who is told of violations, what is to be told (message 0: not in a message yet), and messages
              // that were begun. notify_store.h has the order of things.
              "CREATE TABLE notification_receivers (receiver TEXT PRIMARY KEY, severity {int} NOT NULL,"
              " last_message_ns {int} NOT NULL, messages {int} NOT NULL) {strict}",
              "CREATE TABLE notifications (id {key}, receiver TEXT NOT NULL, message {int} NOT NULL,"
              " rule TEXT NOT NULL, violation {int} NOT NULL, cause TEXT NOT NULL) {strict}",
              "CREATE INDEX notifications_by_message ON notifications (receiver, message, rule)",
              // Violations of which it was told that they are overdue.
              "CREATE TABLE notified_overdue (violation {int} PRIMARY KEY REFERENCES violations (id)"
              " ON DELETE CASCADE) {strict}",
              "CREATE TABLE notification_messages (id {key}, maker TEXT NOT NULL, receiver TEXT NOT NULL,"
              " made_ns {int} NOT NULL) {strict}",
          }};
}

Migration console_accounts() {
  return {9,
          {
              // account_store.h has what the columns mean.
              "CREATE TABLE console_accounts (name TEXT PRIMARY KEY, role TEXT NOT NULL,"
              " password TEXT NOT NULL, totp_key TEXT NOT NULL, totp_step {int} NOT NULL,"
              " enrolled {int} NOT NULL, made_ns {int} NOT NULL, last_login_ns {int} NOT NULL) {strict}",
              "CREATE TABLE console_sessions (token_hash TEXT PRIMARY KEY,"
              " account TEXT NOT NULL REFERENCES console_accounts (name) ON DELETE CASCADE,"
              " complete {int} NOT NULL, began_ns {int} NOT NULL, used_ns {int} NOT NULL) {strict}",
              "CREATE INDEX console_sessions_by_use ON console_sessions (used_ns)",
              "CREATE TABLE console_tries (who TEXT PRIMARY KEY, failures {int} NOT NULL,"
              " last_ns {int} NOT NULL) {strict}",
              "CREATE INDEX console_tries_by_time ON console_tries (last_ns)",
              "CREATE TABLE console_code (id {int} PRIMARY KEY, hash TEXT NOT NULL, ends_ns {int} NOT NULL)"
              " {strict}",
          }};
}

Migration console_tokens() {
  return {10,
          {
              "ALTER TABLE console_accounts ADD COLUMN must_change {int} NOT NULL DEFAULT 0",
              "ALTER TABLE console_sessions ADD COLUMN address TEXT NOT NULL DEFAULT ''",
              "CREATE INDEX console_sessions_by_account ON console_sessions (account, used_ns)",
              "CREATE TABLE console_tokens (id TEXT PRIMARY KEY, token_hash TEXT NOT NULL,"
              " account TEXT NOT NULL REFERENCES console_accounts (name) ON DELETE CASCADE,"
              " name TEXT NOT NULL, scope TEXT NOT NULL, made_ns {int} NOT NULL, ends_ns {int} NOT NULL,"
              " used_ns {int} NOT NULL, address TEXT NOT NULL) {strict}",
              "CREATE INDEX console_tokens_by_account ON console_tokens (account, made_ns)",
              "CREATE TABLE console_answers (key TEXT PRIMARY KEY, request TEXT NOT NULL,"
              " status {int} NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL, tag TEXT NOT NULL,"
              " made_ns {int} NOT NULL) {strict}",
              "CREATE INDEX console_answers_by_time ON console_answers (made_ns)",
          }};
}

}  // namespace

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> kMigrations{
      events_violations_software(),
      quotas_of_rules(),
      flows_without_indexes(),
      what_people_do(),
      sums_of_flows(),
      what_detectors_know(),
      audit_and_reveals(),
      notifications_owed(),
      console_accounts(),
      console_tokens(),
  };
  return kMigrations;
}

int newest_schema_version() { return migrations().back().version; }

int schema_version(soci::session& session) {
  int version = 0;
  soci::indicator found = soci::i_null;
  session << "SELECT MAX(version) FROM schema_version", soci::into(version, found);
  return found == soci::i_ok ? version : 0;
}

void migrate(soci::session& session, const Dialect& dialect, int version) {
  const int present = schema_version(session);
  for (const Migration& migration : migrations()) {
    if (migration.version <= present || migration.version > version) continue;
    for (const std::string_view statement : migration.statements) {
      if (statement != kSearchIndex) {
        session << in_dialect(statement, dialect);
        continue;
      }
      for (const std::string_view part : dialect.search_index) session << part;
    }
    session << "INSERT INTO schema_version (version) VALUES (:version)", soci::use(migration.version);
  }
}

}  // namespace weir::policy
