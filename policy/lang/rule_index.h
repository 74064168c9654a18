// SPDX-License-Identifier: Apache-2.0
// The rules of one section by what they ask for, so that the first one that matches a flow is found among ten
// thousand in the time that it takes to look at a few.
//
// Tuple space search (Srinivasan, Suri, Varghese, "Packet Classification using Tuple Space Search", SIGCOMM
// 1999), which Open vSwitch uses too: rules that ask for the same dimensions (who and port; category and
// country) are a tuple and stand in a hash table under the values that they ask for. Which tuples a value
// occurs in is known for each value, so that few tuples are left for a flow: those in which each of its
// values occurs or does not matter.
//
// The index knows the keys that are worth it. It may name a candidate that does not match, never leave out
// one that does: whatever a rule asks for beyond them is the caller's to look at, and a key that the index
// does not know needs nothing here. Rules that differ in such keys only are looked at one after the other.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/model/ip_address.h"

namespace weir::policy {

struct Rule;

enum class Dimension : std::uint8_t {
  kWho,  // group's number, or how many there are
  kProtocol,
  kPort,
  kDestination,  // see look_up_destination
  kAsn,
  kCountry,  // its two letters
  kApp,      // hash_of_word
  kDomain,   // number of the set
  kCategory,
  kMailProtocol,  // hash_of_word
  kSender,        // number of the set, or hash_of_word of the address
  kRecipient,
};
inline constexpr std::size_t kDimensions = 12;

/// The same for words that differ in the case of letters only.
[[nodiscard]] std::uint64_t hash_of_word(std::string_view word) noexcept;
/// Of "CA".
[[nodiscard]] std::uint64_t number_of_country(std::string_view code) noexcept;

class RuleIndex {
 public:
  /// Values of one dimension that rules ask for and one flow has. Where a flow has more, its rules are looked
  /// at one after the other.
  static constexpr std::size_t kValuesMax = 32;
  /// A rule of more combinations of values stands in a tuple of fewer dimensions.
  static constexpr std::size_t kCombinationsMax = 64;
  /// Rules of further kinds stand in the tuple that asks for nothing.
  static constexpr std::size_t kTuplesMax = 128;
  /// Dimensions of one tuple; a rule that asks for more is looked up by some of them.
  static constexpr std::size_t kTupleDimensionsMax = 7;

  using Tuples = std::array<std::uint64_t, kTuplesMax / 64>;  // one bit each

  /// What one flow has in each dimension.
  class Question {
   public:
    /// `exact`: the flow has one port and one protocol, so that settled rules need no second look.
    Question(std::uint16_t port, bool exact) : port_(port), exact_(exact) {}

   private:
    friend class RuleIndex;
    struct Values {
      std::array<std::uint32_t, kValuesMax> numbers;
      std::array<std::uint32_t, kValuesMax> tuples;
    };
    std::uint16_t port_;
    bool exact_;
    bool too_many_ = false;
    std::array<std::uint8_t, kDimensions> counts_{};
    std::array<Values, kDimensions> values_;
  };

  RuleIndex() = default;
  explicit RuleIndex(const std::vector<Rule>& rules);

  /// Some rule asks for this.
  [[nodiscard]] bool asks(Dimension dimension) const { return asked_[static_cast<std::size_t>(dimension)]; }
  [[nodiscard]] bool knows(Dimension dimension, std::uint64_t value) const noexcept {
    return find(key_of(dimension, value)).number != 0;
  }
  /// The flow has this value.
  void look_up(Dimension dimension, std::uint64_t value, Question& question) const noexcept {
    take(dimension, key_of(dimension, value), question);
  }
  /// It goes to this address: every subnet that holds it is a value.
  void look_up_destination(const IpAddress& address, Question& question) const noexcept;

  /// The number of the first rule that is a candidate and that `accepts(number, settled)` says matches, or
  /// size(). `settled`: the index has decided all that the rule asks for. `in_hours(number)`: what this rule
  /// says of `when` holds.
  template <typename InHours, typename Accepts>
  [[nodiscard]] std::size_t first(const Question& question, InHours in_hours, Accepts accepts) const;

  [[nodiscard]] std::size_t size() const { return rules_; }
  [[nodiscard]] std::size_t tuples() const { return tuples_.size(); }
  /// Of memory.
  [[nodiscard]] std::size_t bytes() const;

 private:
  class Build;

  static constexpr std::uint64_t kMix = 0x9e37'79b9'7f4a'7c15U;  // 2^64 over the golden ratio

  struct Tuple {
    std::uint32_t first_rule = 0;
    std::uint8_t dimensions_used = 0;
    std::array<std::uint8_t, kTupleDimensionsMax> dimensions{};
  };
  /// A value that rules ask for; the key tells which.
  struct Value {
    std::uint64_t key = 0;
    std::uint32_t number = 0;  // 0: free
    std::uint32_t tuples = 0;  // in tuple_sets_
  };
  struct Entry {
    std::uint32_t rule = 0;
    std::uint16_t port_low = 0;
    std::uint16_t port_high = 0xffff;
    std::uint16_t hours = 0;  // in hours_; 0: always
    std::uint16_t settled = 0;
  };
  /// The rules of one tuple under the same values, in one cache line where it is one rule.
  struct alignas(64) Bucket {
    std::uint64_t hash = 0;
    std::array<std::uint32_t, kTupleDimensionsMax> numbers{};  // of the values
    std::uint32_t entries = 0;                                 // 0: free
    std::uint32_t others = 0;                                  // in entries_: those behind the first
    Entry first;
  };
  static_assert(sizeof(Bucket) == 64);

  /// A way to walk through the combinations of a flow's values within one tuple.
  struct Walk {
    std::array<std::uint32_t, kTupleDimensionsMax> numbers;
    std::array<std::uint64_t, kTupleDimensionsMax + 1> hashes;
  };

  /// One to one for values below 2^56.
  static std::uint64_t key_of(Dimension dimension, std::uint64_t value) {
    return (value << 8U | (static_cast<std::uint64_t>(dimension) + 1U)) * kMix;
  }
  [[nodiscard]] std::uint64_t start_of(std::size_t tuple) const {
    return (seed_ << 32U | (tuple + 1)) * kMix;
  }
  static std::uint64_t hash_with(std::uint64_t hash, std::uint32_t number) {
    hash = (hash ^ number) * kMix;
    return hash ^ hash >> 29U;
  }
  static bool has(const Tuples& tuples, std::size_t tuple) {
    return (tuples[tuple / 64] >> tuple % 64 & 1U) != 0;
  }

  [[nodiscard]] Value find(std::uint64_t key) const noexcept {
    if (values_.empty()) return {};
    const std::size_t mask = values_.size() - 1;
    for (std::size_t at = key >> 32U & mask;; at = (at + 1) & mask) {  // ends: some are free
      if (values_[at].key == key || values_[at].number == 0) return values_[at];
    }
  }
  [[nodiscard]] const Bucket& find_bucket(std::uint64_t hash) const noexcept {
    const std::size_t mask = buckets_.size() - 1;
    for (std::size_t at = hash >> 32U & mask;; at = (at + 1) & mask) {
      if (buckets_[at].hash == hash || buckets_[at].entries == 0) return buckets_[at];
    }
  }
  void take(Dimension dimension, std::uint64_t key, Question& question) const noexcept;
  [[nodiscard]] Tuples tuples_for(const Question& question) const noexcept;
  template <typename InHours, typename Accepts>
  std::size_t first_in_bucket(const Question& question, const Walk& walk, std::size_t used, std::size_t best,
                              InHours& in_hours, Accepts& accepts) const;
  template <typename InHours, typename Accepts>
  std::size_t first_in_tuple(const Question& question, std::size_t tuple, std::size_t best, InHours& in_hours,
                             Accepts& accepts) const;

  std::size_t rules_ = 0;
  std::uint64_t seed_ = 0;  // with which no two buckets have one hash
  std::array<bool, kDimensions> asked_{};
  std::vector<std::uint8_t> dimensions_;    // asked for by some rule
  std::array<Tuples, kDimensions> free_{};  // of each dimension: the tuples that do not ask for it
  Tuples all_{};
  std::vector<Tuple> tuples_;  // by their first rule
  std::vector<Value> values_;  // a power of two, at most three quarters full
  std::vector<Tuples> tuple_sets_;
  std::vector<Bucket> buckets_;  // as values_
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> hours_;         // rules whose `when` others share
  std::vector<std::uint8_t> v4_prefixes_;    // lengths that occur, over the mapped form
  std::vector<std::uint8_t> wide_prefixes_;  // those of other subnets
};

inline void RuleIndex::take(Dimension dimension, std::uint64_t key, Question& question) const noexcept {
  const Value value = find(key);
  if (value.number == 0) return;
  const auto at = static_cast<std::size_t>(dimension);
  std::uint8_t& count = question.counts_[at];
  if (count == kValuesMax) {
    question.too_many_ = true;
    return;
  }
  question.values_[at].numbers[count] = value.number;
  question.values_[at].tuples[count] = value.tuples;
  ++count;
}

/// Those in which each value of the flow occurs or does not matter.
inline RuleIndex::Tuples RuleIndex::tuples_for(const Question& question) const noexcept {
  Tuples left = all_;
  for (const std::uint8_t dimension : dimensions_) {
    Tuples taken = free_[dimension];
    for (std::size_t i = 0; i < question.counts_[dimension]; ++i) {
      const Tuples& one = tuple_sets_[question.values_[dimension].tuples[i]];
      for (std::size_t word = 0; word < taken.size(); ++word) taken[word] |= one[word];
    }
    for (std::size_t word = 0; word < taken.size(); ++word) left[word] &= taken[word];
  }
  return left;
}

template <typename InHours, typename Accepts>
std::size_t RuleIndex::first(const Question& question, InHours in_hours, Accepts accepts) const {
  std::size_t best = rules_;
  if (question.too_many_) {
    for (std::size_t rule = 0; rule < rules_; ++rule)
      if (accepts(rule, false)) return rule;
    return rules_;
  }
  const Tuples tuples = tuples_for(question);
  for (std::size_t word = 0; word < tuples.size(); ++word) {
    for (std::uint64_t left = tuples[word]; left != 0; left &= left - 1) {
      const std::size_t tuple = word * 64 + static_cast<std::size_t>(std::countr_zero(left));
      if (tuples_[tuple].first_rule >= best) return best;  // so is that of every later one
      best = first_in_tuple(question, tuple, best, in_hours, accepts);
    }
  }
  return best;
}

/// Tries every combination of the flow's values, the last dimension turning fastest.
template <typename InHours, typename Accepts>
std::size_t RuleIndex::first_in_tuple(const Question& question, std::size_t number, std::size_t best,
                                      InHours& in_hours, Accepts& accepts) const {
  const Tuple& tuple = tuples_[number];
  const std::size_t used = tuple.dimensions_used;
  std::array<std::uint8_t, kTupleDimensionsMax> next;
  Walk walk;
  walk.hashes[0] = start_of(number);
  std::size_t depth = 0;
  next[0] = 0;
  while (true) {
    if (depth == used) {
      best = first_in_bucket(question, walk, used, best, in_hours, accepts);
    } else {
      const std::size_t dimension = tuple.dimensions[depth];
      const auto& values = question.values_[dimension];
      std::size_t i = next[depth];
      while (i < question.counts_[dimension] && !has(tuple_sets_[values.tuples[i]], number)) ++i;
      if (i < question.counts_[dimension]) {
        next[depth] = static_cast<std::uint8_t>(i + 1);
        walk.numbers[depth] = values.numbers[i];
        walk.hashes[depth + 1] = hash_with(walk.hashes[depth], values.numbers[i]);
        ++depth;
        if (depth < used) next[depth] = 0;
        continue;
      }
    }
    if (depth == 0) return best;
    --depth;
  }
}

template <typename InHours, typename Accepts>
std::size_t RuleIndex::first_in_bucket(const Question& question, const Walk& walk, std::size_t used,
                                       std::size_t best, InHours& in_hours, Accepts& accepts) const {
  const Bucket& bucket = find_bucket(walk.hashes[used]);
  if (bucket.entries == 0) return best;
  for (std::size_t i = 0; i < used; ++i)
    if (bucket.numbers[i] != walk.numbers[i]) return best;
  for (std::uint32_t i = 0; i < bucket.entries; ++i) {
    const Entry& entry = i == 0 ? bucket.first : entries_[bucket.others + i - 1];
    if (entry.rule >= best) return best;
    const bool in_range = question.port_ >= entry.port_low && question.port_ <= entry.port_high;
    if (question.exact_ && !in_range) continue;
    if (entry.hours != 0 && !in_hours(hours_[entry.hours])) continue;
    if (accepts(entry.rule, entry.settled != 0 && question.exact_)) return entry.rule;
  }
  return best;
}

}  // namespace weir::policy
