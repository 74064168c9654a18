// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/flow_table.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace weir::dataplane {
namespace {

constexpr std::uint32_t kCapacityMin = 64;
constexpr unsigned kEntries = 8;              // of one bucket
constexpr std::uint32_t kFlowsPerBucket = 4;  // on average when the table is full
/// A flow lives in its home bucket or in one of the next; beyond them `create` says no.
constexpr std::uint32_t kProbeBuckets = 8;
constexpr std::size_t kHugePageBytes = 2U << 20U;

struct alignas(64) Bucket {
  std::array<std::uint16_t, kEntries> tags{};  // 0: empty
  std::array<std::uint32_t, kEntries> slots{};
  std::uint32_t strayed = 0;  // flows of this home bucket that live in a later one
};
static_assert(sizeof(Bucket) == 64);

std::uint16_t tag_of(std::uint32_t hash) noexcept {
  const auto tag = static_cast<std::uint16_t>(hash);
  return tag == 0 ? std::uint16_t{1} : tag;
}

/// Bit i set: entry i has this tag.
unsigned matches(const Bucket& bucket, std::uint16_t tag) noexcept {
#ifdef __SSE2__
  const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(bucket.tags.data()));
  const __m128i same = _mm_cmpeq_epi16(tags, _mm_set1_epi16(static_cast<short>(tag)));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(same, _mm_setzero_si128())));
#else
  unsigned mask = 0;
  for (unsigned i = 0; i < kEntries; ++i) mask |= static_cast<unsigned>(bucket.tags[i] == tag) << i;
  return mask;
#endif
}

void prefetch(const void* line) noexcept { __builtin_prefetch(line, 0, 3); }

[[noreturn]] void out_of_memory(std::size_t bytes) {
  std::fprintf(stderr, "flow table: the system refused %zu bytes; lower memory.flows\n", bytes);
  std::abort();
}

}  // namespace

FlowLayout::FlowLayout(std::uint32_t wanted) noexcept
    : capacity(std::clamp(wanted, kCapacityMin, kFlowsMax)),
      buckets((capacity + kFlowsPerBucket - 1) / kFlowsPerBucket),
      cold_at(hot_at + sizeof(FlowHot) * capacity),
      buckets_at(cold_at + sizeof(FlowCold) * capacity),
      rest_at(buckets_at + sizeof(Bucket) * buckets),
      bytes(rest_at + sizeof(FlowRest) * capacity) {
  if (bytes >= kHugePageBytes) bytes = (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
}

std::uint8_t check_of(const FlowHot& flow) noexcept {
  constexpr std::uint32_t kFixedFlags = kInitiatorIsLow | kInitiatorInside;
  const std::uint32_t told = (static_cast<std::uint32_t>(flow.verdict) << 24U) |
                             (std::uint32_t{flow.mark} << 16U) |
                             (static_cast<std::uint32_t>(flow.level) << 8U) | (flow.flags & kFixedFlags);
  std::uint32_t mixed = hash_of(flow.key, told) ^ (flow.policy_revision * 0x9e37'79b1U);
  mixed ^= mixed >> 16U;
  return static_cast<std::uint8_t>((mixed ^ (mixed >> 8U)) | 1U);  // never that of an entry without a verdict
}

struct FlowTable::Impl {
  bool own = false;
  std::uint8_t* base = nullptr;
  std::size_t bytes = 0;
  FlowHot* hot = nullptr;
  FlowCold* cold = nullptr;
  FlowRest* rest = nullptr;
  Bucket* buckets = nullptr;
  std::uint32_t bucket_count = 0;
  std::uint32_t capacity = 0;
  std::uint32_t size = 0;
  std::uint32_t seed = 0;
  std::uint32_t free_head = kNoSlot;  // linked through FlowRest::next

  [[nodiscard]] Bucket& bucket(std::uint32_t hash, std::uint32_t ahead) const noexcept {
    // Of the upper bits, so that any number of buckets will do; the tag is of the lower ones.
    const auto home = static_cast<std::uint32_t>((std::uint64_t{hash} * bucket_count) >> 32U);
    const std::uint32_t at = home + ahead;
    return buckets[at < bucket_count ? at : at - bucket_count];
  }
  [[nodiscard]] std::uint32_t find_in(const Bucket& where, std::uint16_t tag,
                                      const FlowKey& key) const noexcept {
    for (unsigned left = matches(where, tag); left != 0; left &= left - 1) {
      const std::uint32_t slot = where.slots[static_cast<unsigned>(std::countr_zero(left))];
      if (hot[slot].key == key) return slot;
    }
    return kNoSlot;
  }
  [[nodiscard]] std::uint32_t find(const FlowKey& key, std::uint32_t hash) const noexcept {
    const std::uint16_t tag = tag_of(hash);
    const Bucket& home = bucket(hash, 0);
    std::uint32_t slot = find_in(home, tag, key);
    if (home.strayed == 0) return slot;
    for (std::uint32_t ahead = 1; slot == kNoSlot && ahead < kProbeBuckets; ++ahead) {
      slot = find_in(bucket(hash, ahead), tag, key);
    }
    return slot;
  }
};

FlowTable::FlowTable(std::uint32_t capacity, std::uint32_t hash_seed, std::span<std::uint8_t> memory)
    : impl_(std::make_unique<Impl>()) {
  Impl& impl = *impl_;
  const FlowLayout layout(capacity);
  impl.capacity = layout.capacity;
  impl.seed = hash_seed;
  impl.bucket_count = layout.buckets;
  impl.bytes = layout.bytes;
  impl.own = memory.size() < layout.bytes;
  impl.base = memory.data();
  if (impl.own) {
    void* base = ::mmap(nullptr, impl.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) out_of_memory(impl.bytes);
    impl.base = static_cast<std::uint8_t*>(base);
  }
  // A wish: without it there are more TLB misses.
  static_cast<void>(::madvise(impl.base, impl.bytes, MADV_HUGEPAGE));
  impl.hot = new (impl.base + layout.hot_at) FlowHot[impl.capacity];
  impl.cold = new (impl.base + layout.cold_at) FlowCold[impl.capacity];
  impl.buckets = new (impl.base + layout.buckets_at) Bucket[layout.buckets];
  impl.rest = new (impl.base + layout.rest_at) FlowRest[impl.capacity];
  hot_ = impl.hot;
  cold_ = impl.cold;
  rest_ = impl.rest;
  for (std::uint32_t slot = impl.capacity; slot-- > 0;) {
    impl.rest[slot].next = impl.free_head;
    impl.free_head = slot;
  }
}

FlowTable::~FlowTable() {
  if (impl_->own) ::munmap(impl_->base, impl_->bytes);
}

void FlowTable::lookup(std::span<const PacketMeta* const> packets, std::span<std::uint32_t> slots) noexcept {
  const Impl& impl = *impl_;
  const std::size_t count = std::min({packets.size(), slots.size(), kLookupBurstMax});
  const PacketMeta* const* packet = packets.data();
  std::uint32_t* slot = slots.data();
  for (std::size_t i = 0; i < count; ++i) prefetch(&impl.bucket(packet[i]->hash, 0));
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t hash = packet[i]->hash;
    const Bucket& home = impl.bucket(hash, 0);
    const unsigned found = matches(home, tag_of(hash));
    // The first one with the tag is the flow, nearly always; the last pass makes sure.
    slot[i] = found == 0 ? kNoSlot : home.slots[static_cast<unsigned>(std::countr_zero(found)) % kEntries];
    if (found != 0) prefetch(&impl.hot[slot[i]]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (slot[i] != kNoSlot && impl.hot[slot[i]].key == packet[i]->key) continue;
    slot[i] = impl.find(packet[i]->key, packet[i]->hash);
  }
}

std::uint32_t FlowTable::lookup(const FlowKey& key, std::uint32_t hash) noexcept {
  return impl_->find(key, hash);
}

std::uint32_t FlowTable::create(const FlowKey& key, std::uint32_t hash) noexcept {
  Impl& impl = *impl_;
  const std::uint32_t slot = impl.free_head;
  if (slot == kNoSlot) return kNoSlot;
  for (std::uint32_t ahead = 0; ahead < kProbeBuckets; ++ahead) {
    Bucket& where = impl.bucket(hash, ahead);
    const unsigned empty = matches(where, 0);
    if (empty == 0) continue;
    const auto entry = static_cast<unsigned>(std::countr_zero(empty));
    where.tags[entry] = tag_of(hash);
    where.slots[entry] = slot;
    if (ahead > 0) ++impl.bucket(hash, 0).strayed;
    impl.free_head = impl.rest[slot].next;
    FlowHot& hot = impl.hot[slot];
    const std::uint32_t generation = hot.generation + 1 == 0 ? 1 : hot.generation + 1;  // 0 is nobody's
    hot = FlowHot{};
    hot.key = key;
    hot.state = FlowState::kUndecided;
    hot.generation = generation;
    hot.hash = hash;
    impl.cold[slot] = FlowCold{};
    impl.rest[slot] = FlowRest{};
    ++impl.size;
    return slot;
  }
  return kNoSlot;
}

void FlowTable::erase(std::uint32_t slot) noexcept {
  Impl& impl = *impl_;
  if (slot >= impl.capacity || impl.hot[slot].state == FlowState::kFree) return;
  FlowHot& hot = impl.hot[slot];
  for (std::uint32_t ahead = 0; ahead < kProbeBuckets; ++ahead) {
    Bucket& where = impl.bucket(hot.hash, ahead);
    for (unsigned i = 0; i < kEntries; ++i) {
      if (where.tags[i] == 0 || where.slots[i] != slot) continue;
      where.tags[i] = 0;
      if (ahead > 0) --impl.bucket(hot.hash, 0).strayed;
      hot.state = FlowState::kFree;
      impl.rest[slot].next = impl.free_head;
      impl.free_head = slot;
      --impl.size;
      return;
    }
  }
}

std::uint32_t FlowTable::resolve(channel::FlowRef flow) const noexcept {
  if (flow.slot >= impl_->capacity) return kNoSlot;
  const FlowHot& hot = impl_->hot[flow.slot];
  return hot.state != FlowState::kFree && hot.generation == flow.generation ? flow.slot : kNoSlot;
}

std::uint32_t FlowTable::size() const noexcept { return impl_->size; }
std::uint32_t FlowTable::capacity() const noexcept { return impl_->capacity; }
std::uint32_t FlowTable::hash_seed() const noexcept { return impl_->seed; }
std::size_t FlowTable::memory_bytes() const noexcept { return impl_->bytes; }

}  // namespace weir::dataplane
