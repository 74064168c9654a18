// SPDX-License-Identifier: Apache-2.0
// One HTTP/2 connection: everything up to the first "\xfe\xfe" is the client's (behind a preface, which is
// not in the input), the rest the server's. Whole and in pieces they must name the same hosts and end alike.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "classifier/inspect/http2_session.h"
#include "tests/fuzz/http_pieces.h"

namespace {

using weir::fuzz::HttpRead;

HttpRead parse(bool client, weir::Bytes bytes, std::size_t piece) {
  weir::classifier::Http2Frames frames(client);
  const auto feed = [&](weir::Bytes part, weir::FlowFacts& facts) {
    const weir::classifier::ParseStep step = frames.feed(part, facts);
    if (frames.bytes_held() > weir::classifier::kHpackTableBytesMax) std::abort();
    return step;
  };
  return weir::fuzz::read_in_pieces(feed, bytes, piece);
}

void compare(const std::string& text, bool client) {
  const weir::Bytes bytes = weir::as_bytes(text);
  const HttpRead whole = parse(client, bytes, weir::fuzz::whole_size(bytes));
  const HttpRead pieces = parse(client, bytes, weir::fuzz::piece_size(bytes));
  if (whole.end != pieces.end || whole.hosts != pieces.hosts) std::abort();
  if (whole.end == weir::classifier::Outcome::kMore && whole.facts.http.status != pieces.facts.http.status)
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = weir::as_text({data, size});
  const std::size_t split = std::min(text.find("\xfe\xfe"), size);
  compare(std::string(weir::classifier::kHttp2Preface).append(text.substr(0, split)), true);
  compare(std::string(text.substr(split + std::min<std::size_t>(2, size - split))), false);
  return 0;
}
