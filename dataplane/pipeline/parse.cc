// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/parse.h"

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "dataplane/pipeline/frame.h"

namespace weir::dataplane {
namespace {

constexpr std::size_t kPrefetchAhead = 4;
constexpr std::uint16_t kEthertypeArp = 0x0806;
constexpr std::uint16_t kEthertypeMin = 0x0600;  // below: a length, and an LLC header follows (IEEE 802.3)

FrameClass class_of(const PacketMeta& meta) {
  switch (meta.kind) {
    case PacketKind::kTcp:
      return FrameClass::kTcp;
    case PacketKind::kUdp:
      return FrameClass::kUdp;
    case PacketKind::kIp:
      return FrameClass::kIpOther;
    case PacketKind::kFragment:
      return FrameClass::kFragment;
    case PacketKind::kOther:
      break;
  }
  if (meta.ethertype == kEthertypeArp) return FrameClass::kArp;
  return meta.ethertype < kEthertypeMin ? FrameClass::kLlc : FrameClass::kOtherEthertype;
}

/// Frames of one class that follow each other, counted in a register: most bursts are of one class, and a
/// counter in memory that each packet adds to would make each wait for the one before.
class ClassRun {
 public:
  explicit ClassRun(PortCounters& counters) : counters_(counters) {}
  ~ClassRun() { counters_.classes[static_cast<std::size_t>(current_)] += run_; }
  ClassRun(const ClassRun&) = delete;
  ClassRun& operator=(const ClassRun&) = delete;
  void add(FrameClass frame_class) {
    if (frame_class != current_) {
      counters_.classes[static_cast<std::size_t>(current_)] += run_;
      current_ = frame_class;
      run_ = 0;
    }
    ++run_;
  }

 private:
  PortCounters& counters_;
  FrameClass current_ = FrameClass::kTcp;
  std::uint32_t run_ = 0;
};

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
  ClassRun classes(counters);
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
    const DropReason reason = parse_frame(frame_of(packet), options, batch.metas[i]);
    if (reason != DropReason::kNone) {
      batch.end(i, Fate::kDrop, reason);
      continue;
    }
    classes.add(class_of(batch.metas[i]));
    settle(batch, i);
    open += batch.fates[i] == Fate::kOpen ? 1U : 0U;
  }
  counters.received += batch.count;
  counters.received_bytes += bytes;
  batch.bytes = bytes;
  batch.open = static_cast<std::uint16_t>(open);
}

void ParseStage::settle(Batch& batch, std::size_t i) noexcept {
  const PacketMeta& meta = batch.metas[i];
  if (meta.kind == PacketKind::kOther) {
    batch.end(i, Fate::kForward);
  } else if (meta.kind == PacketKind::kFragment) {
    ++batch.fragments;
  }
}

}  // namespace weir::dataplane
