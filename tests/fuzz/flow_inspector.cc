// SPDX-License-Identifier: Apache-2.0
// A sequence of segments or datagrams in both directions. First byte: port and midstream; then records of
// control, offset (signed, from the next expected byte), length, payload. Bits of control: the server's, a
// datagram, SYN, FIN, URG, offset counts, everything of the other side is acknowledged, two bytes of length.
#include "classifier/inspect/flow_inspector.h"
#include "classifier/stream/tcp_stream.h"

#include <cstdint>
#include <cstdlib>
#include <optional>

namespace {

using weir::classifier::FlowInspector;
using weir::classifier::Inspected;

// What the parsers may keep beside the two streams: a ClientHello, or two HTTP heads, or the commands of a
// mail session that wait for their replies.
constexpr std::size_t kParserBytesMax = 1U << 20U;

void check_facts(const weir::FlowFacts& facts) {
  if (facts.host.size() > 1'100 || facts.http.path.size() > 1'024 || facts.mail.recipients.size() > 1'000)
    std::abort();
}

void check(FlowInspector& inspector, const weir::FlowFacts& facts) {
  const weir::classifier::InspectLimits limits;
  const std::size_t held = inspector.bytes_held();
  // Twice: two readings.
  if (inspector.settled() ? held != 0
                          : held > 2 * (4 * limits.stream_bytes_max +
                                        4 * weir::classifier::kUnacknowledgedBytesMax + kParserBytesMax))
    std::abort();
  check_facts(facts);
  // Of datagrams and of a Kerberos stream.
  if (inspector.take_claims().size() > 2 * weir::classifier::kClaimsMax) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::ByteReader in{weir::Bytes{data, size}};
  constexpr std::uint16_t kPorts[] = {443, 80,  25,  53, 587, 143,   3'128, 5'353,
                                      465, 993, 995, 88, 137, 5'355, 22,    110};
  const std::uint8_t setup = in.u8();
  weir::FiveTuple tuple;
  tuple.responder_port = kPorts[(setup & 7U) | ((setup & 16U) >> 1U)];
  FlowInspector inspector(tuple, (setup & 8U) != 0, {});
  weir::FlowFacts facts;
  std::uint32_t next[2] = {0xfffffff0U, 77};
  while (in.ok() && in.left() > 0) {
    const std::uint8_t control = in.u8();
    const auto offset = static_cast<std::int8_t>(in.u8());
    const std::size_t bytes = (control & 128U) != 0 ? in.u16() : in.u8();
    const weir::Bytes payload = in.take(std::min(bytes, in.left()));
    const std::size_t index = control & 1U;
    const auto direction = static_cast<weir::channel::Direction>(index);
    Inspected seen;
    if ((control & 2U) != 0) {
      seen = inspector.on_datagram(direction, payload, facts);
    } else {
      const auto flags =
          static_cast<std::uint8_t>(((control & 4U) != 0 ? 2U : 0U) | ((control & 8U) != 0 ? 1U : 0U) |
                                    ((control & 16U) != 0 ? 0x20U : 0U));
      const std::int32_t shift = (control & 32U) != 0 ? offset : 0;
      const auto acknowledged = (control & 64U) != 0 ? std::optional(next[1 - index]) : std::nullopt;
      seen = inspector.on_segment(direction, next[index] + static_cast<std::uint32_t>(shift), flags, payload,
                                  facts, acknowledged);
      if (shift == 0) next[index] += static_cast<std::uint32_t>(payload.size()) + ((control & 4U) >> 2U);
    }
    // Each answer with `more` brings a name; a payload and what waits before it hold only so many.
    for (unsigned i = 0; seen.more; ++i) {
      if (i > 100'000) std::abort();
      if (seen.other_reading) check_facts(inspector.other_facts());
      seen = inspector.next(direction, facts);
    }
    check(inspector, facts);
  }
  return 0;
}
