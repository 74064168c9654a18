// SPDX-License-Identifier: Apache-2.0
// The rules of one section by what they ask for, so that among ten thousand only those are looked at that may
// match a flow.
//
// Aggregated bit vectors (Baboescu, Varghese, "Scalable Packet Classification", SIGCOMM 2001): for each value
// that rules ask for in a dimension, the set of those rules, as blocks of 256 bits of which only those that
// are not empty are kept, with one bit for each block on top. What matches is the intersection, over the
// dimensions, of the rules that do not ask with those that ask for a value that the flow has. Rules that ask
// for the same dimensions and values stand beside each other, so that few blocks are left to be intersected.
//
// It may name a rule that does not match, and never leaves out one that does: whoever asks looks at the rules
// that it names, in the order in which it names them, which is that of the section. So what a rule asks for
// beyond these dimensions needs nothing here.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/lang/prefix.h"

namespace weir::policy {

struct Rule;

enum class Dimension : std::uint8_t {
  kWho,       // number of the client's group, or how many there are
  kProtocol,  // IANA number
  kPort,
  kDestination,
  kAsn,
  kCountry,       // hash_of_word
  kApp,           // hash_of_word
  kDomain,        // number of a set
  kCategory,      // number of a set
  kMailProtocol,  // hash_of_word
  kSender,        // number of a set, or hash_of_word of the address
  kRecipient,     // as kSender
};
inline constexpr std::size_t kDimensions = 12;

/// Kept for the values of one section: 32 bytes each, and as much again to find them. A dimension that finds
/// no place is not looked at.
inline constexpr std::size_t kIndexBlocksMax = 400'000;

/// The same for words that differ in the case of letters only; above all numbers of sets.
[[nodiscard]] std::uint64_t hash_of_word(std::string_view word) noexcept;

class RuleIndex {
  static constexpr std::size_t kBlockWords = 4;
  static constexpr std::size_t kBlockRules = kBlockWords * 64;
  static constexpr std::size_t kBlocks = 64;  // one bit each in a word
  static constexpr std::uint64_t kEveryBlock = ~std::uint64_t{0};
  struct Block {
    using Bits [[gnu::vector_size(kBlockRules / 8)]] = std::uint64_t;
    Bits bits{};
  };
  /// A value of a dimension, and the rules that ask for it.
  struct Value {
    std::uint32_t tag = 0;     // 0: the place is free
    std::uint32_t first = 0;   // of its blocks, in blocks_
    std::uint64_t blocks = 0;  // that are not empty
  };

 public:
  static constexpr std::size_t kIndexedRulesMax = kBlocks * kBlockRules;
  /// Of one dimension of a flow. Of a flow that has more, the dimension is not looked at.
  static constexpr std::size_t kValuesOfFlowMax = 24;

  /// What one flow has in each dimension.
  class Question {
   public:
    explicit Question(const RuleIndex& index) : index_(index) {}
    [[nodiscard]] bool asks(Dimension dimension) const { return index_.asks(dimension); }
    void add(Dimension dimension, std::uint64_t value) {
      take(dimension, index_.find(key_of(dimension, value)));
    }
    void add_destination(const IpAddress& address) {
      for (const std::uint8_t bits : index_.prefixes_.of(address))
        take(Dimension::kDestination, index_.find(key_of(Prefix::of(address, bits))));
    }
    void add_port(std::uint16_t port) {
      take(Dimension::kPort, &index_.port_classes_[index_.class_of_port_[port]]);
    }

   private:
    friend class RuleIndex;
    void take(Dimension dimension, const Value* value) {
      if (value == nullptr) return;
      const auto at = static_cast<std::size_t>(dimension);
      if (counts_[at] == kValuesOfFlowMax) {
        blocks_[at] = kEveryBlock;
        return;
      }
      blocks_[at] |= value->blocks;
      values_[at][counts_[at]++] = value;
    }

    const RuleIndex& index_;
    std::array<std::uint64_t, kDimensions> blocks_{};  // of the values
    std::array<std::uint8_t, kDimensions> counts_{};
    std::array<std::array<const Value*, kValuesOfFlowMax>, kDimensions> values_;
  };

  /// Numbers of rules, in rising order.
  class Candidates {
   public:
    void add(std::size_t rule) {
      const std::size_t word = rule / 64;
      const std::uint64_t of_top = std::uint64_t{1} << word % 64;
      if ((top_[word / 64] & of_top) == 0) words_[word] = 0;
      top_[word / 64] |= of_top;
      words_[word] |= std::uint64_t{1} << rule % 64;
    }
    /// Of one of them `holds(rule)` is true; those behind it are not asked.
    template <typename Holds>
    [[nodiscard]] bool any(Holds&& holds) const {
      for (std::size_t i = 0; i < top_.size(); ++i) {
        for (std::uint64_t top = top_[i]; top != 0; top &= top - 1) {
          const std::size_t word = i * 64 + static_cast<std::size_t>(std::countr_zero(top));
          for (std::uint64_t left = words_[word]; left != 0; left &= left - 1)
            if (holds(word * 64 + static_cast<std::size_t>(std::countr_zero(left)))) return true;
        }
      }
      return false;
    }

   private:
    std::array<std::uint64_t, kIndexedRulesMax / 64 / 64> top_{};
    std::array<std::uint64_t, kIndexedRulesMax / 64> words_;  // those of which top_ has the bit
  };

  /// Knows of no rule: whoever asks has to look at all of them.
  RuleIndex() = default;
  /// `rules`: at most kIndexedRulesMax, of one section. `groups`: how many there are.
  RuleIndex(const std::vector<Rule>& rules, std::size_t groups, std::size_t blocks_max = kIndexBlocksMax);

  [[nodiscard]] bool built() const { return rules_ > 0; }
  /// Some rule asks for this, and it is looked at.
  [[nodiscard]] bool asks(Dimension dimension) const {
    return (asked_ >> static_cast<unsigned>(dimension) & 1U) != 0;
  }
  [[nodiscard]] Candidates candidates(const Question& question) const noexcept;
  /// Of memory.
  [[nodiscard]] std::size_t bytes() const;

 private:
  class Build;
  using DimensionSet = std::uint16_t;  // a bit each

  static std::uint64_t key_of(Dimension dimension, std::uint64_t value) {
    const std::uint64_t mixed =
        (value ^ (static_cast<std::uint64_t>(dimension) + 1) << 56U) * 0x9e37'79b9'7f4a'7c15U;
    return mixed ^ mixed >> 32U;
  }
  static std::uint64_t key_of(const Prefix& prefix) { return key_of(Dimension::kDestination, prefix.hash()); }
  /// Two values of one tag are one more candidate, no harm.
  static std::uint32_t tag_of(std::uint64_t key) { return static_cast<std::uint32_t>(key >> 32U) | 1U; }
  /// Where the value is, or would be.
  [[nodiscard]] std::size_t place_of(std::uint64_t key) const noexcept {
    const Value* const values = values_.data();
    const std::size_t mask = values_.size() - 1;
    std::size_t at = key & mask;
    while (values[at].tag != tag_of(key) && values[at].tag != 0) at = (at + 1) & mask;  // ends: half are free
    return at;
  }
  [[nodiscard]] const Value* find(std::uint64_t key) const noexcept {
    const Value& value = values_.data()[place_of(key)];
    return value.tag == 0 ? nullptr : &value;
  }
  [[nodiscard]] static std::size_t before(const Value& value, std::size_t block) {
    return static_cast<std::size_t>(std::popcount(value.blocks & ((std::uint64_t{1} << block) - 1)));
  }

  std::size_t rules_ = 0;
  DimensionSet asked_ = 0;
  std::vector<std::uint8_t> dimensions_;                     // that are looked at, those of most values first
  std::vector<std::uint16_t> rule_at_;                       // rule of each place; a place is a bit
  std::vector<Block> all_;                                   // by block: the places that are taken
  std::vector<DimensionSet> asked_in_;                       // by block: what some rule of it asks for
  std::array<std::vector<Block>, kDimensions> indifferent_;  // by block: the rules that do not ask
  std::array<std::uint64_t, kDimensions> indifferent_blocks_{};
  std::vector<Value> values_;  // a power of two, at most half full
  std::vector<Block> blocks_;
  PrefixLengths prefixes_;                    // of destinations
  std::vector<std::uint16_t> class_of_port_;  // in port_classes_; none where no rule asks for a port
  std::vector<Value> port_classes_;           // of ports that the same rules ask for
};

}  // namespace weir::policy
