// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/rule_index.h"

#include <algorithm>
#include <bitset>
#include <cstring>
#include <map>
#include <numeric>

#include "policy/lang/policy.h"
#include "policy/lang/wide.h"

namespace weir::policy {
namespace {

constexpr std::size_t kRangesMax = 16;  // of ports, of a rule whose ranges the index checks

/// A subnet's prefix as a value: one to one for IPv4, a hash for the others.
std::uint64_t value_of_prefix(const Wide& base, unsigned bits, bool v4) {
  constexpr std::uint64_t kV4 = std::uint64_t{1} << 50U;
  if (v4) return kV4 | std::uint64_t{bits - 96U} << 32U | (base.low & 0xffff'ffff);
  std::uint64_t hash = (base.high ^ bits) * 0x9e37'79b9'7f4a'7c15U;
  hash = (hash ^ hash >> 32U ^ base.low) * 0x9e37'79b9'7f4a'7c15U;
  return (hash >> 8U) & ~kV4;
}

bool is_v4(const Subnet& subnet) { return subnet.prefix_bits >= 96 && subnet.base.is_v4(); }

/// A rule asks for nothing but what the index decides exactly, where it knows the values, and names nothing
/// that its hit would be about. A key that this does not know, or an action that may look at more, makes it
/// false.
bool is_settled(const Rule& rule) {
  const bool plain =
      rule.then == Action::kAllow || rule.then == Action::kReport || rule.then == Action::kBlock;
  if (!plain || rule.section == Section::kEmail) return false;
  if (!std::all_of(rule.match.destinations.begin(), rule.match.destinations.end(), is_v4)) return false;
  Match rest = rule.match;
  rest.protocols.clear();
  rest.ports.clear();
  rest.destinations.clear();
  rest.asns.clear();
  rest.countries.clear();
  return rest == Match{};
}

bool is_one_port(const PortRange& range) { return range.low == range.high; }

/// Of a hash table, of which a quarter at least is free.
std::size_t slots_for(std::size_t used) { return std::bit_ceil(used + used / 3 + 1); }

/// The values that a rule takes in each dimension that the index can look up for it.
using Wanted = std::array<std::vector<std::uint64_t>, kDimensions>;

struct Kind {
  std::bitset<kDimensions> asked;
  Wanted wanted;
};

Kind kind_of(const Rule& rule) {
  const Match& match = rule.match;
  Kind kind;
  const auto take = [&](Dimension dimension, std::uint64_t value) {
    kind.asked.set(static_cast<std::size_t>(dimension));
    kind.wanted[static_cast<std::size_t>(dimension)].push_back(value);
  };
  const auto sets = [&](Dimension dimension, const std::vector<NamedSet>& named) {
    for (const NamedSet& set : named) take(dimension, index_of(set.set));
  };
  const auto words = [&](Dimension dimension, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) take(dimension, hash_of_word(text));
  };
  if (!rule.who.always && !rule.who.negated) {
    kind.asked.set(static_cast<std::size_t>(Dimension::kWho));
    for (const std::uint16_t group : rule.who.any_of) take(Dimension::kWho, group);
  }
  for (const std::uint8_t protocol : match.protocols) take(Dimension::kProtocol, protocol);
  if (std::all_of(match.ports.begin(), match.ports.end(), is_one_port)) {
    for (const PortRange& range : match.ports) take(Dimension::kPort, range.low);
  }
  for (const Subnet& subnet : match.destinations)
    take(Dimension::kDestination, value_of_prefix(wide(subnet.base), subnet.prefix_bits, is_v4(subnet)));
  for (const std::uint32_t asn : match.asns) take(Dimension::kAsn, asn);
  for (const std::string& code : match.countries) take(Dimension::kCountry, number_of_country(code));
  for (const AppMatch& app : match.apps) take(Dimension::kApp, hash_of_word(app.name));
  sets(Dimension::kDomain, match.domains);
  sets(Dimension::kCategory, match.categories);
  words(Dimension::kMailProtocol, match.mail_protocols);
  sets(Dimension::kSender, match.sender.sets);
  words(Dimension::kSender, match.sender.addresses);
  sets(Dimension::kRecipient, match.recipient.sets);
  words(Dimension::kRecipient, match.recipient.addresses);
  for (std::vector<std::uint64_t>& values : kind.wanted) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  }
  return kind;
}

}  // namespace

std::uint64_t hash_of_word(std::string_view word) noexcept {
  constexpr std::uint64_t kLowerCase = 0x2020'2020'2020'2020U;  // and more that differ in this bit: harmless
  std::uint64_t hash = word.size();
  while (true) {
    std::uint64_t piece = 0;
    std::memcpy(&piece, word.data(), std::min<std::size_t>(word.size(), 8));
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

  void run() {
    index_.rules_ = rules_.size();
    index_.tuple_sets_.emplace_back();
    index_.hours_.push_back(0);
    for (std::uint32_t rule = 0; rule < rules_.size(); ++rule) add(rule);
    tuples();
    values();
    do ++index_.seed_;
    while (!buckets());
  }

 private:
  /// One combination of values under which a rule stands.
  struct Place {
    std::uint32_t tuple = 0;
    std::array<std::uint32_t, kTupleDimensionsMax> numbers{};
    Entry entry;
    std::uint64_t hash = 0;
  };

  void add(std::uint32_t number) {
    const Rule& rule = rules_[number];
    Kind kind = kind_of(rule);
    const auto asked = kind.asked.count();
    drop_dimensions(kind);
    Entry entry{.rule = number, .hours = hours_of(number)};
    const bool all = kind.asked.count() == asked && (rule.who.always || !rule.who.negated);
    entry.settled = all && is_settled(rule) && (rule.when.always || entry.hours != 0) ? 1 : 0;
    std::vector<PortRange> ranges;
    const bool one_by_one = kind.asked.test(static_cast<std::size_t>(Dimension::kPort));
    if (!one_by_one && !rule.match.ports.empty()) {
      if (rule.match.ports.size() <= kRangesMax) ranges = rule.match.ports;
      if (ranges.empty()) entry.settled = 0;
    }
    if (ranges.empty()) ranges.push_back({0, 0xffff});
    for (const PortRange& range : ranges) {
      entry.port_low = range.low;
      entry.port_high = range.high;
      places_of(kind, entry);
    }
  }

  /// Those of most values, until the combinations are few and the tuple may be.
  void drop_dimensions(Kind& kind) {
    const auto combinations = [&] {
      std::size_t product = 1;
      for (std::size_t d = 0; d < kDimensions; ++d)
        if (kind.asked.test(d)) product = std::min(product * kind.wanted[d].size(), kCombinationsMax + 1);
      return product;
    };
    while (combinations() > kCombinationsMax || kind.asked.count() > kTupleDimensionsMax) {
      const auto most = std::max_element(kind.wanted.begin(), kind.wanted.end(),
                                         [](const auto& a, const auto& b) { return a.size() < b.size(); });
      kind.asked.reset(static_cast<std::size_t>(most - kind.wanted.begin()));
      most->clear();
    }
    const bool new_tuple = !numbers_.contains(kind.asked.to_ulong());
    if (new_tuple && numbers_.size() + 1 >= kTuplesMax) kind.asked.reset();  // one is left for these
  }

  std::uint16_t hours_of(std::uint32_t number) {
    const Condition& when = rules_[number].when;
    if (when.always) return 0;
    const auto [at, added] = hours_.try_emplace({when.negated, when.any_of}, index_.hours_.size());
    if (added) index_.hours_.push_back(number);
    return static_cast<std::uint16_t>(at->second);
  }

  void places_of(const Kind& kind, const Entry& entry) {
    const auto [tuple, added] = numbers_.try_emplace(kind.asked.to_ulong(), index_.tuples_.size());
    if (added) {
      Tuple fresh{.first_rule = entry.rule};
      for (std::size_t d = 0; d < kDimensions; ++d)
        if (kind.asked.test(d)) fresh.dimensions[fresh.dimensions_used++] = static_cast<std::uint8_t>(d);
      index_.tuples_.push_back(fresh);
    }
    Place place{.tuple = static_cast<std::uint32_t>(tuple->second), .entry = entry};
    combine(kind, index_.tuples_[place.tuple], 0, place);
  }

  // NOLINTNEXTLINE(misc-no-recursion): at most kDimensions deep
  void combine(const Kind& kind, const Tuple& tuple, std::size_t depth, Place& place) {
    if (depth == tuple.dimensions_used) {
      places_.push_back(place);
      return;
    }
    const std::size_t d = tuple.dimensions[depth];
    for (const std::uint64_t value : kind.wanted[d]) {
      const std::uint64_t key = key_of(static_cast<Dimension>(d), value);
      const auto [at, added] = values_.try_emplace(key, NumberedValue{});
      if (added) at->second.number = static_cast<std::uint32_t>(values_.size());
      at->second.tuples[place.tuple / 64] |= std::uint64_t{1} << place.tuple % 64;
      place.numbers[depth] = at->second.number;
      combine(kind, tuple, depth + 1, place);
    }
  }

  /// Rules were met in their order, so that tuples are sorted by their first one.
  void tuples() {
    for (std::size_t tuple = 0; tuple < index_.tuples_.size(); ++tuple) {
      const std::uint64_t bit = std::uint64_t{1} << tuple % 64;
      index_.all_[tuple / 64] |= bit;
      for (Tuples& free : index_.free_) free[tuple / 64] |= bit;
      const Tuple& one = index_.tuples_[tuple];
      for (std::size_t i = 0; i < one.dimensions_used; ++i) {
        index_.free_[one.dimensions[i]][tuple / 64] &= ~bit;
        index_.asked_[one.dimensions[i]] = true;
      }
    }
    for (std::size_t d = 0; d < kDimensions; ++d)
      if (index_.asked_[d]) index_.dimensions_.push_back(static_cast<std::uint8_t>(d));
    for (const Rule& rule : rules_) {
      for (const Subnet& subnet : rule.match.destinations) {
        auto& lengths = is_v4(subnet) ? index_.v4_prefixes_ : index_.wide_prefixes_;
        if (std::find(lengths.begin(), lengths.end(), subnet.prefix_bits) == lengths.end())
          lengths.push_back(subnet.prefix_bits);
      }
    }
  }

  void values() {
    if (values_.empty()) return;
    index_.values_.resize(slots_for(values_.size()));
    const std::size_t mask = index_.values_.size() - 1;
    std::map<Tuples, std::uint32_t> sets;
    for (const auto& [key, value] : values_) {
      const auto [set, added] = sets.try_emplace(value.tuples, index_.tuple_sets_.size());
      if (added) index_.tuple_sets_.push_back(value.tuples);
      std::size_t at = key >> 32U & mask;
      while (index_.values_[at].number != 0) at = (at + 1) & mask;
      index_.values_[at] = {key, value.number, set->second};
    }
  }

  /// False where two combinations have one hash.
  bool buckets() {
    for (Place& place : places_) {
      place.hash = index_.start_of(place.tuple);
      for (std::size_t i = 0; i < index_.tuples_[place.tuple].dimensions_used; ++i)
        place.hash = hash_with(place.hash, place.numbers[i]);
    }
    const auto before = [](const Place& a, const Place& b) {
      return std::pair{a.hash, a.entry.rule} < std::pair{b.hash, b.entry.rule};
    };
    std::stable_sort(places_.begin(), places_.end(), before);
    index_.entries_.clear();
    index_.buckets_.assign(slots_for(places_.size()), {});
    for (auto at = places_.cbegin(); at != places_.cend();) {
      const auto end = std::find_if(at, places_.cend(), [&](const Place& p) { return p.hash != at->hash; });
      const bool same = std::all_of(at, end, [&](const Place& place) {
        return place.tuple == at->tuple && place.numbers == at->numbers;
      });
      if (!same) return false;
      put(at, end);
      at = end;
    }
    return true;
  }

  void put(std::vector<Place>::const_iterator at, std::vector<Place>::const_iterator end) {
    Bucket bucket{at->hash, at->numbers, static_cast<std::uint32_t>(end - at),
                  static_cast<std::uint32_t>(index_.entries_.size()), at->entry};
    while (++at != end) index_.entries_.push_back(at->entry);
    const std::size_t mask = index_.buckets_.size() - 1;
    std::size_t slot = bucket.hash >> 32U & mask;
    while (index_.buckets_[slot].entries != 0) slot = (slot + 1) & mask;
    index_.buckets_[slot] = bucket;
  }

  struct NumberedValue {
    std::uint32_t number = 0;
    Tuples tuples{};
  };

  RuleIndex& index_;
  const std::vector<Rule>& rules_;
  std::map<unsigned long, std::size_t> numbers_;  // of tuples
  std::map<std::uint64_t, NumberedValue> values_;
  std::map<std::pair<bool, std::vector<std::uint16_t>>, std::size_t> hours_;
  std::vector<Place> places_;
};

RuleIndex::RuleIndex(const std::vector<Rule>& rules) { Build(*this, rules).run(); }

void RuleIndex::look_up_destination(const IpAddress& address, Question& question) const noexcept {
  const Wide number = wide(address);
  const bool v4 = is_mapped_v4(number);
  const auto prefix = [&](unsigned bits, bool mapped) {
    const Wide behind = behind_prefix(bits);
    const Wide base{number.high & ~behind.high, number.low & ~behind.low};
    look_up(Dimension::kDestination, value_of_prefix(base, bits, mapped), question);
  };
  if (v4)
    for (const std::uint8_t bits : v4_prefixes_) prefix(bits, true);
  for (const std::uint8_t bits : wide_prefixes_) prefix(bits, false);
}

std::size_t RuleIndex::bytes() const {
  const auto of = [](const auto& values) { return values.capacity() * sizeof(values[0]); };
  return sizeof(RuleIndex) + of(tuples_) + of(values_) + of(tuple_sets_) + of(buckets_) + of(entries_) +
         of(hours_);
}

}  // namespace weir::policy
