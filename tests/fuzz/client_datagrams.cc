// SPDX-License-Identifier: Apache-2.0
// Messages by which clients are known: records of one byte (the port by its low bits, bit 7: from the
// responder), a 16-bit length and so many bytes. Port 7 is Kerberos over TCP, whole and in pieces.
#include "classifier/inspect/client_datagrams.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "classifier/inspect/kerberos_stream.h"

namespace {

using namespace weir::classifier;
using weir::channel::Direction;

void check(const IdentityClaims& claims, const weir::FlowFacts& facts) {
  if (claims.size() > kClaimsMax) std::abort();
  for (const IdentityClaim& claim : claims) {
    if (claim.host_name.size() > 255 || claim.user.size() > 255) std::abort();
    if (claim.host_name.empty() && claim.user.empty() && claim.mac == weir::MacAddress{}) std::abort();
  }
  if (facts.dhcp.host_name.size() > 255 || facts.dhcp.fingerprint.size() > 6 * 64) std::abort();
}

void stream(weir::Bytes bytes, bool server) {
  weir::FlowFacts facts;
  std::size_t claims[2] = {};
  for (std::size_t run = 0; run < 2; ++run) {
    KerberosStream kerberos;
    const std::size_t piece = run == 0 ? std::max<std::size_t>(bytes.size(), 1) : 5;
    std::vector<std::uint8_t> waiting;  // shown again with what follows
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const weir::Bytes part = bytes.subspan(at, std::min(piece, bytes.size() - at));
      waiting.insert(waiting.end(), part.begin(), part.end());
      const weir::Bytes shown{waiting};
      const ParseStep step = server ? kerberos.from_server(shown, facts) : kerberos.from_client(shown, facts);
      if (step.consumed > shown.size()) std::abort();
      waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(step.consumed));
      if (step.outcome != Outcome::kMore) break;
      if (kerberos.bytes_held() > kKerberosKeptMax + 4) std::abort();
    }
    claims[run] = kerberos.take_claims().size();
  }
  if (claims[0] != claims[1]) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint16_t kPorts[] = {67, 68, 547, 137, 88, 1'813, 1'646, 0};
  weir::ByteReader in{weir::Bytes{data, size}};
  ClientDatagrams datagrams;
  weir::FlowFacts facts;
  IdentityClaims claims;
  while (in.ok() && in.left() > 0) {
    const std::uint8_t control = in.u8();
    const weir::Bytes bytes = in.take(std::min<std::size_t>(in.u16(), in.left()));
    if ((control & 7U) == 7) {
      stream(bytes, (control & 0x80U) != 0);
      continue;
    }
    weir::FiveTuple tuple;
    tuple.responder_port = kPorts[control & 7U];
    const auto from = (control & 0x80U) != 0 ? Direction::kFromResponder : Direction::kFromInitiator;
    const bool known = datagrams.read(tuple, from, bytes, facts, claims);
    if (!known && !claims.empty() && claims.size() > kClaimsMax) std::abort();
    check(claims, facts);
    claims.clear();
  }
  return 0;
}
