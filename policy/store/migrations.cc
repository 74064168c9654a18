// SPDX-License-Identifier: Apache-2.0
#include "policy/store/migrations.h"

namespace weir::policy {

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> kMigrations{
      {1,
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
       }},
      {2,
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
       }},
      {6,
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
       }},
  };
  return kMigrations;
}

int newest_schema_version() { return migrations().back().version; }

}  // namespace weir::policy
