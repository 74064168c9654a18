// SPDX-License-Identifier: Apache-2.0
// Datagrams of both ends of a QUIC flow, each behind a two-byte length whose highest bit says that it is the
// server's, and whose next bit that it is the frames of an Initial packet, sealed here: a mutated packet
// would not open.
#include <cstdint>
#include <cstdlib>

#include "classifier/inspect/quic_google.h"
#include "classifier/inspect/quic_initial.h"
#include "tests/support/quic_packets.h"

namespace {

using weir::classifier::Outcome;

constexpr std::size_t kHeldMax =
    weir::classifier::kQuicConnectionsMax *
    (weir::classifier::kQuicCryptoBytesMax + 2 * weir::classifier::kClientHelloBytesMax);

bool ends(Outcome outcome) {
  return outcome == Outcome::kFinal || outcome == Outcome::kError || outcome == Outcome::kLimit;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::ByteReader in{weir::Bytes{data, size}};
  weir::classifier::QuicInitial quic;
  weir::FlowFacts facts;
  while (in.left() > 2) {
    const std::uint16_t head = in.u16();
    weir::Bytes datagram = in.take(std::min<std::size_t>(head & 0x3fffU, in.left()));
    std::string sealed;
    if ((head & 0xc000U) == 0x4000U) {
      const weir::test::QuicSealer& keys = datagram.size() % 2 == 0 ? weir::test::kV1 : weir::test::kV2;
      sealed = weir::test::sealed(keys, 0, std::string(weir::as_text(datagram)), 0);
      datagram = weir::as_bytes(sealed);
    }
    static_cast<void>(weir::classifier::looks_like_quic_initial(datagram));
    static_cast<void>(weir::classifier::looks_like_quic_server(datagram));
    static_cast<void>(weir::classifier::read_chlo(datagram));
    Outcome outcome = (head & 0x8000U) != 0 ? quic.answer(datagram) : quic.datagram(datagram, facts);
    for (unsigned i = 0; !ends(outcome) && quic.more(); ++i) {
      if (i > 2 * weir::classifier::kQuicConnectionsMax + 2)
        std::abort();  // a name and an end for each hello
      outcome = quic.next(facts);
      if (outcome == Outcome::kMore) break;
    }
    if (quic.bytes_held() > kHeldMax) std::abort();
    if (ends(outcome)) return 0;
  }
  return 0;
}
