// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/fragment_table.h"

#include <algorithm>
#include <bit>

namespace weir::dataplane {
namespace {

/// Whether a fragment could be a part of any datagram.
bool is_possible(const Fragment& fragment) noexcept {
  if (fragment.payload.empty()) return false;
  if (fragment.more && fragment.end() % 8 != 0) return false;  // the next one could not begin there
  return fragment.ip_header_bytes() + fragment.end() <= kWholeDatagramBytesMax;
}

bool is_same(const Fragment& held, const Fragment& fragment) noexcept {
  return held.offset == fragment.offset && held.more == fragment.more &&
         std::equal(held.payload.begin(), held.payload.end(), fragment.payload.begin(),
                    fragment.payload.end());
}

}  // namespace

FragmentTable::FragmentTable(std::uint32_t datagrams, std::uint32_t fragments)
    : datagrams_(datagrams), held_(fragments), buckets_(std::bit_ceil(datagrams), kNoFragment) {
  for (std::uint32_t i = datagrams; i-- > 0;) {
    datagrams_[i].next_in_bucket = free_datagram_;
    free_datagram_ = i;
  }
  for (std::uint32_t i = fragments; i-- > 0;) {
    held_[i].next_arrived = free_fragment_;
    free_fragment_ = i;
  }
}

std::uint32_t FragmentTable::find(const Fragment& fragment) const noexcept {
  std::uint32_t index = buckets_[fragment.hash & (buckets_.size() - 1)];
  while (index != kNoFragment && !(datagrams_[index].key == fragment.datagram)) {
    index = datagrams_[index].next_in_bucket;
  }
  return index;
}

bool FragmentTable::has_room(bool new_datagram) const noexcept {
  return free_fragment_ != kNoFragment && (!new_datagram || free_datagram_ != kNoFragment);
}

std::uint32_t FragmentTable::open(const Fragment& fragment, TimeNs now) noexcept {
  const std::uint32_t index = free_datagram_;
  Datagram& datagram = datagrams_[index];
  free_datagram_ = datagram.next_in_bucket;
  datagram = Datagram{};
  datagram.key = fragment.datagram;
  datagram.since = now;
  datagram.bucket = fragment.hash & static_cast<std::uint32_t>(buckets_.size() - 1);
  datagram.next_in_bucket = buckets_[datagram.bucket];
  buckets_[datagram.bucket] = index;
  datagram.older = newest_;
  (newest_ == kNoFragment ? oldest_ : datagrams_[newest_].newer) = index;
  newest_ = index;
  ++size_;
  return index;
}

FragmentFit FragmentTable::fit(const Datagram& datagram, const Fragment& fragment,
                               std::uint32_t& below) const noexcept {
  if (!is_possible(fragment)) return FragmentFit::kOverlap;
  // `below`: the last one that begins before this one. Most fragments come in order: looked for from the end
  // first.
  std::uint32_t above = datagram.lowest;
  below = kNoFragment;
  if (datagram.highest != kNoFragment && held_[datagram.highest].fragment.offset < fragment.offset) {
    below = datagram.highest;
    above = kNoFragment;
  }
  while (above != kNoFragment && held_[above].fragment.offset < fragment.offset) {
    below = above;
    above = held_[above].next_by_offset;
  }
  if (above != kNoFragment && is_same(held_[above].fragment, fragment)) return FragmentFit::kDuplicate;
  const bool overlaps = (below != kNoFragment && held_[below].fragment.end() > fragment.offset) ||
                        (above != kNoFragment && fragment.end() > held_[above].fragment.offset);
  const bool past_end = datagram.end != 0 && (!fragment.more || fragment.end() >= datagram.end);
  const bool ends_early = !fragment.more && above != kNoFragment;
  if (overlaps || past_end || ends_early) return FragmentFit::kOverlap;
  return datagram.count == kFragmentsPerDatagramMax ? FragmentFit::kTooMany : FragmentFit::kHeld;
}

FragmentFit FragmentTable::add(std::uint32_t datagram, const Fragment& fragment) noexcept {
  Datagram& to = datagrams_[datagram];
  std::uint32_t below = kNoFragment;
  const FragmentFit fits = fit(to, fragment, below);
  if (fits != FragmentFit::kHeld) return fits;

  const std::uint32_t index = free_fragment_;
  HeldFragment& place = held_[index];
  free_fragment_ = place.next_arrived;
  ++held_count_;
  place.fragment = fragment;
  place.next_arrived = kNoFragment;
  (to.last_arrived == kNoFragment ? to.first_arrived : held_[to.last_arrived].next_arrived) = index;
  to.last_arrived = index;
  std::uint32_t& link = below == kNoFragment ? to.lowest : held_[below].next_by_offset;
  place.next_by_offset = link;
  link = index;
  if (place.next_by_offset == kNoFragment) to.highest = index;

  ++to.count;
  to.bytes += static_cast<std::uint32_t>(fragment.payload.size());
  if (!fragment.more) to.end = fragment.end();
  // Nothing overlaps and nothing lies past the end: as many bytes as the datagram has are all of them.
  return to.end != 0 && to.bytes == to.end ? FragmentFit::kComplete : FragmentFit::kHeld;
}

void FragmentTable::forget_fragments(Datagram& datagram) noexcept {
  if (datagram.count == 0) return;
  held_[datagram.last_arrived].next_arrived = free_fragment_;
  free_fragment_ = datagram.first_arrived;
  held_count_ -= datagram.count;
  datagram.first_arrived = datagram.last_arrived = datagram.lowest = datagram.highest = kNoFragment;
  datagram.count = 0;
}

void FragmentTable::condemn(std::uint32_t datagram) noexcept {
  forget_fragments(datagrams_[datagram]);
  datagrams_[datagram].condemned = true;
}

void FragmentTable::close(std::uint32_t datagram) noexcept {
  Datagram& gone = datagrams_[datagram];
  forget_fragments(gone);
  std::uint32_t* link = &buckets_[gone.bucket];
  while (*link != datagram) link = &datagrams_[*link].next_in_bucket;
  *link = gone.next_in_bucket;
  (gone.older == kNoFragment ? oldest_ : datagrams_[gone.older].newer) = gone.newer;
  (gone.newer == kNoFragment ? newest_ : datagrams_[gone.newer].older) = gone.older;
  gone.next_in_bucket = free_datagram_;
  free_datagram_ = datagram;
  --size_;
}

std::size_t FragmentTable::memory_bytes() const noexcept {
  return datagrams_.size() * sizeof(Datagram) + held_.size() * sizeof(HeldFragment) +
         buckets_.size() * sizeof(std::uint32_t);
}

void FragmentTable::shift_time(TimeNs step) noexcept {
  for (std::uint32_t i = oldest_; i != kNoFragment; i = datagrams_[i].newer) datagrams_[i].since += step;
}

}  // namespace weir::dataplane
