// SPDX-License-Identifier: Apache-2.0
// The operator's own signatures: what they name is the application, whatever nDPI says.
#include "classifier/engine/classifier.h"
#include "classifier/engine/facts_of.h"

namespace weir::classifier {
namespace {

/// True: a head grew.
bool add_to_heads(PayloadHeads& heads, const channel::Request& request, std::uint8_t protocol) {
  constexpr std::uint8_t kSyn = 0x02;
  PayloadHead& head = heads[static_cast<std::size_t>(request.head.direction)];
  const Bytes payload = payload_of(request);
  if (protocol != kProtocolTcp) return head.add_datagram(payload);
  return head.add_segment(request.head.tcp_sequence, (request.head.tcp_flags & kSyn) != 0, payload);
}

}  // namespace

/// `request` is the packet that is looked at, nullptr before the first; `named`: names have changed. True:
/// the flow has its application by it from now on.
bool Classifier::sign(FlowContext& flow, const channel::Request* request, bool named) {
  if (parts_.signatures == nullptr || parts_.signatures->empty() || flow.custom) return false;
  bool look = named;
  if (request != nullptr && parts_.signatures->wants_payload()) {
    if (!flow.heads) flow.heads = std::make_unique<PayloadHeads>();
    look |= add_to_heads(*flow.heads, *request, flow.facts.tuple.protocol);
  }
  if (!look) return false;
  const std::string_view app = parts_.signatures->app_of(flow.facts, flow.heads.get());
  if (app.empty()) return false;
  flow.custom = true;
  flow.heads.reset();
  flow.ndpi = {};
  flow.facts.app = app;
  flow.facts.confidence = AppConfidence::kDpi;  // no guess: the operator says so
  flow.facts.app_final = true;
  return true;
}

}  // namespace weir::classifier
