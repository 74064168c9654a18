// SPDX-License-Identifier: Apache-2.0
// A map that holds at most so many entries: a new one takes the place of the one that was put or touched
// longest ago.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace weir::classifier {

template <typename Key, typename Value, typename Hash>
class LruMap {
 public:
  explicit LruMap(std::size_t entries_max) : entries_max_(entries_max) {}

  /// As it is; its age does not change.
  [[nodiscard]] Value* find(const Key& key) {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &found->second->second;
  }
  /// The entry, made when there is none; it is the youngest now. Valid until the next call that changes the
  /// map.
  Value& put(const Key& key) {
    const auto [place, is_new] = places_.try_emplace(key);
    if (!is_new) {
      entries_.splice(entries_.begin(), entries_, place->second);
      return place->second->second;
    }
    entries_.emplace_front(key, Value{});
    place->second = entries_.begin();
    if (entries_.size() > entries_max_) {
      pop_oldest();
      ++evicted_;
    }
    return entries_.front().second;
  }
  void erase(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    entries_.erase(found->second);
    places_.erase(found);
  }
  /// There must be an entry.
  [[nodiscard]] std::pair<const Key, Value>& oldest() { return entries_.back(); }
  void pop_oldest() {
    places_.erase(entries_.back().first);
    entries_.pop_back();
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t evicted() const { return evicted_; }

 private:
  std::size_t entries_max_;
  std::size_t evicted_ = 0;
  std::list<std::pair<const Key, Value>> entries_;  // the youngest first
  std::unordered_map<Key, typename std::list<std::pair<const Key, Value>>::iterator, Hash> places_;
};

}  // namespace weir::classifier
