// SPDX-License-Identifier: Apache-2.0
// A map from keys to indices, of a size that is fixed at construction: linear probing, no allocation, no
// lock. For what only few flows have, so that the flow table needs no field for it. It owns nothing that the
// indices name.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace weir::dataplane {

inline constexpr std::uint32_t kNoIndex = 0xffffffffU;

/// Mixes a slot's number; slots are not chosen by strangers.
struct SlotHash {
  std::uint32_t operator()(std::uint32_t slot) const noexcept { return slot * 0x9e3779b1U; }
};

template <typename Key, typename Hash>
class IndexMap {
 public:
  explicit IndexMap(std::uint32_t capacity, Hash hash = {})
      : entries_(std::bit_ceil(2 * std::size_t{capacity})), capacity_(capacity), hash_(hash) {}

  /// kNoIndex when the key is not there.
  [[nodiscard]] std::uint32_t find(const Key& key) const noexcept { return entries_[place(key)].index; }
  /// False when the map is full; the key must not be there.
  [[nodiscard]] bool insert(const Key& key, std::uint32_t index) noexcept {
    if (count_ == capacity_) return false;
    entries_[place(key)] = {key, index};
    ++count_;
    return true;
  }
  void erase(const Key& key) noexcept {
    std::size_t hole = place(key);
    if (entries_[hole].index == kNoIndex) return;
    --count_;
    // Those behind it move up, so that no search ends too early.
    for (std::size_t at = next(hole); entries_[at].index != kNoIndex; at = next(at)) {
      const std::size_t home = home_of(entries_[at].key);
      if (distance(home, at) < distance(hole, at)) continue;
      entries_[hole] = entries_[at];
      hole = at;
    }
    entries_[hole] = {};
  }
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept { return entries_.size() * sizeof(Entry); }

 private:
  struct Entry {
    Key key{};
    std::uint32_t index = kNoIndex;
  };
  [[nodiscard]] std::size_t mask() const noexcept { return entries_.size() - 1; }
  [[nodiscard]] std::size_t next(std::size_t at) const noexcept { return (at + 1) & mask(); }
  [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const noexcept {
    return (to - from) & mask();
  }
  [[nodiscard]] std::size_t home_of(const Key& key) const noexcept {
    const std::uint32_t hash = hash_(key);
    return (hash ^ (hash >> 15U)) & mask();
  }
  /// Where the key is, or the empty place where it would be; half of the places stay empty.
  [[nodiscard]] std::size_t place(const Key& key) const noexcept {
    std::size_t at = home_of(key);
    while (entries_[at].index != kNoIndex && !(entries_[at].key == key)) at = next(at);
    return at;
  }

  std::vector<Entry> entries_;
  std::uint32_t capacity_;
  std::uint32_t count_ = 0;
  Hash hash_;
};

}  // namespace weir::dataplane
