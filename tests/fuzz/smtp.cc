// SPDX-License-Identifier: Apache-2.0
// One SMTP session: whole turns and single bytes must judge the same recipients and messages; and a session
// in which every command that can be refused is, whatever then comes.
#include "classifier/inspect/smtp_session.h"

#include "tests/fuzz/mail_turns.h"

namespace {

using weir::Bytes;
using weir::classifier::Outcome;
using weir::classifier::Refusal;
using weir::classifier::RefusalForm;
using weir::classifier::SmtpSession;

/// Refuses what was just read if that can be. `consumed` bytes of the client so far.
void refuse(SmtpSession& session, std::uint32_t consumed, weir::FlowFacts& facts) {
  const Refusal refusal = session.refusal(consumed);
  if (refusal.form != RefusalForm::kSmtpCommand || !refusal.whole) return;
  if (refusal.end != consumed || refusal.from >= refusal.end) std::abort();
  session.refuse_command(facts);
  if (!facts.mail.pending_recipient.empty()) std::abort();
  if (session.refusal(consumed).in_turn) std::abort();  // one at a time
}

void play_refusing(Bytes bytes) {
  SmtpSession session{false, false, true, 0};
  weir::FlowFacts facts;
  std::uint32_t consumed = 0;
  for (bool client = false; !bytes.empty(); client = !client) {
    const std::size_t end = std::min(weir::as_text(bytes).find('\xfe'), bytes.size());
    Bytes part = bytes.first(end);
    bytes = bytes.subspan(std::min(end + 1, bytes.size()));
    for (bool again = true; again || !part.empty();) {
      if (session.refusal_due()) session.refusal_given();
      const auto step = client ? session.from_client(part, facts) : session.from_server(part, facts);
      if (step.consumed > part.size()) std::abort();
      part = part.subspan(step.consumed);
      again = step.again;
      if (client) consumed += static_cast<std::uint32_t>(step.consumed);
      if (step.skip > 0 || (step.outcome != Outcome::kMore && step.outcome != Outcome::kName)) return;
      if (client && step.outcome == Outcome::kName) refuse(session, consumed, facts);
      if (step.consumed == 0 && step.outcome == Outcome::kMore) break;  // it waits for the reply that is owed
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::fuzz::compare<SmtpSession>([] { return SmtpSession(false, true, true, 0); }, {data, size});
  play_refusing({data, size});
  return 0;
}
