// SPDX-License-Identifier: Apache-2.0
// Conversations that go over to TLS: the first byte chooses the protocol, then flights of direction (bit 0),
// two bytes of length and bytes. Whole and in single bytes they must end the same way.
#include <cstdint>
#include <cstdlib>

#include "classifier/inspect/starttls_database.h"
#include "classifier/inspect/starttls_ldap.h"
#include "classifier/inspect/starttls_xmpp.h"

namespace {

using weir::classifier::Outcome;

template <typename Session>
Outcome play(weir::Bytes bytes, std::size_t piece) {
  Session session;
  weir::FlowFacts facts;
  weir::ByteReader in{bytes};
  while (in.left() > 2) {
    const bool server = (in.u8() & 1U) != 0;
    weir::Bytes flight = in.take(std::min<std::size_t>(in.u16(), in.left()));
    while (!flight.empty()) {
      const weir::Bytes part = flight.first(std::min(piece, flight.size()));
      const weir::classifier::ParseStep step =
          server ? session.from_server(part, facts) : session.from_client(part, facts);
      if (session.bytes_held() > 1'024) std::abort();
      if (step.outcome != Outcome::kMore) return step.outcome;
      if (step.consumed == 0 || step.consumed > part.size()) std::abort();
      flight = flight.subspan(step.consumed);
    }
  }
  return Outcome::kMore;
}

template <typename Session>
void compare(weir::Bytes bytes) {
  if (play<Session>(bytes, 70'000) != play<Session>(bytes, 1)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const weir::Bytes bytes{data + 1, size - 1};
  static_cast<void>(weir::classifier::looks_like_ldap(bytes));
  static_cast<void>(weir::classifier::looks_like_postgres(bytes));
  static_cast<void>(weir::classifier::looks_like_mysql_greeting(bytes));
  static_cast<void>(weir::classifier::may_be_xmpp(weir::as_text(bytes)));
  switch (data[0] & 3U) {
    case 0:
      compare<weir::classifier::LdapStartTls>(bytes);
      break;
    case 1:
      compare<weir::classifier::XmppStartTls>(bytes);
      break;
    case 2:
      compare<weir::classifier::PostgresStartTls>(bytes);
      break;
    default:
      compare<weir::classifier::MysqlStartTls>(bytes);
      break;
  }
  return 0;
}
