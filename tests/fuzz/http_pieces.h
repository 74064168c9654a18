// SPDX-License-Identifier: Apache-2.0
// Feeds one direction of an HTTP connection to a parser in pieces, as the flow inspector would: what a body
// skips is not shown. What the pieces must have in common is the target's business.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "classifier/inspect/parse_step.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::fuzz {

struct HttpRead {
  classifier::Outcome end = classifier::Outcome::kMore;
  std::vector<std::string> hosts;  // at each name
  FlowFacts facts;
};

/// `feed(bytes, facts)` answers a ParseStep. Ends with the bytes or with an outcome that ends the parser.
inline HttpRead read_in_pieces(const auto& feed, Bytes bytes, std::size_t piece) {
  HttpRead read;
  while (!bytes.empty()) {
    Bytes part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    for (bool again = true; again;) {
      const classifier::ParseStep step = feed(part, read.facts);
      if (step.consumed > part.size()) std::abort();
      part = part.subspan(step.consumed);
      const bool name = step.outcome == classifier::Outcome::kName;
      if (name) read.hosts.push_back(read.facts.host);
      if (step.outcome != classifier::Outcome::kMore && !name) {
        read.end = step.outcome;
        return read;
      }
      bytes = bytes.subspan(std::min<std::uint64_t>(step.skip, bytes.size()));
      again = step.again || (name && !part.empty());
      if (!name && !part.empty()) std::abort();
    }
  }
  return read;
}

/// The whole at once, and in pieces of a size that its last byte says.
inline std::size_t whole_size(Bytes bytes) { return std::max<std::size_t>(1, bytes.size()); }
inline std::size_t piece_size(Bytes bytes) { return bytes.empty() ? 1 : 1U + bytes.back() % 64U; }

}  // namespace weir::fuzz
