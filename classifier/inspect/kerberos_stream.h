// SPDX-License-Identifier: Apache-2.0
// Kerberos over TCP (RFC 4120 section 7.2.2): messages behind a four-byte length. Of each the beginning is
// kept until it is read.
#pragma once

#include <array>
#include <utility>
#include <vector>

#include "classifier/inspect/identity_claim.h"
#include "classifier/inspect/parse_step.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kKerberosKeptMax = 16'384;             // of one message
inline constexpr std::size_t kKerberosMessageBytesMax = 1U << 20U;  // a longer one is none

/// For a flow on Kerberos' port: a length and the beginning of a message. At least kKerberosHeadBytes.
inline constexpr std::size_t kKerberosHeadBytes = 5;
[[nodiscard]] bool begins_like_kerberos(Bytes first);

class KerberosStream {
 public:
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts&) { return feed(bytes, lanes_[0]); }
  /// A server whose first bytes are no Kerberos speaks something else: the conversation begins again.
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts&);
  [[nodiscard]] IdentityClaims take_claims() { return std::exchange(claims_, {}); }
  [[nodiscard]] std::size_t bytes_held() const { return lanes_[0].kept.size() + lanes_[1].kept.size(); }

 private:
  struct Lane {
    std::vector<std::uint8_t> kept;  // the length and what was kept of the message
    std::size_t left = 0;            // of the message, still to come
  };
  [[nodiscard]] ParseStep feed(Bytes bytes, Lane& lane);

  std::array<Lane, 2> lanes_;
  bool server_known_ = false;
  IdentityClaims claims_;
};

}  // namespace weir::classifier
