// SPDX-License-Identifier: Apache-2.0
// One POP3 session: whole turns and single bytes must show the same messages and users.
#include "classifier/inspect/pop3_session.h"

#include "tests/fuzz/mail_turns.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::classifier::Pop3Session;
  weir::fuzz::compare<Pop3Session>([] { return Pop3Session{}; }, {data, size});
  return 0;
}
