// SPDX-License-Identifier: Apache-2.0
// parse_frame over any bytes: offsets stay within the frame, the short way says what the general way
// says, and what is built in answer to a frame parses cleanly.
#include <array>
#include <cstdlib>
#include <vector>

#include "dataplane/packet/build.h"
#include "dataplane/packet/fragment.h"
#include "dataplane/packet/packet_meta.h"
#include "dataplane/packet/tunnel.h"

namespace {

using namespace weir::dataplane;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_meta(weir::Bytes frame, const PacketMeta& meta) {
  if (meta.kind == PacketKind::kOther) return;
  require(std::size_t{meta.l3_offset} + meta.l3_bytes <= frame.size());
  require(meta.l4_offset == 0 || (meta.l4_offset > meta.l3_offset && meta.l4_offset <= meta.payload_offset));
  require(meta.payload_offset > meta.l3_offset);
  require(meta.payload_offset + meta.payload_bytes <= meta.l3_offset + meta.l3_bytes);
}

/// `in_tunnel`: a checksum that the tunnel did without (RFC 6935) is not there now.
void check_built(weir::Bytes out, std::size_t size, bool in_tunnel = false) {
  if (size == 0) return;
  PacketMeta meta;
  const ParseOptions options{.verify_l4_checksum = !in_tunnel};
  require(size <= out.size() && parse_frame(out.first(size), options, meta) == DropReason::kNone);
}

/// Both ways, with and without checksums.
void check_ways(weir::Bytes frame) {
  for (const bool verify : {false, true}) {
    const ParseOptions options{
        .hash_seed = 7, .pair = 3, .verify_ip_checksum = verify, .verify_l4_checksum = verify};
    PacketMeta either;
    PacketMeta general;
    const DropReason reason = parse_frame(frame, options, either);
    require(reason == parse_any_frame(frame, options, general));
    require(reason != DropReason::kNone || either == general);
  }
}

/// The head of the whole datagram, as if it were the first fragment, parses as what it was: no fragment.
void check_fragment(weir::Bytes frame, const PacketMeta& meta) {
  if (meta.kind != PacketKind::kFragment) return;
  const Fragment fragment = read_fragment(frame, meta, 0, 1);
  require(fragment.head_bytes > fragment.l3_offset && fragment.head_bytes <= meta.payload_offset);
  require(fragment.payload.size() == meta.payload_bytes);
  std::vector<std::uint8_t> whole(fragment.head_bytes + fragment.payload.size());
  const std::size_t head = write_whole_head(fragment, fragment.payload.size(), whole);
  require(head <= fragment.head_bytes);
  set_bytes(whole, head, fragment.payload);
  PacketMeta joined;
  const weir::Bytes bytes{whole.data(), head + fragment.payload.size()};
  if (parse_frame(bytes, {.verify_ip_checksum = true, .verify_l4_checksum = false}, joined) !=
      DropReason::kNone) {
    return;  // what the fragments held is no packet
  }
  require(joined.ipv6 == meta.ipv6);
  // An ICMP error has the ends of what it quotes.
  require(joined.kind == PacketKind::kIcmpError || joined.key.low_address == meta.key.low_address);
  require(meta.ipv6 || joined.kind != PacketKind::kFragment);
}

/// What tunnels carry, as deep as it goes.
void check_inside(weir::Bytes frame, PacketMeta meta) {
  const ParseOptions trusting{.verify_ip_checksum = false, .verify_l4_checksum = false};
  for (int depth = 0; depth < kTunnelDepthMax && may_hold_packet(meta); ++depth) {
    Inside inside;
    DropReason reason{};
    if (look_inside(frame, meta, trusting, inside, reason) != Found::kPacket) return;
    check_meta(frame, inside.meta);
    require(inside.meta.l3_offset >= meta.payload_offset);
    require(inside.meta.l3_offset + inside.meta.l3_bytes <= meta.payload_offset + meta.payload_bytes);
    std::array<std::uint8_t, kBuiltFrameBytesMax> out{};
    check_built(out, build_reset(frame, inside.meta, ResetTarget::kReceiver, out), true);
    check_built(out, build_reset(frame, inside.meta, ResetTarget::kSender, out), true);
    check_built(out, build_unreachable(frame, inside.meta, UnreachableReason::kPort, out), true);
    meta = inside.meta;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Bytes frame{data, size};
  check_ways(frame);
  // Without the checksums, since a fuzzer hardly ever gets them right; then with them, which must only drop
  // more.
  PacketMeta trusting;
  const DropReason reason = parse_frame(
      frame, {.hash_seed = 1, .pair = 0, .verify_ip_checksum = false, .verify_l4_checksum = false}, trusting);
  PacketMeta meta;
  if (parse_frame(frame, {}, meta) == DropReason::kNone) require(reason == DropReason::kNone);
  if (reason != DropReason::kNone) return 0;
  check_meta(frame, trusting);
  check_fragment(frame, trusting);
  check_inside(frame, trusting);
  std::array<std::uint8_t, kBuiltFrameBytesMax> out{};
  for (const ResetTarget target : {ResetTarget::kReceiver, ResetTarget::kSender}) {
    check_built(out, build_reset(frame, trusting, target, out));
  }
  check_built(out, build_unreachable(frame, trusting, UnreachableReason::kPort, out));
  return 0;
}
