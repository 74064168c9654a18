// SPDX-License-Identifier: Apache-2.0
// Ranges of addresses, cut into the intervals within which the same ranges hold. A look-up is one
// binary search without branches; the caller keeps what it knows of each interval by its number.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "policy/lang/wide.h"

namespace weir::policy {

/// From `first` to `last`, both included, `id` holds. Ranges of one id may overlap.
template <typename Key>
struct Range {
  Key first{};
  Key last{};
  std::uint32_t id = 0;
};

/// Key: std::uint32_t or Wide. Immutable once cut.
template <typename Key>
class Intervals {
 public:
  /// Calls cover.add(id) and cover.remove(id) for what begins and ends, and cover.next() once an interval, in
  /// the order of their numbers.
  template <typename Cover>
  static Intervals cut(const std::vector<Range<Key>>& ranges, Cover& cover) {
    std::vector<Edge> edges;
    edges.reserve(ranges.size() * 2);
    for (const Range<Key>& range : ranges) {
      edges.push_back({range.first, range.id, true});
      if (const Key after = successor(range.last); after != Key{}) edges.push_back({after, range.id, false});
    }
    std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.at < b.at; });
    Intervals intervals;
    intervals.starts_.push_back(Key{});
    for (std::size_t i = 0; i < edges.size(); ++i) {
      if (edges[i].at != intervals.starts_.back()) {
        cover.next();
        intervals.starts_.push_back(edges[i].at);
      }
      if (edges[i].begins) {
        cover.add(edges[i].id);
      } else {
        cover.remove(edges[i].id);
      }
    }
    cover.next();
    return intervals;
  }

  /// The number of the interval that `key` is in, from 0.
  [[nodiscard]] std::size_t find(const Key& key) const noexcept {
    const Key* at = starts_.data();
    for (std::size_t left = starts_.size(); left > 1;) {
      const std::size_t half = left / 2;
      at = at[half] <= key ? at + half : at;
      left -= half;
    }
    return static_cast<std::size_t>(at - starts_.data());
  }
  [[nodiscard]] std::size_t size() const { return starts_.size(); }

 private:
  struct Edge {
    Key at{};
    std::uint32_t id = 0;
    bool begins = false;
  };

  /// Key{} after the last one.
  static Key successor(Key key) {
    if constexpr (std::is_same_v<Key, Wide>) {
      if (++key.low == 0) ++key.high;
      return key;
    } else {
      return ++key;
    }
  }

  std::vector<Key> starts_;  // the first is Key{}
};

/// Subnets of both families: addresses of IPv4 are looked for among 32-bit numbers.
class AddressIntervals {
 public:
  struct Subnets {
    std::vector<Range<std::uint32_t>> v4;
    std::vector<Range<Wide>> v6;
    void add(const Subnet& subnet, std::uint32_t id);
  };

  /// As Intervals::cut, those of IPv4 first; between the families everything has been removed.
  template <typename Cover>
  static AddressIntervals cut(const Subnets& subnets, Cover& cover) {
    AddressIntervals both;
    both.v4_ = Intervals<std::uint32_t>::cut(subnets.v4, cover);
    cover.clear();
    both.v6_ = Intervals<Wide>::cut(subnets.v6, cover);
    return both;
  }

  [[nodiscard]] std::size_t find(const IpAddress& address) const noexcept;

 private:
  Intervals<std::uint32_t> v4_;
  Intervals<Wide> v6_;
};

}  // namespace weir::policy
