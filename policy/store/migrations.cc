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
      {7,
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
           "CREATE INDEX flows_by_end_time ON flows (ended_ns)",
       }},
  };
  return kMigrations;
}

int newest_schema_version() { return migrations().back().version; }

}  // namespace weir::policy
