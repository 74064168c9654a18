// SPDX-License-Identifier: Apache-2.0
// Both directions of TLS: flights of direction (bit 0), two bytes of length and bytes. Whole and in pieces
// they must mean the same.
#include <cstdint>
#include <cstdlib>

#include "classifier/inspect/tls_session.h"

namespace {

using weir::classifier::Outcome;
using weir::classifier::TlsSession;

constexpr std::size_t kHeldMax =
    3 * weir::classifier::kClientHelloBytesMax + 2 * weir::classifier::kTlsServerMessageBytesMax;

bool ends(Outcome outcome) {
  return outcome != Outcome::kMore && outcome != Outcome::kName && outcome != Outcome::kNamed;
}

/// False when the session is over.
bool feed(TlsSession& session, bool server, weir::Bytes part, weir::FlowFacts& facts) {
  while (!part.empty()) {
    const weir::classifier::ParseStep step =
        server ? session.from_server(part, facts) : session.from_client(part, facts);
    if (session.bytes_held() > kHeldMax) std::abort();
    if (ends(step.outcome)) return false;
    if (step.consumed == 0) std::abort();
    part = part.subspan(step.consumed);
  }
  return true;
}

void play(weir::Bytes bytes, std::size_t piece, weir::FlowFacts& facts) {
  TlsSession session;
  weir::ByteReader in{bytes};
  while (in.left() > 2) {
    const bool server = (in.u8() & 1U) != 0;
    weir::Bytes flight = in.take(std::min<std::size_t>(in.u16(), in.left()));
    while (!flight.empty()) {
      const weir::Bytes part = flight.first(std::min(piece, flight.size()));
      if (!feed(session, server, part, facts)) return;
      flight = flight.subspan(part.size());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Bytes bytes{data, size};
  if (bytes.empty()) return 0;
  weir::FlowFacts whole;
  weir::FlowFacts pieces;
  play(bytes, 70'000, whole);
  play(bytes, 1U + bytes.back() % 64U, pieces);
  const weir::TlsFacts& a = whole.tls;
  const weir::TlsFacts& b = pieces.tls;
  if (a.server_version != b.server_version || a.cipher != b.cipher || a.resumed != b.resumed) std::abort();
  if (a.retried != b.retried || a.server_alert != b.server_alert) std::abort();
  if ((a.certificate == nullptr) != (b.certificate == nullptr)) std::abort();
  if (a.certificate != nullptr && *a.certificate != *b.certificate) std::abort();
  return 0;
}
