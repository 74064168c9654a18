// SPDX-License-Identifier: Apache-2.0
// The ring's own C11 form: the same instructions on x86, and the thread sanitizer can follow it.
#define RTE_USE_C11_MEM_MODEL 1
#include "dataplane/worker/handover_ring.h"

#include <rte_ring.h>

#include <cstdlib>
#include <new>

namespace weir::dataplane {
namespace {
constexpr std::align_val_t kAlignment{64};
}

// Memory of our own, not a memzone: there are more rings than DPDK has memzones.
HandoverRing::HandoverRing(std::uint32_t slots)
    : bytes_(static_cast<std::size_t>(rte_ring_get_memsize(slots))),
      ring_(static_cast<rte_ring*>(::operator new(bytes_, kAlignment))) {
  const unsigned flags = RING_F_SP_ENQ | RING_F_SC_DEQ;
  if (rte_ring_init(ring_.get(), "handover", slots, flags) != 0) std::abort();  // not a power of two
}

void HandoverRing::Free::operator()(rte_ring* ring) const noexcept { ::operator delete(ring, kAlignment); }

std::uint16_t HandoverRing::push(rte_mbuf* const* packets, std::uint16_t count) noexcept {
  return static_cast<std::uint16_t>(
      rte_ring_enqueue_burst(ring_.get(), reinterpret_cast<void* const*>(packets), count, nullptr));
}

std::uint16_t HandoverRing::peek(rte_mbuf** packets, std::uint16_t most) noexcept {
  return static_cast<std::uint16_t>(
      rte_ring_dequeue_burst_start(ring_.get(), reinterpret_cast<void**>(packets), most, nullptr));
}

void HandoverRing::pop(std::uint16_t count) noexcept { rte_ring_dequeue_finish(ring_.get(), count); }

bool HandoverRing::empty() const noexcept {
  return __atomic_load_n(&ring_->prod.tail, __ATOMIC_ACQUIRE) == ring_->cons.tail;
}

}  // namespace weir::dataplane
