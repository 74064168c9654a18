// SPDX-License-Identifier: Apache-2.0
// Finding the protocol of a flow: what waits in both directions while no parser has claimed it.
#include <algorithm>

#include "classifier/inspect/flow_state.h"

namespace weir::classifier {

namespace {

constexpr std::uint16_t kSubmissionPort = 587;

}  // namespace

/// Looks for a protocol in what waits; true when the loop should go on.
bool FlowInspector::Impl::detect(Direction direction, FlowFacts& facts, Inspected& result) {
  Lane& here = lane(direction);
  const Bytes ready = here.stream.ready();
  if (ready.empty()) return false;
  if (tls_expected) return detect_tls(direction, facts, result);
  const bool opens = !here.excluded && (midstream || direction == Direction::kFromInitiator);
  Guess guess = here.mid_line                          ? Guess::kNone
                : here.still_undecided(as_text(ready)) ? Guess::kUndecided
                                                       : guess_protocol(ready, port_hint(here), opens);
  if (guess == Guess::kUndecided) {
    if (ready.size() + here.unclaimed < limits.undecided_bytes_max) {
      here.note_undecided(as_text(ready));
      return false;
    }
    if (!here.excluded && begins_like_http(ready)) {
      result.undecidable = true;
      finish();
      return false;
    }
    guess = Guess::kNone;
  }
  if (guess != Guess::kNone && claim(guess, direction, facts, result)) return true;
  if (final) return false;
  pass_over(direction);
  if (unclaimable()) finish();
  return true;
}

/// After STARTTLS was accepted the client must speak TLS; the server waits for it.
bool FlowInspector::Impl::detect_tls(Direction direction, FlowFacts& facts, Inspected& result) {
  if (direction != client) {
    pass_over(direction);
    return true;
  }
  const Guess guess = guess_protocol(lane(direction).stream.ready(), PortHint::kNone);
  if (guess == Guess::kTls || guess == Guess::kSsl2Hello) return claim(guess, direction, facts, result);
  if (guess == Guess::kUndecided && lane(direction).stream.ready()[0] == 22) return false;
  result.parser_error = true;
  finish();
  return false;
}

bool FlowInspector::Impl::claim(Guess guess, Direction direction, FlowFacts& facts, Inspected& result) {
  const bool greeting = guess == Guess::kMailGreeting || guess == Guess::kImapGreeting ||
                        guess == Guess::kPop3Greeting || guess == Guess::kMysqlGreeting;
  // Whoever opened the connection is the client. If that was not seen, what they say tells them apart.
  const Direction speaker_if_greeting = Direction::kFromResponder;
  const bool right_side = greeting == (direction == speaker_if_greeting);
  const bool either_side = guess == Guess::kDns || guess == Guess::kSsh;
  const bool reply = guess == Guess::kDns && (lane(direction).stream.ready()[4] & 0x80U) != 0;
  if (!midstream && !right_side && !either_side) return false;
  if (guess == Guess::kSsl2Hello) {
    facts.tls.seen = true;
    facts.tls.version = ssl2_hello_version(lane(direction).stream.ready());
    result.facts_changed = true;
    finish();
    return false;
  }
  // Behind a line that is none, an HTTP server has answered 400 and closed.
  const bool first_only = guess == Guess::kHttp || guess == Guess::kProxyHeader1;
  if (first_only && lane(direction).excluded && !midstream) return false;
  client = greeting || reply ? opposite(direction) : direction;
  if (guess == Guess::kSsh) client = Direction::kFromInitiator;  // both ends begin alike
  open_session(guess);
  // The other direction may have spoken already; what it said is gone, so it is only read.
  Inspected other;
  do {
    other.more = false;
    run(opposite(direction), facts, other);
  } while (other.more);
  result.facts_changed |= other.facts_changed;
  result.undecidable |= other.undecidable;
  result.parser_error |= other.parser_error;
  return true;
}

void FlowInspector::Impl::open_session(Guess guess) {
  for (Lane& each : lanes) each.undecided = 0;
  // Picked up midstream, nobody knows which of the lines before were commands.
  const std::size_t lines_passed = midstream ? 0 : lane(client).lines_passed;
  const std::uint16_t server_port =
      client == Direction::kFromInitiator ? tuple.responder_port : tuple.initiator_port;
  const bool submission = server_port == kSubmissionPort;
  switch (guess) {
    case Guess::kTls:
      session.emplace<TlsSession>();
      break;
    case Guess::kHttp:
      session.emplace<Http1Session>();
      break;
    case Guess::kSmtpClient:
      session.emplace<SmtpSession>(submission, false, !midstream, lines_passed);
      break;
    case Guess::kSmtpAmbiguous:
      session.emplace<SmtpSession>(submission, true, !midstream, lines_passed);
      break;
    case Guess::kMailGreeting:
      session.emplace<SmtpSession>(submission, true, true, lines_passed);
      break;
    case Guess::kImapGreeting:
      session.emplace<ImapSession>();
      break;
    case Guess::kPop3Greeting:
      session.emplace<Pop3Session>();
      break;
    case Guess::kDns:
      session.emplace<DnsStream>(client);
      break;
    case Guess::kSsh:
      session.emplace<SshSession>();
      break;
    case Guess::kKerberos:
      session.emplace<KerberosStream>();
      break;
    case Guess::kHttp2:
      session.emplace<Http2Session>();
      break;
    case Guess::kSocks4:
    case Guess::kSocks5:
      session.emplace<SocksSession>(guess == Guess::kSocks5);
      break;
    case Guess::kProxyHeader1:
    case Guess::kProxyHeader2:
      session.emplace<ProxyHeader>(guess == Guess::kProxyHeader2);
      break;
    case Guess::kLdap:
      session.emplace<LdapStartTls>();
      break;
    case Guess::kXmpp:
      session.emplace<XmppStartTls>();
      break;
    case Guess::kPostgres:
      session.emplace<PostgresStartTls>();
      break;
    case Guess::kMysqlGreeting:
      session.emplace<MysqlStartTls>();
      break;
    case Guess::kSsl2Hello:
    case Guess::kUndecided:
    case Guess::kNone:
      break;
  }
}

/// Leaves a line (or, without a line end, everything) behind that no protocol of ours begins with. A mail
/// server would go on reading after such a line, so the next one is looked at again until both directions are
/// excluded.
void FlowInspector::Impl::pass_over(Direction direction) {
  Lane& here = lane(direction);
  const std::string_view ready = as_text(here.stream.ready());
  std::size_t feed = ready.find('\n');
  // What stands behind empty lines was looked at with the first of them: they all go at once.
  const std::size_t blank = std::min(ready.find_first_not_of(kBlanksAndLineEnds), ready.size());
  if (feed < blank) feed = ready.rfind('\n', blank - 1);
  here.mid_line = feed == std::string_view::npos;
  const std::size_t count = here.mid_line ? ready.size() : feed + 1;
  const auto lines = std::count(ready.begin(), ready.begin() + static_cast<std::ptrdiff_t>(count), '\n');
  here.stream.consume(count);
  here.undecided = 0;
  here.unclaimed += count;
  here.lines_passed += static_cast<std::size_t>(lines);
  here.excluded = true;
}

PortHint FlowInspector::Impl::port_hint(const Lane& here) const {
  if (here.excluded) return PortHint::kNone;
  if (has_port(kDnsPort)) return PortHint::kDns;
  return has_port(kKerberosPort) ? PortHint::kKerberos : PortHint::kNone;
}

bool FlowInspector::Impl::unclaimable() const {
  for (const Lane& each : lanes) {
    if (each.unclaimed >= limits.undecided_bytes_max) return true;
  }
  // Picked up in its middle, a connection may come to the start of a message at any later segment.
  return !midstream && lanes[0].excluded && lanes[1].excluded;
}

}  // namespace weir::classifier
