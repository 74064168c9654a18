// SPDX-License-Identifier: Apache-2.0
// Fragments that wait for the rest of their datagram: a fixed number of datagrams and of fragments, sized
// once. It says what a fragment is to its datagram (new, the same again, a contradiction, the last one
// missing); the bytes stay where they are, and what happens to the packets is the caller's. A datagram that
// contradicted itself is condemned: its entry stays, so that what still comes of it is known (RFC 5722).
//
// Threads: one owner.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/packet/fragment.h"
#include "policy/model/time.h"

namespace weir::dataplane {

inline constexpr std::uint32_t kNoFragment = 0xffffffffU;       // for datagrams too
inline constexpr std::uint32_t kFragmentsPerDatagramMax = 128;  // 65,535 bytes at an MTU of 576 take 119

struct HeldFragment {
  Fragment fragment;
  std::uint32_t next_arrived = kNoFragment;  // also links the free ones
  std::uint32_t next_by_offset = kNoFragment;
};

struct Datagram {
  FlowKey key;
  TimeNs since = 0;                           // when its first fragment came
  std::uint32_t first_arrived = kNoFragment;  // its fragments in order of arrival
  std::uint32_t last_arrived = kNoFragment;
  std::uint32_t lowest = kNoFragment;  // and by offset
  std::uint32_t highest = kNoFragment;
  std::uint32_t bytes = 0;  // of payload that are there
  std::uint32_t end = 0;    // of its payload; 0: not known yet
  std::uint32_t count = 0;  // of its fragments
  std::uint32_t bucket = 0;
  std::uint32_t next_in_bucket = kNoFragment;  // also links the free ones
  std::uint32_t newer = kNoFragment;
  std::uint32_t older = kNoFragment;
  bool condemned = false;
};

enum class FragmentFit : std::uint8_t {
  kHeld,
  kComplete,   // held, and nothing is missing any more
  kDuplicate,  // the same bytes at the same place: not held
  kOverlap,    // contradicts what is held, or can be no part of a datagram: not held
  kTooMany,    // kFragmentsPerDatagramMax: not held
};

class FragmentTable {
 public:
  FragmentTable(std::uint32_t datagrams, std::uint32_t fragments);

  /// kNoFragment: none of it is known.
  [[nodiscard]] std::uint32_t find(const Fragment& fragment) const noexcept;
  /// Room for a fragment, and for a datagram where that is `new_datagram`.
  [[nodiscard]] bool has_room(bool new_datagram) const noexcept;
  /// Only when has_room(true). The fragment is not added yet.
  [[nodiscard]] std::uint32_t open(const Fragment& fragment, TimeNs now) noexcept;
  /// Only when has_room(false). A fragment that was held has index `at(datagram).last_arrived`.
  [[nodiscard]] FragmentFit add(std::uint32_t datagram, const Fragment& fragment) noexcept;
  /// Forgets the fragments of a datagram that contradicted itself.
  void condemn(std::uint32_t datagram) noexcept;
  void close(std::uint32_t datagram) noexcept;

  [[nodiscard]] const Datagram& at(std::uint32_t datagram) const noexcept { return datagrams_[datagram]; }
  [[nodiscard]] const HeldFragment& held(std::uint32_t fragment) const noexcept { return held_[fragment]; }
  [[nodiscard]] std::uint32_t oldest() const noexcept { return oldest_; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }              // datagrams
  [[nodiscard]] std::uint32_t held_count() const noexcept { return held_count_; }  // fragments
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

  /// The clock was set by `step`.
  void shift_time(TimeNs step) noexcept;

 private:
  [[nodiscard]] FragmentFit fit(const Datagram& datagram, const Fragment& fragment,
                                std::uint32_t& below) const noexcept;
  void forget_fragments(Datagram& datagram) noexcept;

  std::vector<Datagram> datagrams_;
  std::vector<HeldFragment> held_;
  std::vector<std::uint32_t> buckets_;  // a power of two
  std::uint32_t free_datagram_ = kNoFragment;
  std::uint32_t free_fragment_ = kNoFragment;
  std::uint32_t oldest_ = kNoFragment;
  std::uint32_t newest_ = kNoFragment;
  std::uint32_t size_ = 0;
  std::uint32_t held_count_ = 0;
};

}  // namespace weir::dataplane
