// SPDX-License-Identifier: Apache-2.0
// What the classifier keeps of one flow. The expensive parts (assembly, nDPI's state) go as soon as they have
// said their last word; facts and decision stay until the flow ends, so that a new policy can be applied to
// them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "classifier/engine/dns_account.h"
#include "classifier/engine/quota_account.h"
#include "classifier/engine/response_times.h"
#include "classifier/identity/dns_evidence.h"
#include "classifier/inspect/flow_inspector.h"
#include "classifier/inspect/recycled.h"
#include "classifier/ndpi/ndpi_labeler.h"
#include "classifier/software/identify.h"
#include "classifier/software/signatures.h"
#include "policy/model/decision.h"
#include "policy/model/flow_facts.h"
#include "policy/model/settings.h"

namespace weir::classifier {

inline constexpr std::size_t kHitsPerFlowMax = 64;     // different hits of one flow that are said
inline constexpr std::uint32_t kMessagesSaidMax = 64;  // mail messages of one flow that are said as they end

/// Of TCP sequence numbers: `number` comes after `other`, modulo 2^32 (RFC 9293 section 3.4).
[[nodiscard]] constexpr bool is_after(std::uint32_t number, std::uint32_t other) {
  return static_cast<std::int32_t>(number - other) > 0;
}

/// Stream bytes that no parser needs, not yet passed on to the data plane.
struct SkipRange {
  bool known = false;
  std::uint32_t from = 0;  // TCP sequence numbers
  std::uint32_t end = 0;
};

/// A command that the client was refused: it never gets to its server, and its reply is Weir's. The bytes are
/// in the client's own numbers.
struct OwedRefusal {
  channel::Direction client{};
  std::uint32_t from = 0;
  std::uint32_t end = 0;
  std::string reply;
};

/// How the numbers of the two streams differ for their ends, since Weir spoke for one of them.
struct Renumbering {
  channel::Direction client{};
  std::uint32_t said = 0;          // bytes of Weir's that the client got and the server never sent
  std::uint32_t taken = 0;         // bytes of the client that the server never got
  std::uint32_t taken_before = 0;  // of them, those before `taken_at`
  std::uint32_t taken_at = 0;      // where the last ones stood, in the client's numbers

  /// What an end acknowledges, in the numbers of who sent it.
  [[nodiscard]] std::uint32_t acknowledged_by(channel::Direction sender, std::uint32_t number) const {
    if (sender == client) return number - said;
    const std::uint32_t earlier = number + taken_before;
    return is_after(earlier, taken_at) ? number + taken : earlier;
  }
};

struct FlowContext : Recycled<FlowContext> {
  std::uint32_t generation = 0;
  std::uint16_t pair = 0;
  std::uint64_t number = 0;
  bool midstream = false;
  bool icmp_seen = false;
  std::uint16_t icmp_type = 0;
  std::uint16_t icmp_code = 0;

  FlowFacts facts;
  ClientId client{};
  std::uint64_t identity_state = 0;  // Classifier::identity_state when its client was looked up
  IdentifiedTraces traces;
  std::optional<FlowInspector> inspector;  // empty: names are final
  NdpiLabeler::Flow ndpi;
  bool custom = false;                  // one of the operator's signatures named it
  std::unique_ptr<PayloadHeads> heads;  // where such signatures look at what is said first
  ResponseTimes responses;
  std::size_t bytes_held = 0;      // of the inspector, as counted in the classifier's total
  std::array<SkipRange, 2> skips;  // by Direction

  std::optional<OwedRefusal> owed;
  std::optional<std::uint32_t> held_to;  // TCP: end of the packet that waits for the rest of a command
  Renumbering renumbering;
  std::string
      going_on;  // the path to which the client goes on by the request judged last; empty: it is no click

  Decision decision;
  QuotaAccount account;
  DnsAccount dns;
  TimeNs decided_at = 0;
  std::uint32_t judged_under = 0;  // the revision in force then; with a canary another may have judged
  bool final = false;              // a final answer was given
  channel::VerdictAction final_action = channel::VerdictAction::kForward;
  channel::InspectedLevel level{};  // how deeply it is looked at
  std::uint8_t exception = 0;       // 1 + ExceptionCause that keeps it from being judged
  ExceptionAction exception_action = ExceptionAction::kPass;  // what the table says to it
  std::uint32_t exceptions = 0;                               // bit n: ExceptionCause n was met

  bool opened_said = false;
  bool news = false;                // something an UPDATE would say
  std::uint32_t message_said = 0;   // MailFacts::messages_begun of the last message that was said
  std::uint32_t messages_said = 0;  // how many were
  TimeNs last_said = 0;
  std::vector<RuleHit> hits_said;
  std::vector<RuleHit> hits_unsaid;
};

}  // namespace weir::classifier
