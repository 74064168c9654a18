// SPDX-License-Identifier: Apache-2.0
// One HTTP/2 connection: everything up to the first "\xfe\xfe" is the client's (behind a preface, which is
// not in the input), the rest the server's. Whole and in pieces they must name the same hosts and end alike.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "classifier/inspect/http2_session.h"

namespace {

using weir::classifier::Http2Frames;
using weir::classifier::Outcome;
using weir::classifier::ParseStep;

struct Result {
  Outcome end = Outcome::kMore;
  std::vector<std::string> hosts;
  std::uint32_t status = 0;
  bool operator==(const Result&) const = default;
};

Result parse(Http2Frames& frames, weir::Bytes bytes, std::size_t piece) {
  Result result;
  weir::FlowFacts facts;
  while (!bytes.empty()) {
    weir::Bytes part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    for (bool again = true; again;) {
      const ParseStep step = frames.feed(part, facts);
      if (step.consumed > part.size()) std::abort();
      if (frames.bytes_held() > weir::classifier::kHpackTableBytesMax) std::abort();
      part = part.subspan(step.consumed);
      if (step.outcome == Outcome::kName) result.hosts.push_back(facts.host);
      if (step.outcome != Outcome::kMore && step.outcome != Outcome::kName) {
        result.end = step.outcome;
        return result;
      }
      bytes = bytes.subspan(std::min<std::uint64_t>(step.skip, bytes.size()));
      again = step.again || (step.outcome == Outcome::kName && !part.empty());
      if (step.outcome == Outcome::kMore && !part.empty()) std::abort();
    }
  }
  result.status = facts.http.status;
  return result;
}

void compare(const std::string& bytes, bool client) {
  Http2Frames whole(client);
  Http2Frames pieces(client);
  const std::size_t piece = bytes.empty() ? 1 : 1U + static_cast<unsigned char>(bytes.back()) % 64U;
  const Result once = parse(whole, weir::as_bytes(bytes), std::max<std::size_t>(1, bytes.size()));
  if (once != parse(pieces, weir::as_bytes(bytes), piece)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = weir::as_text({data, size});
  const std::size_t split = std::min(text.find("\xfe\xfe"), size);
  compare(std::string(weir::classifier::kHttp2Preface).append(text.substr(0, split)), true);
  compare(std::string(text.substr(split + std::min<std::size_t>(2, size - split))), false);
  return 0;
}
