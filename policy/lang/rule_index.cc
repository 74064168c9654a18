// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/rule_index.h"

#include <algorithm>
#include <bitset>
#include <cstring>
#include <map>
#include <tuple>

#include "policy/lang/policy.h"

namespace weir::policy {
namespace {

using Dimensions = std::bitset<kDimensions>;

Dimensions dimensions_of(const Rule& rule) {
  const Match& match = rule.match;
  Dimensions asked;
  const auto ask = [&](Dimension dimension, bool written) {
    asked.set(static_cast<std::size_t>(dimension), written);
  };
  ask(Dimension::kWho, !rule.who.always);
  ask(Dimension::kProtocol, !match.protocols.empty());
  ask(Dimension::kPort, !match.ports.empty());
  ask(Dimension::kDestination, !match.destinations.empty());
  ask(Dimension::kAsn, !match.asns.empty());
  ask(Dimension::kCountry, !match.countries.empty());
  ask(Dimension::kApp, !match.apps.empty());
  ask(Dimension::kDomain, !match.domains.empty());
  ask(Dimension::kCategory, !match.categories.empty());
  ask(Dimension::kMailProtocol, !match.mail_protocols.empty());
  ask(Dimension::kSender, !match.sender.empty());
  ask(Dimension::kRecipient, !match.recipient.empty());
  return asked;
}

/// A rule asks for nothing but what the index decides exactly, and names nothing that its hit would be about.
/// A key that this does not know, or an action that may look at more, makes it false.
bool is_settled(const Rule& rule) {
  const bool plain =
      rule.then == Action::kAllow || rule.then == Action::kReport || rule.then == Action::kBlock;
  if (!plain || rule.section == Section::kEmail) return false;
  Match rest = rule.match;
  rest.protocols.clear();
  rest.ports.clear();
  rest.destinations.clear();
  rest.asns.clear();
  rest.countries.clear();
  return rest == Match{};
}

bool takes_group(const Condition& who, std::size_t group) {
  const bool named =
      std::any_of(who.any_of.begin(), who.any_of.end(), [&](std::uint16_t one) { return one == group; });
  return named != who.negated;
}

}  // namespace

std::uint64_t hash_of_word(std::string_view word) noexcept {
  constexpr std::uint64_t kLowerCase = 0x2020'2020'2020'2020U;  // and more that differ in this bit: harmless
  std::uint64_t hash = word.size();
  while (true) {
    std::uint64_t piece = 0;
    const std::size_t bytes = std::min<std::size_t>(word.size(), 8);
    std::memcpy(&piece, word.data(), bytes);
    hash = (hash ^ (piece | kLowerCase)) * 0x9e37'79b9'7f4a'7c15U;
    hash ^= hash >> 32U;
    if (word.size() <= 8) return hash >> 8U;
    word.remove_prefix(8);
  }
}

std::uint64_t number_of_country(std::string_view code) noexcept {
  std::uint64_t number = 0;
  for (const char letter : code.substr(0, 2)) number = number << 8U | static_cast<unsigned char>(letter);
  return number;
}

class RuleIndex::Build {
 public:
  Build(RuleIndex& index, const std::vector<Rule>& rules) : index_(index), rules_(rules) {}

  void run(std::size_t groups) {
    index_.rules_ = rules_.size();
    index_.heads_.resize(1);  // of the vector 0, which stands for none
    index_.first_word_of_.push_back(0);
    if (!rules_.empty()) {
      lay_out(blocks());
      index_.heads_.resize(index_.summaries_);
      free_words();
      groups_of_clients(groups);
      values();
    }
    ports();
    destinations();
    slots();
  }

  // As the cover of intervals: bits are added and removed as ranges begin and end.
  void add(std::uint32_t bit) {
    if (covers_[bit]++ == 0) set(bit);
  }
  void remove(std::uint32_t bit) {
    if (--covers_[bit] == 0) dense_[bit / 64] &= ~(std::uint64_t{1} << bit % 64);
  }
  void next() { into_->push_back(pack()); }
  void clear() {
    std::fill(dense_.begin(), dense_.end(), 0);
    std::fill(covers_.begin(), covers_.end(), 0);
  }

 private:
  struct Members {
    Dimensions dimensions;
    bool hours = false;
    bool settled = false;
    std::vector<std::uint32_t> rules;  // rising
  };

  [[nodiscard]] std::vector<Members> blocks() const {
    using Kind = std::tuple<unsigned long, bool, bool, bool, std::vector<std::uint16_t>>;  // ..., when
    std::map<Kind, std::size_t> numbers;
    std::vector<Members> blocks;  // by their first rule, as they are met
    for (std::uint32_t i = 0; i < rules_.size(); ++i) {
      const Rule& rule = rules_[i];
      const Dimensions dimensions = dimensions_of(rule);
      const bool settled = is_settled(rule);
      Kind kind{dimensions.to_ulong(), settled, rule.when.always, rule.when.negated, rule.when.any_of};
      bool hours = !rule.when.always;
      if (hours && blocks.size() >= kBlocksMax && !numbers.contains(kind)) {
        kind = {dimensions.to_ulong(), false, true, false, {}};  // with those that always hold
        hours = false;
      }
      const auto [at, added] = numbers.try_emplace(std::move(kind), blocks.size());
      if (added) blocks.push_back({dimensions, hours, settled && hours == !rule.when.always, {}});
      blocks[at->second].rules.push_back(i);
    }
    return blocks;
  }

  /// Gives each rule its bit.
  void lay_out(const std::vector<Members>& blocks) {
    bit_of_.resize(rules_.size());
    for (const Members& members : blocks) {
      Block block{.first_rule = members.rules.front(), .hours = members.hours, .settled = members.settled};
      for (std::size_t d = 0; d < kDimensions; ++d) {
        if (!members.dimensions.test(d)) continue;
        block.dimensions[block.dimensions_used++] = static_cast<std::uint8_t>(d);
        index_.asked_[d] = true;
      }
      for (std::size_t i = 0; i < members.rules.size(); ++i) {
        if (i % 64 == 0) {
          index_.used_.push_back(0);
          index_.block_of_.push_back(static_cast<std::uint16_t>(index_.blocks_.size()));
          index_.rule_of_.resize(index_.used_.size() * 64);
        }
        const std::size_t bit = (index_.used_.size() - 1) * 64 + i % 64;
        bit_of_[members.rules[i]] = static_cast<std::uint32_t>(bit);
        index_.used_.back() |= std::uint64_t{1} << i % 64;
        index_.rule_of_[bit] = members.rules[i];
      }
      block.words_end = static_cast<std::uint32_t>(index_.used_.size());
      index_.blocks_.push_back(block);
    }
    index_.summaries_ = (index_.used_.size() + 63) / 64;
    index_.last_words_ = ~std::uint64_t{0} >> (index_.summaries_ * 64 - index_.used_.size());
    dense_.resize(index_.used_.size());
    covers_.resize(index_.used_.size() * 64);
  }

  void free_words() {
    const std::size_t words = index_.used_.size();
    for (std::size_t d = 0; d < kDimensions; ++d) {
      if (index_.asked_[d]) index_.dimensions_.push_back(static_cast<std::uint8_t>(d));
    }
    for (const std::uint8_t dimension : index_.dimensions_) {
      std::vector<std::uint64_t> free(index_.summaries_);
      for (std::size_t word = 0; word < words; ++word) {
        const Block& block = index_.blocks_[index_.block_of_[word]];
        const auto* const end = block.dimensions.data() + block.dimensions_used;
        if (std::find(block.dimensions.data(), end, dimension) == end)
          free[word / 64] |= std::uint64_t{1} << word % 64;
      }
      index_.free_words_.insert(index_.free_words_.end(), free.begin(), free.end());
    }
  }

  void groups_of_clients(std::size_t groups) {
    if (!index_.asks(Dimension::kWho)) return;
    for (std::size_t group = 0; group <= groups; ++group) {
      clear();
      for (std::size_t i = 0; i < rules_.size(); ++i) {
        if (!rules_[i].who.always && takes_group(rules_[i].who, group)) set(bit_of_[i]);
      }
      if (const std::uint32_t vector = pack()) found_.push_back({key_of(Dimension::kWho, group), vector});
    }
    clear();
  }

  /// The dimensions of single values.
  void values() {
    struct Value {
      std::uint64_t key;
      std::uint32_t bit;
    };
    std::vector<Value> all;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const auto takes = [&](Dimension dimension, std::uint64_t value) {
        all.push_back({key_of(dimension, value), bit_of_[i]});
      };
      each_value(rules_[i].match, takes);
    }
    std::sort(all.begin(), all.end(), [](const Value& a, const Value& b) { return a.key < b.key; });
    for (auto at = all.begin(); at != all.end();) {
      const auto end = std::find_if(at, all.end(), [&](const Value& value) { return value.key != at->key; });
      for (auto one = at; one != end; ++one) set(one->bit);
      found_.push_back({at->key, pack()});
      for (auto one = at; one != end; ++one) dense_[one->bit / 64] = 0;
      at = end;
    }
  }

  template <typename Takes>
  static void each_value(const Match& match, Takes takes) {
    const auto sets = [&](Dimension dimension, const std::vector<NamedSet>& named) {
      for (const NamedSet& set : named) takes(dimension, index_of(set.set));
    };
    const auto words = [&](Dimension dimension, const std::vector<std::string>& texts) {
      for (const std::string& text : texts) takes(dimension, hash_of_word(text));
    };
    for (const std::uint8_t protocol : match.protocols) takes(Dimension::kProtocol, protocol);
    for (const std::uint32_t asn : match.asns) takes(Dimension::kAsn, asn);
    for (const std::string& code : match.countries) takes(Dimension::kCountry, number_of_country(code));
    for (const AppMatch& app : match.apps) takes(Dimension::kApp, hash_of_word(app.name));
    sets(Dimension::kDomain, match.domains);
    sets(Dimension::kCategory, match.categories);
    words(Dimension::kMailProtocol, match.mail_protocols);
    sets(Dimension::kSender, match.sender.sets);
    words(Dimension::kSender, match.sender.addresses);
    sets(Dimension::kRecipient, match.recipient.sets);
    words(Dimension::kRecipient, match.recipient.addresses);
  }

  void ports() {
    std::vector<Range<std::uint32_t>> ranges;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      for (const PortRange& range : rules_[i].match.ports)
        ranges.push_back({range.low, range.high, bit_of_[i]});
    }
    into_ = &index_.port_vectors_;
    index_.ports_ = Intervals<std::uint32_t>::cut(ranges, *this);
    clear();
  }

  void destinations() {
    AddressIntervals::Subnets subnets;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      for (const Subnet& subnet : rules_[i].match.destinations) subnets.add(subnet, bit_of_[i]);
    }
    into_ = &index_.address_vectors_;
    index_.addresses_ = AddressIntervals::cut(subnets, *this);
    clear();
  }

  void slots() {
    if (found_.empty()) return;
    index_.slots_.resize(std::bit_ceil(found_.size() * 2));
    const std::size_t mask = index_.slots_.size() - 1;
    for (const Slot& one : found_) {
      std::size_t at = one.key >> 40U & mask;
      while (index_.slots_[at].vector != 0) at = (at + 1) & mask;
      index_.slots_[at] = one;
    }
  }

  void set(std::uint32_t bit) { dense_[bit / 64] |= std::uint64_t{1} << bit % 64; }

  /// The dense bits as a vector of the index; 0 where there are none.
  std::uint32_t pack() {
    if (std::all_of(dense_.begin(), dense_.end(), [](std::uint64_t word) { return word == 0; })) return 0;
    const auto vector = static_cast<std::uint32_t>(index_.first_word_of_.size());
    index_.first_word_of_.push_back(static_cast<std::uint32_t>(index_.words_.size()));
    std::uint64_t kept = 0;
    for (std::size_t summary = 0; summary < index_.summaries_; ++summary) {
      Summary head{0, kept};
      for (std::size_t word = summary * 64; word < std::min(dense_.size(), summary * 64 + 64); ++word) {
        if (dense_[word] == 0) continue;
        head.bits |= std::uint64_t{1} << word % 64;
        index_.words_.push_back(dense_[word]);
        ++kept;
      }
      index_.heads_.push_back(head);
    }
    return vector;
  }

  RuleIndex& index_;
  const std::vector<Rule>& rules_;
  std::vector<std::uint32_t> bit_of_;  // of each rule
  std::vector<std::uint64_t> dense_;   // the vector being made
  std::vector<std::uint32_t> covers_;  // of each bit: ranges that hold
  std::vector<std::uint32_t>* into_ = nullptr;
  std::vector<Slot> found_;
};

RuleIndex::RuleIndex(const std::vector<Rule>& rules, std::size_t groups) { Build(*this, rules).run(groups); }

std::size_t RuleIndex::bytes() const {
  const auto of = [](const auto& values) { return values.capacity() * sizeof(values[0]); };
  return of(free_words_) + of(blocks_) + of(block_of_) + of(used_) + of(rule_of_) + of(heads_) + of(words_) +
         of(first_word_of_) + of(slots_) + of(port_vectors_) + of(address_vectors_) +
         (port_vectors_.size() + address_vectors_.size()) * sizeof(std::uint32_t);
}

}  // namespace weir::policy
