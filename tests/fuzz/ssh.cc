// SPDX-License-Identifier: Apache-2.0
// The beginning of an SSH connection: turns of one byte (1: the client), a 16-bit length and so many bytes.
// Whole turns and pieces of three bytes must end in the same facts.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "classifier/inspect/ssh_session.h"

namespace {

using weir::classifier::Outcome;
using weir::classifier::ParseStep;
using weir::classifier::SshSession;

struct Side {
  std::vector<std::uint8_t> waiting;
};

/// As the flow inspector does: what a session does not consume it is shown again with what follows.
weir::SshFacts run(weir::Bytes data, std::size_t piece) {
  weir::ByteReader in{data};
  weir::FlowFacts facts;
  SshSession session;
  std::array<Side, 2> sides;
  while (in.ok() && in.left() > 0) {
    const std::size_t index = in.u8() & 1U;
    weir::Bytes turn = in.take(std::min<std::size_t>(in.u16(), in.left()));
    while (!turn.empty()) {
      const weir::Bytes part = turn.first(std::min(piece, turn.size()));
      turn = turn.subspan(part.size());
      auto& waiting = sides[index].waiting;
      waiting.insert(waiting.end(), part.begin(), part.end());
      const weir::Bytes ready{waiting};
      const ParseStep step =
          index == 1 ? session.from_client(ready, facts) : session.from_server(ready, facts);
      if (step.consumed > ready.size()) std::abort();
      waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(step.consumed));
      if (session.bytes_held() > 2 * weir::classifier::kSshPacketBytesMax + 2 * 65'535) std::abort();
      if (step.outcome != Outcome::kMore) return facts.ssh;
    }
  }
  return facts.ssh;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Bytes bytes{data, size};
  const weir::SshFacts whole = run(bytes, 65'535);
  const weir::SshFacts pieces = run(bytes, 3);
  // A session that ends in the middle of a turn has seen no more of it in whole turns than in pieces.
  if (whole.hassh != pieces.hassh || whole.hassh_server != pieces.hassh_server) std::abort();
  if (whole.client_banner != pieces.client_banner || whole.server_banner != pieces.server_banner)
    std::abort();
  if (!whole.hassh.empty() && whole.hassh.size() != 32) std::abort();
  return 0;
}
