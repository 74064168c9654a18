// SPDX-License-Identifier: Apache-2.0
// SOCKS and PROXY headers. First byte: which, and whether the server is heard before or behind the client;
// then a length, the server's bytes, and the client's. Whole and in pieces the client's bytes must name the
// same targets and end alike.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "classifier/inspect/detect.h"
#include "classifier/inspect/proxy_header.h"
#include "classifier/inspect/socks_session.h"

namespace {

using weir::Bytes;
using weir::FlowFacts;
using weir::classifier::Outcome;
using weir::classifier::ParseStep;
using weir::classifier::ProxyHeader;
using weir::classifier::SocksSession;

struct Result {
  Outcome end = Outcome::kMore;
  std::size_t consumed = 0;
  std::vector<std::string> hosts;
  std::vector<weir::ProxyHop> proxies;
  bool operator==(const Result&) const = default;
};

template <typename Session>
void server(Session& session, Bytes bytes) {
  FlowFacts facts;
  while (!bytes.empty()) {
    const ParseStep step = session.from_server(bytes, facts);
    if (step.consumed > bytes.size()) std::abort();
    if (step.outcome != Outcome::kMore) return;
    bytes = bytes.subspan(step.consumed);
  }
}

template <typename Session>
Result client(Session& session, Bytes bytes, std::size_t piece) {
  Result result;
  FlowFacts facts;
  while (!bytes.empty() && result.end == Outcome::kMore) {
    Bytes part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    for (bool again = true; again;) {
      const ParseStep step = session.from_client(part, facts);
      if (step.consumed > part.size() || session.bytes_held() > 20'000) std::abort();
      part = part.subspan(step.consumed);
      result.consumed += step.consumed;
      if (step.outcome == Outcome::kName) result.hosts.push_back(facts.host);
      again = step.outcome == Outcome::kName;
      if (step.outcome == Outcome::kMore && !part.empty()) std::abort();
      if (step.outcome != Outcome::kMore && step.outcome != Outcome::kName) {
        result.end = step.outcome;
        break;
      }
    }
  }
  if (result.end == Outcome::kError || result.end == Outcome::kLimit || result.end == Outcome::kFinal)
    result.consumed = 0;  // how far it looked does not matter any more
  result.proxies = facts.proxies;
  return result;
}

template <typename Session>
void compare(bool kind, bool server_first, Bytes replies, Bytes requests) {
  Session whole(kind);
  Session pieces(kind);
  if (server_first) server(whole, replies);
  if (server_first) server(pieces, replies);
  const std::size_t piece = requests.empty() ? 1 : 1U + requests.back() % 16U;
  const Result once = client(whole, requests, std::max<std::size_t>(1, requests.size()));
  if (once != client(pieces, requests, piece)) std::abort();
  if (!server_first) server(whole, replies);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::ByteReader in{Bytes{data, size}};
  const std::uint8_t setup = in.u8();
  const Bytes replies = in.take(std::min<std::size_t>(in.u8(), in.left()));
  const Bytes requests = in.rest();
  const bool kind = (setup & 1U) != 0;
  const bool server_first = (setup & 4U) != 0;
  if ((setup & 2U) != 0) {
    compare<ProxyHeader>(kind, server_first, replies, requests);
  } else {
    compare<SocksSession>(kind, server_first, replies, requests);
  }
  static_cast<void>(weir::classifier::guess_protocol(requests, weir::classifier::PortHint::kNone));
  return 0;
}
