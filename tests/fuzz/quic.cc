// SPDX-License-Identifier: Apache-2.0
// Datagrams of a QUIC client, each behind a two-byte length.
#include <cstdint>
#include <cstdlib>

#include "classifier/inspect/quic_initial.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::ByteReader in{weir::Bytes{data, size}};
  weir::classifier::QuicInitial quic;
  weir::FlowFacts facts;
  while (in.left() > 2) {
    const weir::Bytes datagram = in.take(std::min<std::size_t>(in.u16(), in.left()));
    static_cast<void>(weir::classifier::looks_like_quic_initial(datagram));
    static_cast<void>(quic.datagram(datagram, facts));
    if (quic.bytes_held() > 2 * weir::classifier::kQuicCryptoBytesMax) std::abort();
  }
  return 0;
}
