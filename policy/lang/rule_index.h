// SPDX-License-Identifier: Apache-2.0
// The rules of one section by what they ask for, so that the first one that matches a flow is found among ten
// thousand in the time that it takes to look at one.
//
// Rules that ask for the same things (who and port; category and country) and hold at the same hours stand
// together in a block of bits, in their order. For each value of each dimension there is a bit vector of the
// rules that take it; a block whose rules do not ask for the dimension takes every value. The conjunction
// over the dimensions is the set of candidates. Each vector has one bit a word that says whether the word is
// empty (aggregated bit vectors: Baboescu and Varghese, "Scalable Packet Classification", SIGCOMM 2001), and
// of the words only those that are not empty are kept.
//
// The index knows the keys that are worth it. It may name a candidate that does not match, never leave out
// one that does: whatever a rule asks for beyond them is the caller's to look at, and a key that the index
// does not know needs nothing here.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "policy/lang/intervals.h"
#include "policy/model/ip_address.h"

namespace weir::policy {

struct Rule;

enum class Dimension : std::uint8_t {
  kWho,  // group's number, or how many there are
  kProtocol,
  kPort,
  kDestination,
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
/// "CA".
[[nodiscard]] std::uint64_t number_of_country(std::string_view code) noexcept;

class RuleIndex {
 public:
  /// Blocks of one index. Where there would be more, rules with hours of their own share blocks, and their
  /// hours are looked at one by one.
  static constexpr std::size_t kBlocksMax = 1'024;
  /// Values that one flow may have in a dimension; with more of them the dimension narrows nothing.
  static constexpr std::size_t kValuesMax = 16;

  /// What one flow has in each dimension.
  class Question {
   public:
    void take_any(Dimension dimension) { counts_[at(dimension)] = kAny; }

   private:
    friend class RuleIndex;
    static constexpr std::uint8_t kAny = 0xff;
    static constexpr std::size_t at(Dimension dimension) { return static_cast<std::size_t>(dimension); }
    void add(Dimension dimension, std::uint32_t vector) {
      std::uint8_t& count = counts_[at(dimension)];
      if (vector == 0 || count == kAny) return;
      if (count == kValuesMax) {
        count = kAny;
      } else {
        vectors_[at(dimension)][count++] = vector;
      }
    }
    std::array<std::uint8_t, kDimensions> counts_{};
    std::array<std::array<std::uint32_t, kValuesMax>, kDimensions> vectors_;
  };

  RuleIndex() = default;
  /// `groups`: how many the policy has.
  RuleIndex(const std::vector<Rule>& rules, std::size_t groups);

  /// Some rule asks for this.
  [[nodiscard]] bool asks(Dimension dimension) const { return asked_[static_cast<std::size_t>(dimension)]; }
  /// The flow has this value, of any dimension but ports and destinations.
  void look_up(Dimension dimension, std::uint64_t value, Question& question) const noexcept {
    question.add(dimension, find(key_of(dimension, value)));
  }
  [[nodiscard]] bool knows(Dimension dimension, std::uint64_t value) const noexcept {
    return find(key_of(dimension, value)) != 0;
  }
  void look_up_port(std::uint16_t port, Question& question) const noexcept {
    question.add(Dimension::kPort, port_vectors_[ports_.find(port)]);
  }
  void look_up_destination(const IpAddress& address, Question& question) const noexcept {
    question.add(Dimension::kDestination, address_vectors_[addresses_.find(address)]);
  }

  /// The number of the first rule that is a candidate and that `accepts(number, settled)` says matches, or
  /// size(). `settled`: the question has decided all that the rule asks for. `in_hours(number)`: what this
  /// rule says of `when` holds.
  template <typename InHours, typename Accepts>
  [[nodiscard]] std::size_t first(const Question& question, InHours in_hours, Accepts accepts) const;

  [[nodiscard]] std::size_t size() const { return rules_; }
  /// Of memory.
  [[nodiscard]] std::size_t bytes() const;

 private:
  class Build;

  /// One bit says that a word is kept, `before` how many are kept before those of this entry.
  struct Summary {
    std::uint64_t bits = 0;
    std::uint64_t before = 0;
  };
  struct Block {
    std::uint32_t first_rule = 0;
    std::uint32_t words_end = 0;
    bool hours = false;    // those of its first rule are those of all
    bool settled = false;  // the dimensions and the hours are all that its rules ask for
    std::uint8_t dimensions_used = 0;
    std::array<std::uint8_t, kDimensions> dimensions{};
  };
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t vector = 0;  // 0: free
  };

  static std::uint64_t key_of(Dimension dimension, std::uint64_t value) {
    // Values are below 2^56; the dimension tells equal ones apart.
    return (value << 8U | (static_cast<std::uint64_t>(dimension) + 1U)) * 0x9e37'79b9'7f4a'7c15U;
  }
  [[nodiscard]] std::uint32_t find(std::uint64_t key) const noexcept {
    if (slots_.empty()) return 0;
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = key >> 40U & mask;; at = (at + 1) & mask) {  // ends: half of the slots are free
      if (slots_[at].vector == 0 || slots_[at].key == key) return slots_[at].vector;
    }
  }
  [[nodiscard]] std::uint64_t candidates_of(const Question& question, std::size_t summary) const noexcept;
  [[nodiscard]] std::uint64_t word_of(const Question& question, const Block& block,
                                      std::size_t word) const noexcept;

  std::size_t rules_ = 0;
  std::size_t summaries_ = 0;     // entries of a vector's summary, and of each dimension's free words
  std::uint64_t last_words_ = 0;  // of the last summary: the words that there are
  std::array<bool, kDimensions> asked_{};
  std::vector<std::uint8_t> dimensions_;      // asked for by some rule
  std::vector<std::uint64_t> free_words_;     // of each of them: words of the blocks that do not ask for it
  std::vector<Block> blocks_;                 // by their first rule
  std::vector<std::uint16_t> block_of_;       // of each word
  std::vector<std::uint64_t> used_;           // of each word: the bits that are rules
  std::vector<std::uint32_t> rule_of_;        // of each bit
  std::vector<Summary> heads_;                // of all vectors
  std::vector<std::uint64_t> words_;          // of all vectors
  std::vector<std::uint32_t> first_word_of_;  // in words_, of each vector
  std::vector<Slot> slots_;                   // a power of two, at most half full
  Intervals<std::uint32_t> ports_;
  std::vector<std::uint32_t> port_vectors_;
  AddressIntervals addresses_;
  std::vector<std::uint32_t> address_vectors_;
};

inline std::uint64_t RuleIndex::candidates_of(const Question& question, std::size_t summary) const noexcept {
  std::uint64_t words = summary + 1 < summaries_ ? ~std::uint64_t{0} : last_words_;
  const std::uint64_t* free_words = free_words_.data() + summary;
  for (const std::uint8_t dimension : dimensions_) {
    const std::uint8_t count = question.counts_[dimension];
    std::uint64_t taken = *free_words;
    free_words += summaries_;
    if (count == Question::kAny) continue;
    for (std::size_t i = 0; i < count; ++i)
      taken |= heads_[question.vectors_[dimension][i] * summaries_ + summary].bits;
    words &= taken;
  }
  return words;
}

inline std::uint64_t RuleIndex::word_of(const Question& question, const Block& block,
                                        std::size_t word) const noexcept {
  std::uint64_t bits = used_[word];
  const std::size_t summary = word / 64;
  const std::uint64_t bit = std::uint64_t{1} << word % 64;
  for (std::size_t d = 0; d < block.dimensions_used && bits != 0; ++d) {
    const std::uint8_t dimension = block.dimensions[d];
    const std::uint8_t count = question.counts_[dimension];
    if (count == Question::kAny) continue;
    std::uint64_t taken = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t vector = question.vectors_[dimension][i];
      const Summary& head = heads_[vector * summaries_ + summary];
      if ((head.bits & bit) == 0) continue;
      const auto rank = static_cast<std::size_t>(std::popcount(head.bits & (bit - 1)));
      taken |= words_[first_word_of_[vector] + head.before + rank];
    }
    bits &= taken;
  }
  return bits;
}

template <typename InHours, typename Accepts>
std::size_t RuleIndex::first(const Question& question, InHours in_hours, Accepts accepts) const {
  std::size_t best = rules_;
  std::size_t from = 0;  // words before are done
  for (std::size_t summary = 0; summary < summaries_; summary = std::max(summary + 1, from / 64)) {
    std::uint64_t words = candidates_of(question, summary);
    while (true) {
      if (from > summary * 64) words &= from / 64 > summary ? 0 : ~std::uint64_t{0} << from % 64;
      if (words == 0) break;
      const std::size_t word = summary * 64 + static_cast<std::size_t>(std::countr_zero(words));
      from = word + 1;
      const Block& block = blocks_[block_of_[word]];
      if (block.first_rule >= best) return best;  // so is that of every later block
      if (rule_of_[word * 64] >= best || (block.hours && !in_hours(block.first_rule))) {
        from = block.words_end;
        continue;
      }
      for (std::uint64_t bits = word_of(question, block, word); bits != 0; bits &= bits - 1) {
        const std::size_t rule = rule_of_[word * 64 + static_cast<std::size_t>(std::countr_zero(bits))];
        if (rule >= best) break;
        if (!accepts(rule, block.settled)) continue;
        best = rule;
        from = block.words_end;
        break;
      }
    }
  }
  return best;
}

}  // namespace weir::policy
