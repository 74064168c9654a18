// SPDX-License-Identifier: Apache-2.0
// Which application a flow is by the operator's own signatures (policy/lang/signatures.h): the first one of
// the file whose every key holds. Patterns look at the first kPayloadHeadBytes that each end says, in the
// order of the stream; what comes out of order before the head is full is not looked at.
//
// Threads: one at a time (patterns hold a scratch).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "classifier/software/pattern_set.h"
#include "policy/lang/signatures.h"
#include "policy/model/byte_reader.h"
#include "policy/model/error.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kPayloadHeadBytes = 512;

/// The first bytes of one direction of a flow.
class PayloadHead {
 public:
  /// A TCP segment: `sequence` is that of its first byte, a SYN counts as one. True: there is more to see.
  bool add_segment(std::uint32_t sequence, bool syn, Bytes payload);
  /// Only the first datagram is kept.
  bool add_datagram(Bytes payload);
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::string text_;
  std::uint32_t next_ = 0;
  bool begun_ = false;
};
using PayloadHeads = std::array<PayloadHead, 2>;  // by who sends

class SignatureMatcher {
 public:
  SignatureMatcher() = default;
  [[nodiscard]] static Result<SignatureMatcher> create(std::vector<policy::Signature> signatures);

  /// "custom:NAME", empty: none. `heads` may be nullptr: nothing was said yet.
  [[nodiscard]] std::string_view app_of(const FlowFacts& facts, const PayloadHeads* heads) const;
  [[nodiscard]] bool empty() const { return signatures_.empty(); }
  [[nodiscard]] std::size_t size() const { return signatures_.size(); }
  [[nodiscard]] bool wants_payload() const { return !owners_.empty(); }

 private:
  [[nodiscard]] bool pattern_seen(std::size_t signature, const std::vector<std::uint32_t>& seen) const;

  std::vector<policy::Signature> signatures_;
  std::vector<std::size_t> owners_;  // signature of each pattern
  PatternSet patterns_;
};

}  // namespace weir::classifier
