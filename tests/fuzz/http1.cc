// SPDX-License-Identifier: Apache-2.0
// One HTTP/1 connection: everything up to the first 0xfe byte is the client's, the rest the server's. Whole
// and in pieces the client's bytes must name the same hosts, unless they are refused, and the server's bytes
// must say the same.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "classifier/inspect/click.h"
#include "classifier/inspect/http1_session.h"
#include "tests/fuzz/http_pieces.h"

namespace {

using weir::classifier::Http1Session;
using weir::classifier::Outcome;
using weir::classifier::ParseStep;
using weir::fuzz::HttpRead;

HttpRead parse(Http1Session& session, weir::Bytes bytes, std::size_t piece) {
  const auto feed = [&](weir::Bytes part, weir::FlowFacts& facts) {
    return session.from_client(part, facts);
  };
  return weir::fuzz::read_in_pieces(feed, bytes, piece);
}

struct Answers {
  Outcome end = Outcome::kMore;
  std::uint32_t status = 0;
  std::string file_name;
};

Answers answers(Http1Session& session, weir::Bytes bytes, std::size_t piece) {
  Answers out;
  weir::FlowFacts facts;
  while (!bytes.empty() && out.end == Outcome::kMore) {
    const weir::Bytes part = bytes.first(std::min(piece, bytes.size()));
    const ParseStep step = session.from_server(part, facts);
    if (step.consumed > part.size()) std::abort();
    if (step.outcome == Outcome::kMore && step.consumed < part.size() && step.skip == 0) std::abort();
    bytes = bytes.subspan(step.consumed);
    bytes = bytes.subspan(std::min<std::uint64_t>(step.skip, bytes.size()));
    out.end = step.outcome;
  }
  out.status = facts.http.status;
  out.file_name = facts.http.file_name;
  return out;
}

/// What is read as a click is one again when it is written.
void check_click(std::string_view target) {
  weir::HttpFacts http;
  http.seen = true;
  http.method = "POST";
  http.path = target;
  const auto click = weir::classifier::read_click(http);
  if (!click) return;
  weir::HttpFacts again = http;
  again.path = weir::classifier::click_target(*click);
  const auto same = weir::classifier::read_click(again);
  if (!same || same->rule != click->rule || same->token != click->token || same->path != click->path)
    std::abort();
}

std::set<std::string> hosts_of(const HttpRead& read) { return {read.hosts.begin(), read.hosts.end()}; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Bytes bytes{data, size};
  const std::size_t split = std::min(weir::as_text(bytes).find('\xfe'), size);
  const weir::Bytes client = bytes.first(split);
  check_click(weir::as_text(client));
  Http1Session whole_session;
  Http1Session pieces_session;
  const HttpRead whole = parse(whole_session, client, weir::fuzz::whole_size(client));
  const HttpRead pieces = parse(pieces_session, client, weir::fuzz::piece_size(client));
  if (whole.end != pieces.end) std::abort();
  if (whole.end == Outcome::kMore && whole.facts.http.requests == pieces.facts.http.requests &&
      hosts_of(whole) != hosts_of(pieces))
    std::abort();

  const weir::Bytes server = bytes.subspan(std::min(split + 1, size));
  const Answers at_once = answers(whole_session, server, weir::fuzz::whole_size(server));
  const Answers in_pieces = answers(pieces_session, server, weir::fuzz::piece_size(server));
  // Requests that were read otherwise have other answers.
  if (whole.end != Outcome::kMore || whole.facts.http.requests != pieces.facts.http.requests) return 0;
  if (at_once.end != in_pieces.end) std::abort();
  if (at_once.status != in_pieces.status || at_once.file_name != in_pieces.file_name) std::abort();
  return 0;
}
