// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/parse.h"

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/fields.h"
#include "dataplane/pipeline/exceptions.h"
#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/tunnels.h"

namespace weir::dataplane {
namespace {

constexpr std::size_t kPrefetchAhead = 4;
constexpr std::uint8_t kStpSap = 0x42;

FrameClass class_of(const PacketMeta& meta) {
  switch (meta.kind) {
    case PacketKind::kTcp:
      return FrameClass::kTcp;
    case PacketKind::kUdp:
      return FrameClass::kUdp;
    case PacketKind::kIp:
    case PacketKind::kIcmpError:
      return FrameClass::kIpOther;
    case PacketKind::kFragment:
      return FrameClass::kFragment;
    case PacketKind::kOther:
      break;
  }
  if (meta.ethertype == kEthertypeArp) return FrameClass::kArp;
  return meta.ethertype < kEthertypeMin ? FrameClass::kLlc : FrameClass::kOtherEthertype;
}

/// Counts frames of one kind that follow each other in a register: most bursts are of one kind, and a counter
/// in memory that each packet adds to would make each wait for the one before.
class Run {
 public:
  Run() = default;
  ~Run() { *counter_ += count_; }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  void add(std::uint64_t& counter) {
    if (&counter != counter_) {
      *counter_ += count_;
      counter_ = &counter;
      count_ = 0;
    }
    ++count_;
  }

 private:
  std::uint64_t unused_ = 0;
  std::uint64_t* counter_ = &unused_;
  std::uint64_t count_ = 0;
};

/// The row of the pair's table that speaks about a frame without IP; ethertype_count: none.
std::size_t ethertype_row(const PairOptions& pair, Bytes frame, const PacketMeta& meta) {
  const auto row_of = [&pair](std::uint16_t type) {
    std::size_t row = 0;
    while (row < pair.ethertype_count && pair.ethertypes[row].type != type) ++row;
    return row;
  };
  if (meta.ethertype >= kEthertypeMin) return row_of(meta.ethertype);
  if (field_u8(frame, meta.l3_offset) == kStpSap) {
    if (const std::size_t row = row_of(kEthertypeStp); row < pair.ethertype_count) return row;
  }
  return row_of(kEthertypeLlc);
}

/// IEEE 802.3 section 3.2.3: the first bit says "to a group".
void count_groups(Bytes frame, PortCounters& counters) {
  if ((field_u8(frame, 0) & 1U) == 0 || frame.size() < kEthernetBytes) return;
  const bool all = field_u16(frame, 0) == 0xffff && field_u32(frame, 2) == 0xffff'ffffU;
  ++(all ? counters.broadcast : counters.multicast);
}

}  // namespace

void ParseStage::operator()(Batch& batch) noexcept {
  PortCounters& counters = path_.counters.ports[batch.port];
  ParseOptions options;
  options.hash_seed = path_.hash_seed;
  options.pair = batch.pair();
  options.verify_l4_checksum = false;  // track looks at it where it matters
  batch.fragments = 0;
  std::uint32_t bytes = 0;
  unsigned open = 0;
  Run classes;
  Run ethertypes;
  path_.tunnels.begin_burst();
  for (std::size_t i = 0; i < batch.count; ++i) rte_prefetch0(batch.packets[i]);
  for (std::size_t i = 0; i < batch.count && i < kPrefetchAhead; ++i) prefetch_frame(batch.packets[i]);
  for (std::size_t i = 0; i < batch.count; ++i) {
    if (i + kPrefetchAhead < batch.count) prefetch_frame(batch.packets[i + kPrefetchAhead]);
    rte_mbuf* packet = batch.packets[i];
    bytes += packet->pkt_len;
    batch.slots[i] = kNoSlot;
    batch.end(i, Fate::kOpen);
    if (packet->nb_segs > 1 && rte_pktmbuf_linearize(packet) != 0) {
      batch.end(i, Fate::kDrop, DropReason::kOversize);
      continue;
    }
    options.verify_ip_checksum = path_.verify_checksums && (packet->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) !=
                                                               RTE_MBUF_F_RX_IP_CKSUM_GOOD;
    count_groups(frame_of(packet), counters);
    DropReason reason = parse_frame(frame_of(packet), options, batch.metas[i]);
    if (reason == DropReason::kNone && is_carried(batch.metas[i])) {
      reason = see_through(path_, frame_of(packet), options, batch.metas[i]);
    }
    if (reason != DropReason::kNone) {
      batch.end(i, Fate::kDrop, reason);
      continue;
    }
    classes.add(counters.classes[static_cast<std::size_t>(class_of(batch.metas[i]))]);
    if (batch.metas[i].kind == PacketKind::kOther) {
      ethertypes.add(bridge(batch, i));
    } else if (batch.metas[i].kind == PacketKind::kFragment) {
      settle_fragment(batch, i);
    }
    open += batch.fates[i] == Fate::kOpen ? 1U : 0U;
  }
  counters.received += batch.count;
  counters.received_bytes += bytes;
  batch.bytes = bytes;
  batch.open = static_cast<std::uint16_t>(open);
}

void ParseStage::settle_fragment(Batch& batch, std::size_t i) noexcept {
  if (batch.metas[i].outer_l3_offset != 0) {
    end_by_exception(path_, batch, i, ExceptionCause::kFragment);  // not put together within a tunnel
  } else {
    ++batch.fragments;
  }
}

std::uint64_t& ParseStage::bridge(Batch& batch, std::size_t i) noexcept {
  PortCounters& counters = path_.counters.ports[batch.port];
  const PairOptions& pair = path_.pairs[batch.pair()];
  const std::size_t row = ethertype_row(pair, frame_of(batch.packets[i]), batch.metas[i]);
  const bool listed = row < pair.ethertype_count;
  const bool drop = listed ? pair.ethertypes[row].drop : pair.drop_other_ethertypes;
  batch.end(i, drop ? Fate::kDrop : Fate::kForward, drop ? DropReason::kEthertype : DropReason::kNone);
  return counters.ethertypes[listed ? row : kEthertypeRowsMax][drop ? 1 : 0];
}

}  // namespace weir::dataplane
