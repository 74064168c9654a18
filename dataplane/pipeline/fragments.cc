// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/fragments.h"

#include <rte_mbuf.h>

#include "dataplane/pipeline/exceptions.h"
#include "dataplane/pipeline/frame.h"

namespace weir::dataplane {
namespace {

std::size_t room_of(rte_mempool* pool) {
  return pool == nullptr ? 0U : std::size_t{rte_pktmbuf_data_room_size(pool)} - RTE_PKTMBUF_HEADROOM;
}

}  // namespace

FragmentStage::FragmentStage(Path& path, const PipelineOptions& options)
    : path_(path),
      table_(options.fragments, options.fragments * kFragmentsHeldPerDatagram),
      packets_(std::size_t{options.fragments} * kFragmentsHeldPerDatagram),
      timeout_(options.fragment_timeout_s * kSecond),
      large_(options.datagrams) {}

FragmentStage::~FragmentStage() {
  for (; table_.oldest() != kNoFragment; table_.close(table_.oldest())) {
    const Datagram& oldest = table_.at(table_.oldest());
    for (std::uint32_t f = oldest.first_arrived; f != kNoFragment; f = table_.held(f).next_arrived) {
      rte_pktmbuf_free(packets_[f]);
    }
  }
}

void FragmentStage::hold_or_complete(Batch& batch, TimeNs now) noexcept {
  for (std::size_t i = 0; i < batch.count; ++i) {
    if (batch.fates[i] == Fate::kOpen && batch.metas[i].kind == PacketKind::kFragment) take(batch, i, now);
  }
}

void FragmentStage::take(Batch& batch, std::size_t i, TimeNs now) noexcept {
  const Fragment fragment =
      read_fragment(frame_of(batch.packets[i]), batch.metas[i], batch.port, path_.hash_seed);
  const std::uint32_t datagram = make_room(fragment, now);
  if (table_.at(datagram).condemned) {
    batch.end(i, Fate::kDrop, DropReason::kFragmentOverlap);
    return;
  }
  const FragmentFit fit = path_.simulation.hit(ExceptionCause::kFragmentMemoryFull)
                              ? FragmentFit::kTooMany
                              : table_.add(datagram, fragment);
  switch (fit) {
    case FragmentFit::kDuplicate:
      batch.end(i, Fate::kDrop, DropReason::kFragmentDuplicate);
      break;
    case FragmentFit::kOverlap:
      drop_overlapping(datagram);
      batch.end(i, Fate::kDrop, DropReason::kFragmentOverlap);
      break;
    case FragmentFit::kTooMany:
      end_by_cause(datagram, ExceptionCause::kFragmentMemoryFull);
      end_by_exception(path_, batch, i, ExceptionCause::kFragmentMemoryFull);
      break;
    case FragmentFit::kHeld:
    case FragmentFit::kComplete:
      packets_[table_.at(datagram).last_arrived] = batch.packets[i];
      ++path_.counters.ports[batch.port].parked;
      batch.end(i, Fate::kParked);
      if (fit == FragmentFit::kComplete) complete(batch, i, datagram);
      break;
  }
}

std::uint32_t FragmentStage::make_room(const Fragment& fragment, TimeNs now) noexcept {
  std::uint32_t datagram = table_.find(fragment);
  // A flood of beginnings takes the place of its own: what is honest is whole long before it is the oldest.
  while (!table_.has_room(datagram == kNoFragment)) {
    const std::uint32_t oldest = table_.oldest();
    end_by_cause(oldest, ExceptionCause::kFragmentMemoryFull);
    if (oldest == datagram) datagram = kNoFragment;
  }
  return datagram != kNoFragment ? datagram : table_.open(fragment, now);
}

void FragmentStage::complete(Batch& batch, std::size_t i, std::uint32_t datagram) noexcept {
  const Datagram& whole = table_.at(datagram);
  rte_mbuf* bundle = copy_whole(whole);
  if (bundle == nullptr) {
    end_by_cause(datagram, ExceptionCause::kFragmentMemoryFull);
    return;
  }
  rte_mbuf* last = bundle;
  bundle->pkt_len = 0;
  for (std::uint32_t f = whole.first_arrived; f != kNoFragment; f = table_.held(f).next_arrived) {
    last->next = packets_[f];
    last = packets_[f];
    bundle->pkt_len += last->pkt_len;  // what the flow counts is what came
  }
  bundle->nb_segs = static_cast<std::uint16_t>(1U + whole.count);
  path_.counters.ports[batch.port].parked -= whole.count;
  table_.close(datagram);
  batch.packets[i] = bundle;
  batch.end(i, Fate::kOpen);
  parse_whole(batch, i);
}

rte_mbuf* FragmentStage::copy_whole(const Datagram& datagram) noexcept {
  const Fragment& first = table_.held(datagram.lowest).fragment;
  const std::size_t room_bytes = std::size_t{first.head_bytes} + datagram.end;
  rte_mempool* pool = room_bytes <= room_of(path_.packets) ? path_.packets : large_;
  rte_mbuf* copy = room_bytes <= room_of(pool) ? rte_pktmbuf_alloc(pool) : nullptr;
  if (copy == nullptr) return nullptr;
  const MutableBytes room{static_cast<std::uint8_t*>(copy->buf_addr) + copy->data_off, room_bytes};
  std::size_t at = write_whole_head(first, datagram.end, room);
  for (std::uint32_t f = datagram.lowest; f != kNoFragment; f = table_.held(f).next_by_offset) {
    const Bytes payload = table_.held(f).fragment.payload;
    set_bytes(room, at, payload);
    at += payload.size();
  }
  copy->data_len = static_cast<std::uint16_t>(at);
  return copy;
}

void FragmentStage::parse_whole(Batch& batch, std::size_t i) noexcept {
  ParseOptions options;
  options.hash_seed = path_.hash_seed;
  options.pair = batch.pair();
  options.verify_ip_checksum = false;  // written here
  options.verify_l4_checksum = false;  // track looks at it where it matters
  PacketMeta& meta = batch.metas[i];
  meta = {};
  const Bytes frame = frame_of(batch.packets[i]);
  DropReason reason = parse_frame(frame, options, meta);
  if (reason == DropReason::kNone && is_carried(meta)) reason = see_through(path_, frame, options, meta);
  // A fragment of a fragment, or a segment of which the classifier would see the beginning alone, although
  // the receiver would take all of it: no honest sender makes either.
  const bool unjudged = meta.kind == PacketKind::kFragment ||
                        (meta.kind == PacketKind::kTcp && meta.l3_bytes > channel::kPacketBytesMax);
  if (reason != DropReason::kNone) {
    batch.end(i, Fate::kDrop, reason);
  } else if (unjudged || path_.simulation.hit(ExceptionCause::kFragment)) {
    end_by_exception(path_, batch, i, ExceptionCause::kFragment);
  }
}

void FragmentStage::end_by_cause(std::uint32_t datagram, ExceptionCause cause) noexcept {
  const Datagram& ended = table_.at(datagram);
  const std::uint8_t port = ended.key.pair;
  for (std::uint32_t f = ended.first_arrived; f != kNoFragment; f = table_.held(f).next_arrived) {
    --path_.counters.ports[port].parked;
    const Judgement judgement = judge_exception(path_, cause, port, kNoSlot);
    if (judgement.forward) {
      path_.out.forward(port, packets_[f]);
    } else {
      path_.out.drop(port, packets_[f], judgement.reason);
    }
  }
  table_.close(datagram);
}

void FragmentStage::drop_overlapping(std::uint32_t datagram) noexcept {
  const Datagram& condemned = table_.at(datagram);
  const std::uint8_t port = condemned.key.pair;
  for (std::uint32_t f = condemned.first_arrived; f != kNoFragment; f = table_.held(f).next_arrived) {
    --path_.counters.ports[port].parked;
    path_.out.drop(port, packets_[f], DropReason::kFragmentOverlap);
  }
  table_.condemn(datagram);
}

void FragmentStage::expire(TimeNs now) noexcept {
  for (std::uint32_t ended = 0; ended < kFragmentExpiriesPerTurn; ++ended) {
    const std::uint32_t oldest = table_.oldest();
    if (oldest == kNoFragment || now - table_.at(oldest).since < timeout_) return;
    end_by_cause(oldest, ExceptionCause::kFragment);
  }
}

void FragmentStage::end_all() noexcept {
  while (table_.oldest() != kNoFragment) end_by_cause(table_.oldest(), ExceptionCause::kFragment);
  path_.out.flush();
}

}  // namespace weir::dataplane
