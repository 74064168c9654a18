// SPDX-License-Identifier: Apache-2.0
// One IMAP session: whole turns and single bytes must show the same messages and users.
#include "classifier/inspect/imap_session.h"

#include "tests/fuzz/mail_turns.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::classifier::ImapSession;
  weir::fuzz::compare<ImapSession>([] { return ImapSession{}; }, {data, size});
  return 0;
}
