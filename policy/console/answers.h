// SPDX-License-Identifier: Apache-2.0
// The answers, one a row of operations.cc. Who may ask was looked at before (Desk::handle).
#pragma once

#include "policy/console/desk.h"

namespace weir::console {

// account_answers.cc
[[nodiscard]] Response setup_state(Desk& desk, const Call& call);
[[nodiscard]] Response setup(Desk& desk, const Call& call);
[[nodiscard]] Response login(Desk& desk, const Call& call);
[[nodiscard]] Response second_step(Desk& desk, const Call& call);
[[nodiscard]] Response logout(Desk& desk, const Call& call);
[[nodiscard]] Response me(Desk& desk, const Call& call);
[[nodiscard]] Response list_accounts(Desk& desk, const Call& call);
[[nodiscard]] Response make_account(Desk& desk, const Call& call);
[[nodiscard]] Response delete_account(Desk& desk, const Call& call);
// session_answers.cc
[[nodiscard]] Response reset_account(Desk& desk, const Call& call);
[[nodiscard]] Response change_password(Desk& desk, const Call& call);
[[nodiscard]] Response list_sessions(Desk& desk, const Call& call);
[[nodiscard]] Response end_sessions(Desk& desk, const Call& call);
[[nodiscard]] Response end_session(Desk& desk, const Call& call);
// token_answers.cc
[[nodiscard]] Response list_tokens(Desk& desk, const Call& call);
[[nodiscard]] Response make_token(Desk& desk, const Call& call);
[[nodiscard]] Response delete_token(Desk& desk, const Call& call);
// overview_answers.cc
[[nodiscard]] Response overview(Desk& desk, const Call& call);
[[nodiscard]] Response list_clients(Desk& desk, const Call& call);
[[nodiscard]] Response list_software(Desk& desk, const Call& call);
[[nodiscard]] Response show_status(Desk& desk, const Call& call);
[[nodiscard]] Response list_audit(Desk& desk, const Call& call);
[[nodiscard]] Response tell_events(Desk& desk, const Call& call);
// violation_answers.cc
[[nodiscard]] Response list_violations(Desk& desk, const Call& call);
[[nodiscard]] Response match_violations(Desk& desk, const Call& call);
[[nodiscard]] Response show_violation(Desk& desk, const Call& call);
[[nodiscard]] Response change_violations(Desk& desk, const Call& call);
[[nodiscard]] Response reveal(Desk& desk, const Call& call);
// evidence_answers.cc
[[nodiscard]] Response export_violation(Desk& desk, const Call& call);
// flow_answers.cc
[[nodiscard]] Response search_flows(Desk& desk, const Call& call);
[[nodiscard]] Response explain_flow(Desk& desk, const Call& call);
// exception_answers.cc
[[nodiscard]] Response list_exceptions(Desk& desk, const Call& call);
[[nodiscard]] Response try_exception(Desk& desk, const Call& call);
[[nodiscard]] Response add_exception(Desk& desk, const Call& call);
[[nodiscard]] Response remove_exception(Desk& desk, const Call& call);
// job_answers.cc
[[nodiscard]] Response begin_what_if(Desk& desk, const Call& call);
[[nodiscard]] Response show_job(Desk& desk, const Call& call);
[[nodiscard]] Response cancel_job(Desk& desk, const Call& call);
// report_answers.cc
[[nodiscard]] Response list_reports(Desk& desk, const Call& call);
[[nodiscard]] Response make_report(Desk& desk, const Call& call);
[[nodiscard]] Response fetch_report(Desk& desk, const Call& call);
// policy_answers.cc
[[nodiscard]] Response show_policy(Desk& desk, const Call& call);
[[nodiscard]] Response apply_policy(Desk& desk, const Call& call);
[[nodiscard]] Response check_policy(Desk& desk, const Call& call);
[[nodiscard]] Response diff_policy(Desk& desk, const Call& call);
[[nodiscard]] Response confirm_policy(Desk& desk, const Call& call);
[[nodiscard]] Response roll_back_policy(Desk& desk, const Call& call);
[[nodiscard]] Response list_revisions(Desk& desk, const Call& call);
[[nodiscard]] Response show_revision(Desk& desk, const Call& call);
[[nodiscard]] Response show_schema(Desk& desk, const Call& call);

}  // namespace weir::console
