// SPDX-License-Identifier: Apache-2.0
// Datagrams of both ends of a DTLS flow, each behind a two-byte length whose highest bit says that it is the
// server's.
#include <cstdint>
#include <cstdlib>

#include "classifier/inspect/dtls_flow.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::classifier::Outcome;
  weir::ByteReader in{weir::Bytes{data, size}};
  weir::classifier::DtlsFlow flow;
  weir::FlowFacts facts;
  while (in.left() > 2) {
    const std::uint16_t head = in.u16();
    const weir::Bytes datagram = in.take(std::min<std::size_t>(head & 0x7fffU, in.left()));
    static_cast<void>(weir::classifier::looks_like_dtls_hello(datagram));
    const Outcome outcome =
        (head & 0x8000U) != 0 ? flow.answer(datagram, facts) : flow.datagram(datagram, facts);
    if (flow.bytes_held() >
        weir::classifier::kQuicCryptoBytesMax + 2 * weir::classifier::kClientHelloBytesMax)
      std::abort();
    if (outcome != Outcome::kMore && outcome != Outcome::kNamed) return 0;
  }
  return 0;
}
