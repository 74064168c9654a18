// SPDX-License-Identifier: Apache-2.0
// One SMTP session: whole turns and single bytes must judge the same recipients and messages.
#include "classifier/inspect/smtp_session.h"

#include "tests/fuzz/mail_turns.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::classifier::SmtpSession;
  weir::fuzz::compare<SmtpSession>([] { return SmtpSession(false, true, true, 0); }, {data, size});
  return 0;
}
