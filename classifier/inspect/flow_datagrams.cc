// SPDX-License-Identifier: Apache-2.0
// What datagrams speak, asked in this order: DNS and its local kinds, what clients are known by, DTLS, QUIC.
#include "classifier/inspect/flow_state.h"

namespace weir::classifier {

namespace {

constexpr std::uint16_t kMulticastDnsPort = 5'353;
constexpr std::uint16_t kLlmnrPort = 5'355;
constexpr std::uint16_t kNetbiosNamePort = 137;
constexpr std::size_t kHostNameBytesMax = 255;

/// An address record that a host sends of itself; whether the address is its own is for others to compare.
void claim_names(const DnsMessage& message, HostNameSource source, IdentityClaims& claims) {
  constexpr std::string_view kLocal = ".local";
  if (!message.response) return;
  for (const DnsRecord& record : message.records) {
    for (const IpAddress& address : record.addresses) {
      if (claims.size() == kClaimsMax) return;
      std::string_view name = record.name;
      if (name.ends_with(kLocal)) name.remove_suffix(kLocal.size());
      if (name.empty() || name.size() > kHostNameBytesMax || name.ends_with(".arpa")) continue;
      IdentityClaim claim;
      claim.host_source = source;
      claim.host_name = std::string{name};
      claim.address = address;
      claims.push_back(std::move(claim));
    }
  }
}

}  // namespace

Inspected FlowInspector::Impl::datagram(Direction direction, Bytes payload, FlowFacts& facts) {
  Inspected result;
  const bool local_names = has_port(kMulticastDnsPort) || has_port(kLlmnrPort);
  if (!dns &&
      (has_port(kDnsPort) || local_names || (looks_like_dns_query(payload) && !has_port(kNetbiosNamePort)))) {
    dns = std::make_unique<DnsConversation>();
  }
  if (dns) {
    inspect_dns(direction, payload, facts, local_names, result);
    return result;
  }
  if (client_datagrams.read(tuple, direction, payload, facts, claims)) {
    speaks_of_clients = true;
    result.facts_changed = true;
    result.claims = !claims.empty();
    return result;
  }
  if (dtls || (!quic && looks_like_dtls_hello(payload))) {
    inspect_dtls(direction, payload, facts, result);
    return result;
  }
  if (speaks_of_clients && !quic && !looks_like_quic_initial(payload)) return result;
  inspect_quic(direction, payload, facts, result);
  return result;
}

/// A DNS flow stays open: every datagram is a question or an answer of its own.
void FlowInspector::Impl::inspect_dns(Direction direction, Bytes payload, FlowFacts& facts, bool local_names,
                                      Inspected& result) {
  const DnsHeard heard =
      dns->message(direction, payload, facts, local_names ? DnsScope::kLocal : DnsScope::kUnicast);
  result.facts_changed = heard.changed;
  result.more = heard.more;
  result.dns_answer = heard.answered;
  result.broken = heard.parse != DnsParse::kOk && !local_names;
  if (local_names && heard.parse == DnsParse::kOk) {
    const bool multicast = has_port(kMulticastDnsPort);
    claim_names(dns->last(), multicast ? HostNameSource::kMdns : HostNameSource::kLlmnr, claims);
    result.claims = !claims.empty();
  }
}

void FlowInspector::Impl::inspect_dtls(Direction direction, Bytes payload, FlowFacts& facts,
                                       Inspected& result) {
  if (!dtls) {
    dtls.emplace();
    client = direction;
  }
  note_datagram(direction == client ? dtls->datagram(payload, facts) : dtls->answer(payload, facts), result);
}

/// Anything else over UDP is QUIC, or nothing that names the flow.
void FlowInspector::Impl::inspect_quic(Direction direction, Bytes payload, FlowFacts& facts,
                                       Inspected& result) {
  if (!quic) {
    if (!looks_like_quic_initial(payload)) return unclaimed_datagram(direction, payload);
    quic.emplace();
    client = direction;
  }
  note_datagram(direction == client ? quic->datagram(payload, facts) : quic->answer(payload), result);
}

void FlowInspector::Impl::unclaimed_datagram(Direction direction, Bytes payload) {
  const bool junk = direction == Direction::kFromInitiator ? ++datagrams_unclaimed < kDatagramsUnclaimedMax
                                                           : looks_like_quic_server(payload);
  if (!junk) finish();
}

void FlowInspector::Impl::note_datagram(Outcome outcome, Inspected& result) {
  result.facts_changed =
      outcome == Outcome::kName || outcome == Outcome::kNamed || outcome == Outcome::kFinal;
  result.parser_error = outcome == Outcome::kError;
  result.undecidable = outcome == Outcome::kLimit;
  result.more = (outcome == Outcome::kName || outcome == Outcome::kNamed) && quic && quic->more();
  named = named || outcome == Outcome::kNamed;
  if (outcome == Outcome::kFinal || result.parser_error || result.undecidable) finish();
}

/// Goes on with the datagram shown last, which carries another name.
Inspected FlowInspector::Impl::next_datagram(FlowFacts& facts) {
  Inspected result;
  if (final) return result;
  if (dns) {
    const DnsHeard heard = dns->next(facts);
    result.facts_changed = heard.changed;
    result.more = heard.more;
  } else {
    note_datagram(quic->next(facts), result);
    facts.names_final = names_final();
  }
  return result;
}

}  // namespace weir::classifier
