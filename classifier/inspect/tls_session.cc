// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/tls_session.h"

namespace weir::classifier {

namespace {

constexpr std::uint8_t kClientHello = 1;

}  // namespace

void take_hello(const TlsClientHello& hello, bool first, NameSource source, FlowFacts& facts) {
  const TlsFacts& found = hello.found();
  if (first) {
    facts.tls = found;
  } else if (!found.sni.empty()) {
    facts.tls.sni = found.sni;
  }
  if (found.sni.empty()) return;
  facts.host = found.sni;
  facts.host_source = source;
}

EchKind ech_of_retry(const std::vector<std::uint8_t>& first, const TlsClientHello& second) {
  if (first.empty() || second.ech().empty()) return EchKind::kOffered;
  if (first == second.ech()) return EchKind::kGrease;
  return second.ech_has_key() ? EchKind::kOffered : EchKind::kUsed;
}

ParseStep TlsSession::from_client(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  facts.tls.seen = true;
  const bool behind_hello = hellos_ > 0;
  while (step.consumed < bytes.size() && step.outcome == Outcome::kMore && !client_done_) {
    const TlsRecords::Piece piece = client_records_.next(bytes.subspan(step.consumed));
    step.consumed += piece.consumed;
    const bool of_handshake = !piece.broken && piece.type == TlsRecordType::kHandshake;
    if (hellos_ == 0 && (piece.broken || (!piece.body.empty() && !of_handshake))) {
      step.outcome = Outcome::kError;
    } else if (piece.broken) {
      client_done_ = true;
    } else if (of_handshake && !piece.body.empty()) {  // early data and the like are passed over
      std::size_t taken = piece.body.size();
      step.outcome = handshake(piece.body, taken, facts);
      client_records_.put_back(piece.body.size() - taken);
      step.consumed -= piece.body.size() - taken;
    }
  }
  if (client_done_ && step.outcome == Outcome::kMore) step.consumed = bytes.size();
  if (behind_hello) client_bytes_ += step.consumed;
  if (client_bytes_ > kTlsClientBytesMax && step.outcome == Outcome::kMore) step.outcome = Outcome::kFinal;
  return step;
}

/// Handshake bytes of the client; of a hello up to its end.
Outcome TlsSession::handshake(Bytes body, std::size_t& consumed, FlowFacts& facts) {
  if (!in_hello_) {
    // Whoever goes on with anything but a hello has the server's word for it.
    if (body[0] != kClientHello) {
      client_done_ = true;
      return Outcome::kMore;
    }
    in_hello_ = true;
    hello_ = TlsClientHello{};
  }
  const TlsClientHello::Read read = hello_.read(body);
  consumed = read.consumed;
  switch (read.walk) {
    case TlsClientHello::Walk::kMore:
      return Outcome::kMore;
    case TlsClientHello::Walk::kError:
      return Outcome::kError;
    case TlsClientHello::Walk::kTooLong:
      return hello_.found().sni.empty() ? Outcome::kLimit : Outcome::kFinal;
    case TlsClientHello::Walk::kName:
      facts.host = hello_.found().sni;
      facts.host_source = NameSource::kTlsSni;
      facts.tls.sni = facts.host;
      return Outcome::kName;
    case TlsClientHello::Walk::kDone:
      break;
  }
  return hello_done(facts);
}

Outcome TlsSession::hello_done(FlowFacts& facts) {
  in_hello_ = false;
  if (++hellos_ == 1) {
    server_.offered_session(hello_.session_id());
    first_ech_ = hello_.ech();
  } else if (facts.tls.ech != EchKind::kNone) {
    facts.tls.ech = ech_of_retry(first_ech_, hello_);
  }
  take_hello(hello_, hellos_ == 1, NameSource::kTlsSni, facts);
  client_done_ = hellos_ == kTlsHellosMax;
  return server_.done() ? Outcome::kFinal : Outcome::kNamed;
}

ParseStep TlsSession::from_server(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  while (step.consumed < bytes.size() && !server_.done()) {
    const TlsRecords::Piece piece = server_records_.next(bytes.subspan(step.consumed));
    step.consumed += piece.consumed;
    if (piece.broken) server_.end();
    if (piece.body.empty()) continue;
    if (piece.type == TlsRecordType::kHandshake) {
      server_.handshake(piece.body, facts.tls);
    } else if (piece.type == TlsRecordType::kAlert) {
      server_.alert(piece.body, facts.tls);
    } else if (!(piece.type == TlsRecordType::kChangeCipherSpec && facts.tls.retried)) {
      server_.end();  // from here on it is encrypted; behind a retry the server may pretend so (RFC 8446
                      // appendix D.4)
    }
  }
  step.consumed = bytes.size();
  server_bytes_ += bytes.size();
  if (server_bytes_ > kTlsServerBytesMax) server_.end();
  if (server_.done() && hellos_ > 0) step.outcome = Outcome::kFinal;
  return step;
}

}  // namespace weir::classifier
