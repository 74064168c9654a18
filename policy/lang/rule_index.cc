// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/rule_index.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "policy/lang/policy.h"

namespace weir::policy {

static_assert(kRulesMax <= RuleIndex::kIndexedRulesMax);

std::uint64_t hash_of_word(std::string_view word) noexcept {
  std::uint64_t state = 0xcbf2'9ce4'8422'2325U;  // FNV-1a
  for (const char c : word) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    state = (state ^ static_cast<unsigned char>(lower)) * 0x0000'0100'0000'01b3U;
  }
  return state | std::uint64_t{1} << 63U;
}

/// Turns rules into keys, puts those that ask for the same beside each other, and fills the index.
class RuleIndex::Build {
 public:
  Build(RuleIndex& index, const std::vector<Rule>& rules, std::size_t groups, std::size_t blocks_max)
      : index_(index), rules_(rules), groups_(groups), blocks_max_(blocks_max) {}

  void run() {
    index_.rules_ = rules_.size();
    for (std::vector<Keys>& of_dimension : keys_) of_dimension.resize(rules_.size());
    for (std::size_t rule = 0; rule < rules_.size(); ++rule) take(rule, rules_[rule]);
    order_dimensions();
    order_rules();
    make_port_classes();
    for (const std::uint8_t dimension : index_.dimensions_) count(dimension);
    std::erase_if(index_.dimensions_,
                  [&](std::uint8_t dimension) { return !index_.asks(static_cast<Dimension>(dimension)); });
    place_values();
    for (std::size_t place = 0; place < rules_.size(); ++place) fill(place);
  }

 private:
  using Keys = std::vector<std::uint64_t>;

  void add(std::size_t rule, Dimension dimension, std::uint64_t key) {
    keys_[static_cast<std::size_t>(dimension)][rule].push_back(key);
  }

  template <typename Values, typename KeyOf>
  void add_all(std::size_t rule, Dimension dimension, const Values& values, KeyOf key) {
    for (const auto& value : values) add(rule, dimension, key_of(dimension, key(value)));
  }

  void take(std::size_t number, const Rule& rule) {
    const Match& match = rule.match;
    const auto itself = [](std::uint64_t value) { return value; };
    const auto word = [](const std::string& text) { return hash_of_word(text); };
    const auto set = [](const NamedSet& one) { return std::uint64_t{index_of(one.set)}; };
    take_clients(number, rule.who);
    if (rule.section == Section::kEmail) {
      add_all(number, Dimension::kMailProtocol, match.mail_protocols, word);
      for (const auto& [dimension, addresses] : {std::pair{Dimension::kSender, &match.sender},
                                                 std::pair{Dimension::kRecipient, &match.recipient}}) {
        add_all(number, dimension, addresses->sets, set);
        add_all(number, dimension, addresses->addresses, word);
      }
      return;
    }
    add_all(number, Dimension::kProtocol, match.protocols, itself);
    add_all(number, Dimension::kPort, match.ports,
            [](const PortRange& range) { return std::uint64_t{range.low} << 16U | range.high; });
    for (const Subnet& subnet : match.destinations) {
      index_.prefixes_.add(subnet);
      add(number, Dimension::kDestination, key_of(Prefix::of(subnet)));
    }
    add_all(number, Dimension::kAsn, match.asns, itself);
    add_all(number, Dimension::kCountry, match.countries, word);
    add_all(number, Dimension::kApp, match.apps, [](const AppMatch& app) { return hash_of_word(app.name); });
    add_all(number, Dimension::kDomain, match.domains, set);
    add_all(number, Dimension::kCategory, match.categories, set);
  }

  void take_clients(std::size_t rule, const Condition& who) {
    if (who.always) return;
    for (std::size_t group = 0; group <= groups_; ++group) {
      const bool named = std::find(who.any_of.begin(), who.any_of.end(), group) != who.any_of.end();
      if (named != who.negated) add(rule, Dimension::kWho, key_of(Dimension::kWho, group));
    }
  }

  /// Ports that no rule tells apart are one value.
  void make_port_classes() {
    const auto& all = index_.dimensions_;
    if (std::find(all.begin(), all.end(), static_cast<std::uint8_t>(Dimension::kPort)) == all.end()) return;
    std::vector<bool> begins(kPorts + 1);
    for (const Rule& rule : rules_) {
      for (const PortRange& range : rule.match.ports) begins[range.low] = begins[range.high + 1U] = true;
    }
    std::uint16_t number = 0;
    for (std::size_t port = 0; port < kPorts; ++port) {
      if (port > 0 && begins[port]) ++number;
      index_.class_of_port_.push_back(number);
    }
    index_.port_classes_.resize(number + std::size_t{1});
  }

  template <typename Visit>
  void for_port_classes(std::size_t rule, Visit visit) {
    for (const PortRange& range : rules_[rule].match.ports) {
      const std::size_t last = index_.class_of_port_[range.high];
      for (std::size_t at = index_.class_of_port_[range.low]; at <= last; ++at)
        visit(index_.port_classes_[at]);
    }
  }

  void order_dimensions() {
    std::array<std::size_t, kDimensions> values{};
    for (std::size_t dimension = 0; dimension < kDimensions; ++dimension) {
      std::unordered_set<std::uint64_t> distinct;
      for (const Keys& keys : keys_[dimension]) distinct.insert(keys.begin(), keys.end());
      values[dimension] = distinct.size();
      if (!distinct.empty()) index_.dimensions_.push_back(static_cast<std::uint8_t>(dimension));
    }
    std::stable_sort(index_.dimensions_.begin(), index_.dimensions_.end(),
                     [&](std::uint8_t one, std::uint8_t other) { return values[one] > values[other]; });
  }

  void order_rules() {
    const auto asks_for = [&](std::uint16_t rule) {
      std::vector<std::uint64_t> all{0};
      for (const std::uint8_t dimension : index_.dimensions_) {
        const Keys& keys = keys_[dimension][rule];
        all[0] = all[0] << 1U | (keys.empty() ? 0U : 1U);
        all.push_back(keys.empty() ? 0 : keys[0]);
      }
      return all;
    };
    std::vector<std::pair<std::vector<std::uint64_t>, std::uint16_t>> rules;
    for (std::size_t rule = 0; rule < rules_.size(); ++rule)
      rules.emplace_back(asks_for(static_cast<std::uint16_t>(rule)), static_cast<std::uint16_t>(rule));
    std::sort(rules.begin(), rules.end());
    for (const auto& [asked, rule] : rules) index_.rule_at_.push_back(rule);
  }

  /// Which blocks hold each value; a dimension that would take too many of them is left out.
  void count(std::size_t dimension) {
    std::size_t taken = 0;
    const auto add_up = [&](std::uint64_t blocks) {
      taken += static_cast<std::size_t>(std::popcount(blocks));
    };
    std::unordered_map<std::uint64_t, std::uint64_t>& values = counted_[dimension];
    for (std::size_t place = 0; place < rules_.size(); ++place) {
      const std::uint64_t block = std::uint64_t{1} << place / kBlockRules;
      if (is(dimension, Dimension::kPort)) {
        for_port_classes(index_.rule_at_[place], [&](Value& value) { value.blocks |= block; });
      } else {
        for (const std::uint64_t key : keys_[dimension][index_.rule_at_[place]]) values[key] |= block;
      }
    }
    if (is(dimension, Dimension::kPort)) {
      for (const Value& value : index_.port_classes_) add_up(value.blocks);
    } else {
      for (const auto& [key, blocks] : values) add_up(blocks);
    }
    if (taken > blocks_max_ - blocks_) {
      if (is(dimension, Dimension::kPort)) index_.port_classes_.clear();
      values.clear();
      return;
    }
    blocks_ += taken;
    found_ += values.size();
    index_.asked_ = static_cast<DimensionSet>(index_.asked_ | 1U << dimension);
  }

  void place_values() {
    index_.values_.resize(std::bit_ceil(found_ * 2 + 1));
    index_.blocks_.resize(blocks_);
    for (const std::uint8_t dimension : index_.dimensions_) {
      for (const auto& [key, blocks] : counted_[dimension]) {
        Value& value = index_.values_[index_.place_of(key)];
        value.tag = tag_of(key);
        value.blocks |= blocks;
      }
    }
    std::uint32_t first = 0;
    for (std::vector<Value>* const values : {&index_.values_, &index_.port_classes_})
      for (Value& value : *values)
        value.first = std::exchange(first, first + static_cast<std::uint32_t>(std::popcount(value.blocks)));
    const std::size_t blocks = (rules_.size() + kBlockRules - 1) / kBlockRules;
    index_.all_.resize(blocks);
    index_.asked_in_.resize(blocks);
    for (const std::uint8_t dimension : index_.dimensions_) index_.indifferent_[dimension].resize(blocks);
  }

  void fill(std::size_t place) {
    const std::size_t block = place / kBlockRules;
    const std::size_t word = place % kBlockRules / 64;
    const std::uint64_t bit = std::uint64_t{1} << place % 64;
    index_.all_[block].bits[word] |= bit;
    for (const std::uint8_t dimension : index_.dimensions_) {
      const Keys& keys = keys_[dimension][index_.rule_at_[place]];
      if (keys.empty()) {
        index_.indifferent_[dimension][block].bits[word] |= bit;
        index_.indifferent_blocks_[dimension] |= std::uint64_t{1} << block;
        continue;
      }
      index_.asked_in_[block] = static_cast<DimensionSet>(index_.asked_in_[block] | 1U << dimension);
      const auto mark = [&](const Value& value) {
        index_.blocks_[value.first + before(value, block)].bits[word] |= bit;
      };
      if (is(dimension, Dimension::kPort)) {
        for_port_classes(index_.rule_at_[place], mark);
      } else {
        for (const std::uint64_t key : keys) mark(*index_.find(key));
      }
    }
  }

  static bool is(std::size_t dimension, Dimension one) { return dimension == static_cast<std::size_t>(one); }

  static constexpr std::size_t kPorts = 65'536;

  RuleIndex& index_;
  const std::vector<Rule>& rules_;
  std::size_t groups_;
  std::size_t blocks_max_;
  std::size_t blocks_ = 0;
  std::size_t found_ = 0;
  std::array<std::vector<Keys>, kDimensions> keys_;  // by rule; none: it does not ask
  std::array<std::unordered_map<std::uint64_t, std::uint64_t>, kDimensions> counted_;
};

RuleIndex::RuleIndex(const std::vector<Rule>& rules, std::size_t groups, std::size_t blocks_max) {
  if (!rules.empty()) Build{*this, rules, groups, blocks_max}.run();
}

std::size_t RuleIndex::bytes() const {
  return (values_.size() + port_classes_.size()) * sizeof(Value) +
         class_of_port_.size() * sizeof class_of_port_[0] + blocks_.size() * sizeof(Block) +
         rule_at_.size() * sizeof rule_at_[0] +
         all_.size() * ((dimensions_.size() + 1) * sizeof(Block) + sizeof asked_in_[0]);
}

RuleIndex::Candidates RuleIndex::candidates(const Question& question) const noexcept {
  Candidates found;
  std::uint64_t blocks = kEveryBlock >> (kBlocks - all_.size());
  for (const std::uint8_t dimension : dimensions_)
    blocks &= question.blocks_[dimension] | indifferent_blocks_[dimension];
  for (; blocks != 0; blocks &= blocks - 1) {
    const auto block = static_cast<std::size_t>(std::countr_zero(blocks));
    Block::Bits left = all_[block].bits;
    for (const std::uint8_t dimension : dimensions_) {
      if ((asked_in_[block] >> dimension & 1U) == 0 || question.blocks_[dimension] == kEveryBlock) continue;
      Block::Bits may = indifferent_[dimension][block].bits;
      for (std::size_t i = 0; i < question.counts_[dimension]; ++i) {
        const Value& value = *question.values_[dimension][i];
        if ((value.blocks >> block & 1U) != 0) may |= blocks_[value.first + before(value, block)].bits;
      }
      left &= may;
      if ((left[0] | left[1] | left[2] | left[3]) == 0) break;
    }
    for (std::size_t word = 0; word < kBlockWords; ++word) {
      for (std::uint64_t bits = left[word]; bits != 0; bits &= bits - 1)
        found.add(
            rule_at_[block * kBlockRules + word * 64 + static_cast<std::size_t>(std::countr_zero(bits))]);
    }
  }
  return found;
}

}  // namespace weir::policy
