// SPDX-License-Identifier: Apache-2.0
// Which products a flow's facts betray, by the traces of the catalogue, with the version where it shows. It
// adds to FlowFacts::software and never takes away. What the server says of itself counts only where the
// server is the inside end: a flow's products are those of its inside end.
//
// Threads: one at a time (patterns hold a scratch).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "classifier/software/pattern_set.h"
#include "policy/lang/catalogue.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kSoftwarePerFlowMax = 16;  // products named on one flow

/// What of a flow has been looked up, so that each trace is looked up once: hashes of the last values.
struct IdentifiedTraces {
  std::array<std::uint32_t, policy::kTraceKinds> last{};
};

class SoftwareIdentifier {
 public:
  /// Compiling takes a fifth of a second; without it, every pattern is tried in turn.
  explicit SoftwareIdentifier(policy::Catalogue catalogue, bool compiles = true);

  /// True when a product was added to `facts.software`.
  bool identify(FlowFacts& facts, IdentifiedTraces& seen) const;
  [[nodiscard]] std::size_t products() const { return catalogue_.products.size(); }
  /// Why Vectorscan has no part in it (every pattern is tried in turn then); empty: it has.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  struct Patterns {
    std::vector<std::string_view> texts;
    std::vector<std::size_t> products;  // by the number of the text
    PatternSet set;
  };
  using Products = std::vector<std::size_t>;
  using Table = std::unordered_map<std::string_view, Products>;

  bool by_value(FlowFacts& facts, policy::TraceKind kind, std::string_view value) const;
  bool by_pattern(FlowFacts& facts, policy::TraceKind kind, std::string_view text) const;
  bool by_host(FlowFacts& facts, policy::TraceKind kind, std::string_view name) const;
  bool add(FlowFacts& facts, std::size_t product, std::string_view version, SoftwareConfidence confidence,
           std::string evidence) const;

  policy::Catalogue catalogue_;  // the tables below point into its texts, which stay where they are in a move
  std::array<Patterns, policy::kTraceKinds> patterns_;
  std::array<Table, policy::kTraceKinds> values_;  // hosts: the name and what is under it
  std::array<Table, policy::kTraceKinds> below_;   // hosts: only what is under it
  std::string problem_;
};

}  // namespace weir::classifier
