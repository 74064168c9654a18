// SPDX-License-Identifier: Apache-2.0
// What is behind FlowInspector: the state of one flow. Internal to classifier/inspect.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "classifier/inspect/client_datagrams.h"
#include "classifier/inspect/detect.h"
#include "classifier/inspect/dns_stream.h"
#include "classifier/inspect/dtls_flow.h"
#include "classifier/inspect/flow_inspector.h"
#include "classifier/inspect/http1_session.h"
#include "classifier/inspect/http2_session.h"
#include "classifier/inspect/imap_session.h"
#include "classifier/inspect/kerberos_stream.h"
#include "classifier/inspect/pop3_session.h"
#include "classifier/inspect/proxy_header.h"
#include "classifier/inspect/quic_initial.h"
#include "classifier/inspect/recycled.h"
#include "classifier/inspect/smtp_session.h"
#include "classifier/inspect/socks_session.h"
#include "classifier/inspect/ssh_session.h"
#include "classifier/inspect/starttls_database.h"
#include "classifier/inspect/starttls_ldap.h"
#include "classifier/inspect/starttls_xmpp.h"
#include "classifier/inspect/tls_session.h"
#include "classifier/stream/tcp_stream.h"

namespace weir::classifier {

using channel::Direction;

inline constexpr std::uint16_t kDnsPort = 53;
inline constexpr std::uint16_t kKerberosPort = 88;
/// Datagrams of the initiator that are none of ours before names are final: a QUIC server passes over junk in
/// front of an Initial packet. An answer of another protocol ends the wait sooner.
inline constexpr unsigned kDatagramsUnclaimedMax = 8;
/// A beginning that is longer and still undecided is a line without an end, or empty lines.
inline constexpr std::size_t kLineOnlyBytes = 2'048;

/// What has been found to speak; monostate while nobody has claimed the flow.
using Session = std::variant<std::monostate, TlsSession, Http1Session, Http2Session, SmtpSession, ImapSession,
                             Pop3Session, DnsStream, SshSession, KerberosStream, SocksSession, ProxyHeader,
                             LdapStartTls, XmppStartTls, PostgresStartTls, MysqlStartTls>;

/// Conversations within one another (a tunnel through a proxy, an upgrade, STARTTLS) that are followed.
inline constexpr std::size_t kNestedMax = 8;

[[nodiscard]] constexpr std::size_t index_of(Direction direction) {
  return static_cast<std::size_t>(direction);
}
[[nodiscard]] constexpr Direction opposite(Direction direction) {
  return direction == Direction::kFromInitiator ? Direction::kFromResponder : Direction::kFromInitiator;
}

struct Lane {
  explicit Lane(const StreamLimits& limits) : stream(limits) {}
  TcpStream stream;
  std::uint64_t unclaimed = 0;   // bytes consumed while no parser had claimed the flow
  std::size_t lines_passed = 0;  // of those bytes, complete lines
  std::size_t undecided = 0;     // bytes that wait and were looked at without a result
  bool all_blank = false;        // which are nothing but blanks and line ends
  bool excluded = false;         // its first bytes are none of the protocols
  bool mid_line = false;         // an excluded line has not ended yet
  bool ignored = false;          // no parser needs this direction any more
  bool again = false;            // the parser has more to say without further bytes

  /// What was undecided still is, with what came since: no need to read all of it again.
  [[nodiscard]] bool still_undecided(std::string_view ready) const {
    if (undecided < kLineOnlyBytes) return false;
    const std::string_view fresh = ready.substr(std::min(undecided, ready.size()));
    return (all_blank ? fresh.find_first_not_of(kBlanksAndLineEnds) : fresh.find('\n')) ==
           std::string_view::npos;
  }
  void note_undecided(std::string_view ready) {
    const bool blank_before = undecided == 0 || all_blank;
    all_blank = blank_before &&
                ready.substr(std::min(undecided, ready.size())).find_first_not_of(kBlanksAndLineEnds) ==
                    std::string_view::npos;
    undecided = ready.size();
  }
  /// A new conversation begins here.
  void begin() {
    unclaimed = 0;
    lines_passed = 0;
    undecided = 0;
    excluded = false;
    mid_line = false;
    again = false;
  }
};

struct FlowInspector::Segment {
  Direction direction{};
  std::uint32_t sequence = 0;
  std::uint8_t flags = 0;
  Bytes payload;
  bool waits = false;  // it has not left: it can be dropped
};

struct FlowInspector::Impl : Recycled<FlowInspector::Impl> {
  Impl(const FiveTuple& five_tuple, bool picked_up, const InspectLimits& inspect_limits);

  Inspected take(const Segment& segment, FlowFacts& facts);
  Inspected segment(const Segment& shown, FlowFacts& facts);
  void run(Direction direction, FlowFacts& facts, Inspected& result);
  bool detect(Direction direction, FlowFacts& facts, Inspected& result);
  bool claim(Guess guess, Direction direction, FlowFacts& facts, Inspected& result);
  void open_session(Guess guess);
  void pass_over(Direction direction);
  bool detect_tls(Direction direction, FlowFacts& facts, Inspected& result);
  Inspected datagram(Direction direction, Bytes payload, FlowFacts& facts);
  Inspected next_datagram(FlowFacts& facts);
  void inspect_dns(Direction direction, Bytes payload, FlowFacts& facts, bool local_names, Inspected& result);
  void inspect_quic(Direction direction, Bytes payload, FlowFacts& facts, Inspected& result);
  void unclaimed_datagram(Direction direction, Bytes payload);
  void inspect_dtls(Direction direction, Bytes payload, FlowFacts& facts, Inspected& result);
  void note_datagram(Outcome outcome, Inspected& result);
  bool feed(Direction direction, FlowFacts& facts, Inspected& result);
  void apply(const ParseStep& step, Direction direction, FlowFacts& facts, Inspected& result);
  void restart(Outcome how, Direction direction, FlowFacts& facts, Inspected& result);
  void finish();

  /// Names of one's own network are asked of everybody: there is no server to answer for.
  [[nodiscard]] Refusal dns_refusal() const {
    const bool question = dns && dns->last().query_opcode && !dns->last().response && has_port(kDnsPort);
    return {.form = question ? RefusalForm::kDnsAnswer : RefusalForm::kNone, .in_turn = question};
  }
  [[nodiscard]] Lane& lane(Direction direction) { return lanes[index_of(direction)]; }
  [[nodiscard]] bool claimed() const { return !std::holds_alternative<std::monostate>(session); }
  /// The other side is through with a conversation whose replies are still to come from this one.
  [[nodiscard]] bool owes_replies(Direction direction) const {
    return !answering.empty() && direction == answering_from;
  }
  [[nodiscard]] bool is_client(Direction direction) const { return !claimed() || direction == client; }
  [[nodiscard]] bool has_port(std::uint16_t port) const {
    return tuple.responder_port == port || tuple.initiator_port == port;
  }
  [[nodiscard]] PortHint port_hint(const Lane& here) const;
  [[nodiscard]] bool unclaimable() const;
  [[nodiscard]] std::size_t bytes_held() const;
  [[nodiscard]] bool names_final() const { return final || named; }

  FiveTuple tuple;
  bool midstream;
  InspectLimits limits;
  std::array<Lane, 2> lanes;
  Session session;
  std::vector<Session> answering;  // at most kNestedMax, the outermost first
  Direction answering_from = Direction::kFromResponder;
  std::size_t nested = 0;  // conversations begun within others
  std::optional<QuicInitial> quic;
  std::optional<DtlsFlow> dtls;
  std::unique_ptr<DnsConversation> dns;  // of a UDP flow that has spoken DNS
  ClientDatagrams client_datagrams;
  IdentityClaims claims;                         // not yet taken
  Direction client = Direction::kFromInitiator;  // of the session
  bool tls_expected = false;                     // STARTTLS was accepted
  bool speaks_of_clients = false;                // a datagram of it was one of ClientDatagrams
  unsigned datagrams_unclaimed = 0;              // of the initiator, claimed by no parser
  bool named = false;                            // the names are complete, the session goes on for the report
  bool final = false;
  bool more = false;              // another name is in the bytes that were shown
  bool spoken = false;            // the client sent something
  bool answered = false;          // and the server something after that
  std::uint8_t second_tries = 0;  // copies that were looked at and refused
};

/// The flow as it is for a receiver that has the second copy of the bytes at one place.
struct FlowInspector::SecondCopy {
  Impl impl;
  FlowFacts facts;
  std::uint32_t from = 0;  // sequence number of the place
  std::vector<std::uint8_t> first_bytes;
  std::vector<std::uint8_t> second_bytes;  // as many
  bool due = false;                        // the facts changed, and nobody was told yet
};

}  // namespace weir::classifier
