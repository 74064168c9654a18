// SPDX-License-Identifier: Apache-2.0
// The part of Classifier about clients: who a flow's client is, what its packets say of clients, and the name
// that the client's own DNS questions give to a flow without one.
#include "classifier/engine/classifier.h"
#include "classifier/engine/facts_of.h"
#include "classifier/identity/encrypted_dns.h"

namespace weir::classifier {

using channel::Direction;
using channel::Request;

namespace {

bool from_inside(const FlowFacts& facts, Direction direction) {
  return (direction == Direction::kFromInitiator) == facts.initiator_inside;
}

}  // namespace

/// A flow begins: its client, and what that client calls the other end.
void Classifier::recognise(FlowContext& flow, TimeNs now) {
  FlowFacts& facts = flow.facts;
  KnownClient known = parts_.identity.clients.seen(place_of(facts), now);
  flow.client = known.id;
  if (names_clients_) flow.identity_state = identity_state(now);
  facts.client_identity = std::move(known.facts);
  counts_.clients = parts_.identity.clients.clients();
  if (known.id == ClientId{}) return;
  const NameEvidence* const evidence = parts_.identity.evidence.find(known.id, facts.peer(), now);
  if (evidence == nullptr || (!known.one_host && evidence->asked_by != facts.client())) return;
  facts.dns_name = evidence->name;
  facts.dns_name_told = evidence->told;
  facts.dns_name_ech = evidence->ech;
  static_cast<void>(name_by_evidence(flow));
}

/// What the packet just shown says of clients. Before the packets after it are looked at.
void Classifier::learn(FlowContext& flow, const Request& request, const Inspected& seen) {
  if (!seen.dns_answer && !seen.claims) return;
  const bool by_inside = from_inside(flow.facts, request.head.direction);
  if (seen.dns_answer && !by_inside) {
    parts_.identity.evidence.record(flow.client, flow.facts.client(), flow.facts.dns, request.time);
  }
  if (flow.inspector && seen.claims) {
    for (const IdentityClaim& claim : flow.inspector->take_claims())
      parts_.identity.clients.claim(claim, place_of(flow.facts), by_inside, request.time);
  }
  counts_.dns_evidence = parts_.identity.evidence.addresses();
  counts_.identity_evicted = parts_.identity.clients.evicted() + parts_.identity.evidence.evicted();
}

/// A flow whose parsers have said their last word without a name has the one that its client asked for. True
/// when that is news.
bool Classifier::name_by_evidence(FlowContext& flow) {
  FlowFacts& facts = flow.facts;
  if (facts.dns_name.empty() || facts.mail.seen) return false;
  const bool unnamed = facts.host.empty() || facts.host_source == NameSource::kNdpi;
  const bool said_none = facts.names_final || facts.http.seen;  // a request without a host
  if (!unnamed || !said_none) return false;
  facts.host = facts.dns_name;
  facts.host_source = NameSource::kDnsEvidence;
  return true;
}

}  // namespace weir::classifier
