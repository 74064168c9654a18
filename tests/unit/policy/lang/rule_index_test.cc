// SPDX-License-Identifier: Apache-2.0
// The index alone: what it may leave out, and at its limits. That it never leaves out a rule that matches is
// also what tests/unit/policy/decide/property_test.cc shows, on whole policies.
#include "policy/lang/rule_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <numeric>

#include "policy/lang/group_index.h"
#include "policy/lang/policy.h"

namespace weir::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Numbers = std::vector<std::size_t>;
using Ask = std::function<void(RuleIndex::Question&)>;

Numbers candidates(const RuleIndex& index, const Ask& ask) {
  RuleIndex::Question question{index};
  ask(question);
  Numbers numbers;
  const bool ended = index.candidates(question).any([&](std::size_t rule) {
    numbers.push_back(rule);
    return false;
  });
  EXPECT_FALSE(ended);
  return numbers;
}

IpAddress address(const char* text) { return IpAddress::parse(text).value(); }
Subnet subnet(const char* text) { return Subnet::parse(text).value(); }

Rule rule_with(const std::function<void(Match&)>& fill, Section section = Section::kNetwork) {
  Rule rule;
  rule.section = section;
  fill(rule.match);
  return rule;
}

Rule for_groups(std::vector<std::uint16_t> groups, bool negated = false) {
  Rule rule;
  rule.who = {.always = false, .negated = negated, .any_of = std::move(groups)};
  return rule;
}

Rule for_asn(std::uint32_t asn) {
  return rule_with([&](Match& match) { match.asns = {asn}; });
}

Rule for_port(std::uint16_t low, std::uint16_t high) {
  return rule_with([&](Match& match) { match.ports = {{low, high}}; });
}

Rule for_destination(const char* text) {
  return rule_with([&](Match& match) { match.destinations = {subnet(text)}; });
}

std::vector<Rule> for_asns(std::size_t count) {
  std::vector<Rule> rules;
  for (std::size_t i = 0; i < count; ++i) rules.push_back(for_asn(static_cast<std::uint32_t>(i + 1)));
  return rules;
}

/// Rules 0 and 2 ask for one value each, rule 1 for nothing.
struct OneDimension {
  Dimension dimension;
  Rule first;
  Rule second;
  Ask has_first;
  Ask has_second;
};

OneDimension dimension_of(Dimension dimension, std::uint64_t first, std::uint64_t second, Section section,
                          const std::function<void(Match&, bool)>& fill) {
  return {dimension, rule_with([&](Match& match) { fill(match, true); }, section),
          rule_with([&](Match& match) { fill(match, false); }, section),
          [=](RuleIndex::Question& q) { q.add(dimension, first); },
          [=](RuleIndex::Question& q) { q.add(dimension, second); }};
}

std::vector<OneDimension> network_dimensions() {
  const auto network = [](Dimension dimension, std::uint64_t first, std::uint64_t second, auto fill) {
    return dimension_of(dimension, first, second, Section::kNetwork, fill);
  };
  const auto set_of = [](bool one) {
    return NamedSet{DomainSet{static_cast<std::uint16_t>(one ? 3 : 900)}, ""};
  };
  return {{Dimension::kWho, for_groups({0}), for_groups({1}),
           [](RuleIndex::Question& q) { q.add(Dimension::kWho, 0); },
           [](RuleIndex::Question& q) { q.add(Dimension::kWho, 1); }},
          network(Dimension::kProtocol, 6, 17,
                  [](Match& match, bool one) { match.protocols.push_back(one ? 6 : 17); }),
          {Dimension::kPort, for_port(80, 90), for_port(443, 443),
           [](RuleIndex::Question& q) { q.add_port(85); }, [](RuleIndex::Question& q) { q.add_port(443); }},
          {Dimension::kDestination, for_destination("203.0.113.0/24"), for_destination("2001:db8::1"),
           [](RuleIndex::Question& q) { q.add_destination(address("203.0.113.9")); },
           [](RuleIndex::Question& q) { q.add_destination(address("2001:db8::1")); }},
          network(Dimension::kAsn, 64'496, 64'497,
                  [](Match& match, bool one) { match.asns = {one ? 64'496U : 64'497U}; }),
          network(Dimension::kCountry, hash_of_word("CA"), hash_of_word("US"),
                  [](Match& match, bool one) { match.countries = {one ? "CA" : "US"}; }),
          network(Dimension::kApp, hash_of_word("youtube"), hash_of_word("DOH"),
                  [](Match& match, bool one) {
                    match.apps = {one ? AppMatch{AppMatch::Kind::kName, "YouTube"}
                                      : AppMatch{AppMatch::Kind::kDoh, "doh"}};
                  }),
          network(Dimension::kDomain, 3, 900, [&](Match& match, bool one) { match.domains = {set_of(one)}; }),
          network(Dimension::kCategory, 3, 900,
                  [&](Match& match, bool one) { match.categories = {set_of(one)}; })};
}

std::vector<OneDimension> mail_dimensions() {
  const auto address_of = [](bool one) {
    AddressMatch match;
    if (one) match.addresses = {"u@a.example"};
    if (!one) match.sets = {{DomainSet{7}, ""}};
    return match;
  };
  const std::uint64_t address = hash_of_word("U@a.example");
  return {dimension_of(Dimension::kMailProtocol, hash_of_word("smtp"), hash_of_word("imap"), Section::kEmail,
                       [](Match& match, bool one) { match.mail_protocols = {one ? "smtp" : "imap"}; }),
          dimension_of(Dimension::kSender, address, 7, Section::kEmail,
                       [&](Match& match, bool one) { match.sender = address_of(one); }),
          dimension_of(Dimension::kRecipient, address, 7, Section::kEmail,
                       [&](Match& match, bool one) { match.recipient = address_of(one); })};
}

TEST(RuleIndex, EveryDimensionTellsRulesApart) {
  std::vector<OneDimension> all = network_dimensions();
  for (OneDimension& one : mail_dimensions()) all.push_back(std::move(one));
  ASSERT_EQ(all.size(), kDimensions);
  for (const OneDimension& one : all) {
    SCOPED_TRACE(static_cast<int>(one.dimension));
    Rule indifferent;
    indifferent.section = one.first.section;
    const RuleIndex index{{one.first, indifferent, one.second}, 2};
    for (std::size_t other = 0; other < kDimensions; ++other)
      EXPECT_EQ(index.asks(static_cast<Dimension>(other)), static_cast<Dimension>(other) == one.dimension);
    EXPECT_THAT(candidates(index, one.has_first), ElementsAre(0, 1));
    EXPECT_THAT(candidates(index, one.has_second), ElementsAre(1, 2));
    EXPECT_THAT(candidates(index, [](auto&) {}), ElementsAre(1));
    EXPECT_THAT(candidates(index,
                           [&](auto& question) {
                             one.has_first(question);
                             one.has_second(question);
                           }),
                ElementsAre(0, 1, 2));
  }
}

TEST(RuleIndex, ARuleHasToAgreeInAllThatItAsksFor) {
  Rule both = for_asn(1);
  both.match.ports = {{25, 25}};
  const RuleIndex index{{both, for_asn(1), for_port(25, 25), for_asn(2)}, 0};
  EXPECT_THAT(candidates(index,
                         [](auto& q) {
                           q.add(Dimension::kAsn, 1);
                           q.add_port(25);
                         }),
              ElementsAre(0, 1, 2));
  EXPECT_THAT(candidates(index,
                         [](auto& q) {
                           q.add(Dimension::kAsn, 2);
                           q.add_port(25);
                         }),
              ElementsAre(2, 3));
  EXPECT_THAT(candidates(index,
                         [](auto& q) {
                           q.add(Dimension::kAsn, 3);
                           q.add_port(26);
                         }),
              IsEmpty());
}

TEST(RuleIndex, WithoutRulesItIsNotBuilt) {
  EXPECT_FALSE(RuleIndex{}.built());
  EXPECT_FALSE((RuleIndex{{}, 3}.built()));
}

TEST(RuleIndex, FindsEachRuleAtTheEdgesOfWordsAndBlocks) {
  for (const std::size_t count : {1UL, 63UL, 64UL, 65UL, 255UL, 256UL, 257UL, kRulesMax}) {
    const RuleIndex index{for_asns(count), 0};
    ASSERT_TRUE(index.built());
    for (std::size_t rule = 0; rule < count; ++rule)
      ASSERT_THAT(candidates(index, [&](auto& q) { q.add(Dimension::kAsn, rule + 1); }), ElementsAre(rule))
          << count;
    EXPECT_THAT(candidates(index, [&](auto& q) { q.add(Dimension::kAsn, count + 1); }), IsEmpty());
  }
}

TEST(RuleIndex, NamesAllThatAskForNothingInTheirOrder) {
  const RuleIndex index{std::vector<Rule>(kRulesMax), 0};
  Numbers all(kRulesMax);
  std::iota(all.begin(), all.end(), 0UL);
  EXPECT_EQ(candidates(index, [](auto&) {}), all);
}

TEST(RuleIndex, StopsAtTheFirstRuleThatHolds) {
  const RuleIndex index{std::vector<Rule>(300), 0};
  RuleIndex::Question question{index};
  Numbers asked;
  EXPECT_TRUE(index.candidates(question).any([&](std::size_t rule) {
    asked.push_back(rule);
    return rule == 2;
  }));
  EXPECT_THAT(asked, ElementsAre(0, 1, 2));
}

TEST(RuleIndex, ANegatedGroupIsEveryOtherOneAndTheClientsOfNone) {
  const RuleIndex index{{for_groups({1}, true), for_groups({0, 2})}, 3};
  const auto of_group = [&](std::uint64_t group) {
    return candidates(index, [&](auto& q) { q.add(Dimension::kWho, group); });
  };
  EXPECT_THAT(of_group(0), ElementsAre(0, 1));
  EXPECT_THAT(of_group(1), IsEmpty());
  EXPECT_THAT(of_group(2), ElementsAre(0, 1));
  EXPECT_THAT(of_group(3), ElementsAre(0));
}

TEST(RuleIndex, RangesOfPortsOverlap) {
  const std::vector<std::pair<std::uint16_t, std::uint16_t>> ranges{
      {0, 65'535}, {0, 0}, {1'024, 65'535}, {80, 443}, {443, 443}, {444, 444}, {65'535, 65'535}, {1, 443}};
  std::vector<Rule> rules;
  for (const auto& [low, high] : ranges) rules.push_back(for_port(low, high));
  const RuleIndex index{rules, 0};
  for (const int at : {0, 1, 79, 80, 442, 443, 444, 445, 1'023, 1'024, 65'534, 65'535}) {
    const auto port = static_cast<std::uint16_t>(at);
    Numbers expected;
    for (std::size_t i = 0; i < ranges.size(); ++i)
      if (port >= ranges[i].first && port <= ranges[i].second) expected.push_back(i);
    EXPECT_EQ(candidates(index, [&](auto& q) { q.add_port(port); }), expected) << port;
  }
}

TEST(RuleIndex, SubnetsOfAllLengthsLieWithinEachOther) {
  const std::vector<const char*> subnets{"0.0.0.0/0", "::/0",           "203.0.112.0/20", "203.0.113.0/24",
                                         "::/64",     "203.0.113.7/32", "2001:db8::/32",  "2001:db8::1/128"};
  std::vector<Rule> rules;
  for (const char* const one : subnets) rules.push_back(for_destination(one));
  const RuleIndex index{rules, 0};
  for (const char* const to : {"203.0.113.7", "203.0.113.8", "203.0.112.7", "192.0.2.1", "2001:db8::1",
                               "2001:db8::2", "::1", "fd00::1"}) {
    Numbers expected;
    for (std::size_t i = 0; i < subnets.size(); ++i)
      if (subnet(subnets[i]).contains(address(to))) expected.push_back(i);
    EXPECT_EQ(candidates(index, [&](auto& q) { q.add_destination(address(to)); }), expected) << to;
  }
}

TEST(RuleIndex, AFlowOfTooManyValuesIsNotToldApartByThem) {
  std::vector<Rule> rules = for_asns(RuleIndex::kValuesOfFlowMax + 2);
  rules.push_back(for_port(25, 25));
  const RuleIndex index{rules, 0};
  const auto of_asns = [&](std::size_t count) {
    return candidates(index,
                      [&](auto& q) {
                        for (std::size_t i = 0; i < count; ++i) q.add(Dimension::kAsn, i + 1);
                      })
        .size();
  };
  EXPECT_EQ(of_asns(RuleIndex::kValuesOfFlowMax), RuleIndex::kValuesOfFlowMax);
  EXPECT_EQ(of_asns(RuleIndex::kValuesOfFlowMax + 1), RuleIndex::kValuesOfFlowMax + 2)
      << "the ports still tell apart";
}

TEST(RuleIndex, ADimensionBeyondTheMemoryIsNotLookedAt) {
  constexpr std::size_t kRules = 500;
  std::vector<Rule> rules = for_asns(kRules);
  for (std::size_t i = 0; i < kRules; ++i) rules[i].match.protocols = {static_cast<std::uint8_t>(i % 2)};
  const auto asks = [&](std::size_t blocks_max) {
    const RuleIndex index{rules, 0, blocks_max};
    const Numbers found = candidates(index, [&](auto& q) {
      if (q.asks(Dimension::kAsn)) q.add(Dimension::kAsn, 5);
      if (q.asks(Dimension::kProtocol)) q.add(Dimension::kProtocol, 0);
    });
    EXPECT_EQ(found.size(), index.asks(Dimension::kAsn)        ? 1U
                            : index.asks(Dimension::kProtocol) ? kRules / 2
                                                               : kRules);
    EXPECT_TRUE(std::find(found.begin(), found.end(), 4U) != found.end()) << "never left out";
    return std::pair{index.asks(Dimension::kAsn), index.asks(Dimension::kProtocol)};
  };
  EXPECT_EQ(asks(kRules + 4), (std::pair{true, true}));  // two protocols in two blocks each
  EXPECT_EQ(asks(kRules), (std::pair{true, false}));
  EXPECT_EQ(asks(kRules - 1), (std::pair{false, true})) << "that of the most values is left out";
  EXPECT_EQ(asks(0), (std::pair{false, false}));
}

TEST(RuleIndex, PortsBeyondTheMemoryAreNotLookedAt) {
  std::vector<Rule> rules;
  for (std::uint16_t i = 0; i < 100; ++i)
    rules.push_back(for_port(i, static_cast<std::uint16_t>(60'000 + i)));
  EXPECT_TRUE((RuleIndex{rules, 0}.asks(Dimension::kPort)));
  const RuleIndex index{rules, 0, 50};
  EXPECT_FALSE(index.asks(Dimension::kPort));
  EXPECT_EQ(candidates(index, [](auto&) {}).size(), rules.size());
}

TEST(RuleIndex, ItsMemoryIsBounded) {
  std::vector<Rule> rules;
  for (std::size_t i = 0; i < kRulesMax; ++i) {
    const auto low = static_cast<std::uint16_t>(i);
    rules.push_back(for_port(low, static_cast<std::uint16_t>(50'000 + i)));  // 20,000 kinds of port
    rules.back().who = {.always = false, .negated = true, .any_of = {static_cast<std::uint16_t>(i % 256)}};
  }
  const RuleIndex index{rules, 256};
  EXPECT_FALSE(index.asks(Dimension::kPort)) << "which together have half of the rules each";
  EXPECT_TRUE(index.asks(Dimension::kWho));
  EXPECT_LE(index.bytes(), kIndexBlocksMax * 64 + 1'000'000);
}

TEST(GroupIndex, TheFirstGroupThatHoldsAClientNamesIt) {
  std::vector<Group> groups(5);
  groups[0].macs = {MacAddress::parse("02:00:00:00:00:01").value()};
  groups[1].subnets = {subnet("10.0.0.0/24"), subnet("fd00::/64")};
  groups[2].vlans = {30};
  groups[3].subnets = {subnet("10.0.0.0/8"), subnet("10.0.0.7/32")};
  groups[4].subnets = {subnet("::/0")};
  const GroupIndex index{groups};
  FlowFacts facts;
  const auto group_of = [&](const char* client) {
    facts.tuple.initiator = address(client);
    return index.first(facts);
  };
  EXPECT_EQ(group_of("10.0.0.7"), 1U);
  EXPECT_EQ(group_of("10.0.1.7"), 3U);
  EXPECT_EQ(group_of("fd00::5"), 1U);
  EXPECT_EQ(group_of("192.0.2.1"), 4U) << "::/0 holds the mapped addresses as well";
  facts.vlan = 30;
  EXPECT_EQ(group_of("10.0.1.7"), 2U);
  EXPECT_EQ(group_of("10.0.0.7"), 1U);
  facts.client_mac = groups[0].macs[0];
  EXPECT_EQ(group_of("10.0.0.7"), 0U);
  groups.resize(3);
  EXPECT_EQ(GroupIndex{groups}.first(FlowFacts{}), 3U) << "none";
  EXPECT_EQ(GroupIndex{}.first(facts), 0U);
}

}  // namespace
}  // namespace weir::policy
