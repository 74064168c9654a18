// SPDX-License-Identifier: Apache-2.0
// One HTTP/1 connection: everything up to the first 0xfe byte is the client's, the rest the server's. Whole
// and in pieces the client's bytes must name the same hosts, unless they are refused.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "classifier/inspect/http1_session.h"

namespace {

using weir::classifier::Http1Session;
using weir::classifier::Outcome;
using weir::classifier::ParseStep;

struct Result {
  Outcome end = Outcome::kMore;
  std::set<std::string> hosts;
  std::uint32_t requests = 0;
};

Result parse(Http1Session& session, weir::Bytes bytes, std::size_t piece) {
  Result result;
  weir::FlowFacts facts;
  while (!bytes.empty()) {
    weir::Bytes part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    for (bool again = true; again;) {
      const ParseStep step = session.from_client(part, facts);
      if (step.consumed > part.size()) std::abort();
      part = part.subspan(step.consumed);
      if (step.outcome == Outcome::kName) result.hosts.insert(facts.host);
      if (step.outcome != Outcome::kMore && step.outcome != Outcome::kName) {
        result.end = step.outcome;
        return result;
      }
      bytes = bytes.subspan(std::min<std::uint64_t>(step.skip, bytes.size()));
      again = step.again || (step.outcome == Outcome::kName && !part.empty());
      if (step.outcome == Outcome::kMore && !part.empty()) std::abort();
    }
  }
  result.requests = facts.http.requests;
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Bytes bytes{data, size};
  const std::size_t split = std::min(weir::as_text(bytes).find('\xfe'), size);
  const weir::Bytes client = bytes.first(split);
  Http1Session whole_session;
  Http1Session pieces_session;
  const Result whole = parse(whole_session, client, std::max<std::size_t>(1, client.size()));
  const Result pieces = parse(pieces_session, client, client.empty() ? 1 : 1U + client.back() % 64U);
  if (whole.end != pieces.end) std::abort();
  if (whole.end == Outcome::kMore && whole.requests == pieces.requests && whole.hosts != pieces.hosts)
    std::abort();

  weir::FlowFacts facts;
  weir::Bytes server = bytes.subspan(split);
  while (!server.empty()) {
    const ParseStep step = whole_session.from_server(server, facts);
    if (step.outcome != Outcome::kMore || step.consumed > server.size()) break;
    if (step.consumed == 0 && step.skip == 0) std::abort();
    server = server.subspan(step.consumed);
  }
  return 0;
}
