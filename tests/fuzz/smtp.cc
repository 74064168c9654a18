// SPDX-License-Identifier: Apache-2.0
// One SMTP session: turns are separated by 0xfe, the server begins. Whole turns and single bytes must judge
// the same recipients and end in the same envelope, unless they are refused.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "classifier/inspect/smtp_session.h"

namespace {

using weir::classifier::Outcome;
using weir::classifier::ParseStep;
using weir::classifier::SmtpSession;

struct Result {
  Outcome end = Outcome::kMore;
  std::vector<std::string> judged;
  weir::FlowFacts facts;
  std::uint64_t skip = 0;  // bytes of the client that are not shown
};

/// One turn; false when the session ended.
bool turn(SmtpSession& session, bool client, weir::Bytes part, Result& result) {
  while (!part.empty()) {
    const ParseStep step =
        client ? session.from_client(part, result.facts) : session.from_server(part, result.facts);
    if (step.consumed > part.size()) std::abort();
    part = part.subspan(step.consumed);
    if (step.outcome == Outcome::kName) {
      result.judged.push_back(result.facts.mail.sender + '>' + result.facts.mail.pending_recipient);
    } else if (step.outcome != Outcome::kMore) {
      result.end = step.outcome;
      return false;
    } else if (!part.empty()) {
      std::abort();
    }
    result.skip += step.skip;
  }
  return true;
}

Result run(weir::Bytes bytes, bool single_bytes) {
  Result result;
  SmtpSession session(false, true, true, 0);
  bool client = false;
  while (!bytes.empty()) {
    const std::size_t end = std::min(weir::as_text(bytes).find('\xfe'), bytes.size());
    weir::Bytes part = bytes.first(end);
    bytes = bytes.subspan(std::min(end + 1, bytes.size()));
    while (!part.empty()) {
      if (client && result.skip > 0) {
        const std::size_t skipped = std::min<std::uint64_t>(result.skip, part.size());
        result.skip -= skipped;
        part = part.subspan(skipped);
        continue;
      }
      const std::size_t count = single_bytes ? 1 : part.size();
      if (!turn(session, client, part.first(count), result)) return result;
      part = part.subspan(count);
    }
    client = !client;
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Bytes bytes{data, size};
  const Result whole = run(bytes, false);
  const Result single = run(bytes, true);
  if (whole.end != single.end) std::abort();
  if (whole.end == Outcome::kMore &&
      (whole.judged != single.judged || whole.facts.mail.recipients != single.facts.mail.recipients ||
       whole.facts.mail.sender != single.facts.mail.sender)) {
    std::abort();
  }
  return 0;
}
