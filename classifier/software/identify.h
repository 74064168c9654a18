// SPDX-License-Identifier: Apache-2.0
// Which products a flow's facts betray, by the traces of the catalogue: the application, the User-Agent (with
// the version where it shows) and the TLS name. It adds to FlowFacts::software and never takes away.
//
// Threads: const after construction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/lang/catalogue.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kSoftwarePerFlowMax = 16;  // products named on one flow

/// What of a flow has been looked up, so that each trace is looked up once.
struct IdentifiedTraces {
  std::size_t app = 0;  // hashes of the last value
  std::size_t user_agent = 0;
  std::size_t tls_name = 0;
};

class SoftwareIdentifier {
 public:
  explicit SoftwareIdentifier(policy::Catalogue catalogue);

  /// True when a product was added to `facts.software`.
  bool identify(FlowFacts& facts, IdentifiedTraces& seen) const;
  [[nodiscard]] std::size_t products() const { return catalogue_.products.size(); }

 private:
  struct Glob {
    std::size_t product;
    std::string_view text;
  };
  bool by_app(FlowFacts& facts, std::string_view app) const;
  bool by_user_agent(FlowFacts& facts) const;
  bool by_tls_name(FlowFacts& facts) const;
  bool add(FlowFacts& facts, std::size_t product, std::string_view version, std::string evidence) const;

  policy::Catalogue catalogue_;
  std::unordered_map<std::string_view, std::vector<std::size_t>> apps_;
  std::unordered_map<std::string_view, std::vector<std::size_t>> domains_;  // the name and what is under it
  std::unordered_map<std::string_view, std::vector<std::size_t>> subdomains_;  // only what is under it
  std::vector<std::vector<Glob>>
      globs_;  // by first byte (ASCII lower case); the last: begins with a wildcard
};

}  // namespace weir::classifier
