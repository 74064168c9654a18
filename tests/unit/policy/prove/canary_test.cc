// SPDX-License-Identifier: Apache-2.0
// Which flows are found for which rules. That a canary is the rule's is asked of `decide` here again.
#include "policy/prove/canary.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "policy/decide/decide.h"
#include "policy/lang/compile.h"
#include "policy/prove/conversation.h"

namespace weir::prove {
namespace {

constexpr TimeNs kMonday = 1'767'571'200 * kSecond;  // 5 January 2026, 00:00 UTC, and 7 s

class Canaries : public ::testing::Test {
 protected:
  void load(const std::string& text) {
    auto compiled = policy::compile("weir-policy: 1\n" + text, {});
    for (const Error& error : compiled ? std::vector<Error>{} : compiled.error())
      ADD_FAILURE() << to_text(error);
    if (compiled) policy_ = *compiled;
  }
  const policy::Rule& rule(const std::string& name) const {
    for (const policy::Rule* one : rules_to_prove(*policy_))
      if (one->name == name) return *one;
    ADD_FAILURE() << "no rule " << name;
    std::abort();
  }
  CanaryFinder::Found find(const std::string& name) const {
    CanaryFinder::Found found = CanaryFinder{*policy_, kMonday + 7 * kSecond}.find(rule(name));
    for (const Canary& canary : found.canaries) {
      const Decision said = policy::decide(*policy_, canary.refused().facts, DynamicFacts{}, canary.at);
      EXPECT_EQ(said.rule, name) << canary.what;
      EXPECT_TRUE(blocks(said.action)) << canary.what;
      EXPECT_EQ(canary.at % (60 * kSecond), 0) << canary.what;
    }
    return found;
  }
  std::string why_none(const std::string& name) const {
    const auto found = find(name);
    EXPECT_TRUE(found.canaries.empty()) << found.canaries.front().what;
    return found.why_none;
  }
  FlowFacts first_of(const std::string& name) const {
    const auto found = find(name);
    if (found.canaries.empty()) {
      ADD_FAILURE() << name << ": " << found.why_none;
      return {};
    }
    return found.canaries.front().refused().facts;
  }
  std::shared_ptr<const policy::Policy> policy_;
};

TEST_F(Canaries, AreForEnforcedRulesThatKeepSomethingBack) {
  load(R"(
groups: {staff: {subnets: [10.20.0.0/16]}}
network:
  - {rule: a, match: {port: 1}, then: allow}
  - {rule: b, match: {port: 2}, then: report}
  - {rule: c, match: {port: 3}, then: block}
  - {rule: d, match: {port: 4}, then: block, mode: monitor}
  - {rule: e, match: {port: 5}, then: limit, rate: 1 Mbit/s}
web:
  - {rule: f, match: {domain: f.example}, then: page}
email:
  - {rule: g, match: {recipient: g.example}, then: refuse}
software:
  unauthorised: [{product: bittorrent, then: block}]
)");
  std::string names;
  for (const policy::Rule* one : rules_to_prove(*policy_)) names += one->name;
  EXPECT_EQ(names, "cfg");
  load("mode: monitor\nnetwork:\n  - {rule: c, match: {port: 3}, then: block}\n");
  EXPECT_TRUE(rules_to_prove(*policy_).empty());
}

TEST_F(Canaries, AreFoundForEveryKeyOfAMatch) {
  std::stringstream text;
  text << std::ifstream(WEIR_SOURCE_DIR "/tests/e2e/prove/every-key.yaml").rdbuf();
  const std::string all = text.str();
  load(all.substr(all.find("timezone:")));
  const auto rules = rules_to_prove(*policy_);
  EXPECT_GT(rules.size(), 35U);
  for (const policy::Rule* one : rules) {
    const auto found = find(one->name);
    EXPECT_FALSE(found.canaries.empty()) << one->name << ": " << found.why_none;
  }
}

TEST_F(Canaries, ComeFromClientsOfTheRulesGroups) {
  load(R"(
groups:
  servers: {subnets: [10.20.0.0/24]}
  staff: {subnets: [10.20.0.0/16]}
  host: {hosts: ["fd00:20::25"]}
  printers: {macs: ["02:00:00:00:10:01"]}
  guests: {vlans: [30]}
network:
  - {rule: staff, who: staff, match: {port: 1}, then: block}
  - {rule: host, who: host, match: {port: 2}, then: block}
  - {rule: printers, who: printers, match: {port: 3}, then: block}
  - {rule: guests, who: guests, match: {port: 4}, then: block}
  - {rule: others, who: {not: [servers, staff, host, printers]}, match: {port: 5}, then: block}
)");
  const IpAddress client = first_of("staff").client();
  EXPECT_TRUE(Subnet::parse("10.20.0.0/16")->contains(client) &&
              !Subnet::parse("10.20.0.0/24")->contains(client));
  EXPECT_EQ(first_of("host").client().to_string(), "fd00:20::25");
  EXPECT_EQ(first_of("printers").client_mac.to_string(), "02:00:00:00:10:01");
  EXPECT_EQ(first_of("guests").vlan, 30);
  EXPECT_EQ(first_of("others").vlan, 0);
}

TEST_F(Canaries, OfAGroupThatEarlierOnesHoldAreNotFound) {
  load(R"(
groups: {all: {subnets: [10.0.0.0/8]}, within: {subnets: [10.20.0.0/16]}, named: {names: ["pc-*"]}}
network:
  - {rule: within, who: within, match: {port: 1}, then: block}
  - {rule: named, who: named, match: {port: 1}, then: block}
)");
  EXPECT_EQ(why_none("within"), "no flow that was tried is what it asks for");
  EXPECT_EQ(why_none("named"), "no client of its groups can be made: they are known by what clients say");
}

TEST_F(Canaries, ComeWithinTheRulesSchedule) {
  load(R"(
timezone: America/St_Johns
schedules:
  lunch: {days: sat, hours: "12:00-12:05"}
  nights: {days: fri, hours: "22:00-06:00"}
  always: {}
network:
  - {rule: lunch, when: lunch, match: {port: 1}, then: block}
  - {rule: night, when: nights, match: {port: 2}, then: block}
  - {rule: day, when: {not: nights}, match: {port: 3}, then: block}
  - {rule: never, when: {not: always}, match: {port: 4}, then: block}
)");
  const auto local = [&](const std::string& name) {
    const auto found = find(name);
    return found.canaries.empty() ? policy::LocalTime{-1, -1}
                                  : policy_->parts().zone.local(found.canaries[0].at / kSecond);
  };
  EXPECT_EQ(local("lunch").weekday, 5);
  EXPECT_EQ(local("lunch").minute, 12 * 60);
  EXPECT_EQ(local("night").weekday, 4);
  EXPECT_EQ(local("night").minute, 22 * 60);
  EXPECT_EQ(find("day").canaries.at(0).at, kMonday);  // the present minute
  EXPECT_EQ(why_none("never"), "its schedule holds at no time of the next eight days");
}

TEST_F(Canaries, GoAroundEarlierRulesWhereThereIsAWay) {
  load(R"(
schedules: {office: {days: mon-sun, hours: "08:00-17:30"}}
network:
  - {rule: open, when: office, match: {port: 1}, then: allow}
  - {rule: shut, match: {port: 1}, then: block}
  - {rule: web-is-open, match: {port: [80, 443], protocol: [tcp, udp]}, then: allow}
  - {rule: nothing-else, match: {destination: 10.0.0.0/8}, then: block}
web:
  - {rule: ours, match: {domain: [a.example, b.example]}, then: allow}
  - {rule: list, match: {domain: [a.example, b.example, c.example]}, then: block}
)");
  EXPECT_FALSE(find("shut").canaries.empty());
  EXPECT_FALSE(find("nothing-else").canaries.empty());
  EXPECT_EQ(first_of("list").host, "c.example");
}

TEST_F(Canaries, SayWhichRuleTakesAll) {
  load(R"(
network:
  - {rule: open, match: {destination: 10.0.0.0/8}, then: allow}
  - {rule: shut, match: {destination: 10.1.0.0/16}, then: block}
  - {rule: first, match: {port: 7}, then: block}
  - {rule: second, match: {port: 7, protocol: udp}, then: block}
web:
  - {rule: page, match: {domain: a.example}, then: page}
email:
  - {rule: none, match: {recipient: a.example}, then: allow}
  - {rule: late, match: {recipient: a.example}, then: refuse}
)");
  EXPECT_EQ(why_none("shut"), "rule open speaks for what was tried");
  EXPECT_EQ(why_none("second"), "rule first blocks what was tried");
  EXPECT_EQ(why_none("late"), "rule none speaks for what was tried");
  EXPECT_EQ(find("page").canaries.size(), 2U);  // the name may be asked for in DNS
}

TEST_F(Canaries, SayWhatTheyCannotShow) {
  load(R"(
network:
  - {rule: tor, match: {app: [Tor, GRE]}, then: block}
  - {rule: there, match: {country: [KP, XX]}, then: block}
  - {rule: provider, match: {asn: AS64496}, then: block}
web:
  - {rule: quota, match: {domain: q.example}, quota: {bytes: 3 MB, every: month}, then: page}
  - {rule: program, match: {ja4: "t13d*"}, then: block}
email:
  - {rule: within-tls, match: {recipient: a.example, tls: starttls}, then: block}
  - {rule: long, match: {message_over: 25 MB}, then: block}
  - {rule: crowd, match: {recipients_over: 100}, then: block}
  - {rule: big, match: {attachment: {over: 10 MB}}, then: block}
)");
  EXPECT_EQ(why_none("tor"), "only a real program can show nDPI Tor, GRE");
  EXPECT_EQ(why_none("there"), "no address of KP, XX is known to it");
  EXPECT_EQ(why_none("provider"), "no address of AS64496 is known to it");
  EXPECT_EQ(why_none("quota"), "it has a quota, which no canary uses up");
  EXPECT_EQ(why_none("program"), "it asks for the fingerprint of a certain program");
  EXPECT_EQ(why_none("within-tls"), "what is said inside TLS cannot be shown");
  EXPECT_EQ(why_none("long"), "canaries send no message of more than 65536 bytes");
  EXPECT_EQ(why_none("crowd"), "canaries send no message to more than 100 recipients");
  EXPECT_EQ(why_none("big"), "canaries send no attachment of more than 32768 bytes");
}

TEST_F(Canaries, AreTriedUpToALimit) {
  load(R"(
groups: {some: {hosts: [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4]}}
network:
  - {rule: open, match: {port: [1, 2, 3]}, then: allow}
  - {rule: shut, who: some, match: {port: [1, 2, 3, 4], protocol: tcp}, then: block}
)");
  const auto found = [&](std::size_t tries) {
    return CanaryFinder{*policy_, kMonday, tries}.find(rule("shut")).canaries.size();
  };
  EXPECT_EQ(found(1), 0U);
  EXPECT_EQ(found(kTriesPerRuleMax), 1U);
}

TEST_F(Canaries, ArePlayedAtTheirTimesEachFromItsOwnPort) {
  load("network:\n  - {rule: shut, match: {port: 4, protocol: udp}, then: block}\n");
  std::vector<Canary> many(kCanariesMax + 1, find("shut").canaries.at(0));
  many[3].at -= 60 * kSecond;
  PortFrames frames;
  const std::vector<Played> played = play(std::move(many), frames);
  ASSERT_EQ(played.size(), kCanariesMax);
  EXPECT_EQ(played[0].canary.at, kMonday - 60 * kSecond);
  EXPECT_EQ(played[0].started, played[0].canary.at);
  EXPECT_EQ(frames.inside.size(), kCanariesMax);
  for (std::size_t i = 1; i < played.size(); ++i) {
    EXPECT_GT(played[i].started, played[i - 1].started);
    EXPECT_EQ(played[i].client_port, played[i - 1].client_port + 1);
  }
  EXPECT_LT(played.back().started, kMonday + 60 * kSecond);  // still in its minute
}

TEST(Candidates, AreFew) {
  policy::PolicyParts parts;
  policy::Condition who{.always = false, .negated = false, .any_of = {}};
  policy::Match match;
  for (std::uint16_t i = 0; i < 20; ++i) {
    parts.groups.emplace_back().vlans = {1, 2, 3, 4, 5};
    who.any_of.push_back(i);
    match.destinations.push_back(*Subnet::parse("10.0.0.0/8"));
    match.ports.push_back({static_cast<std::uint16_t>(i * 10 + 1), static_cast<std::uint16_t>(i * 10 + 5)});
  }
  EXPECT_EQ(clients(parts, who).size(), kClientsMax);
  EXPECT_EQ(destinations(match).size(), kDestinationsMax);
  EXPECT_EQ(ports(match, 3).size(), kPortsMax);
  EXPECT_EQ(ports(match, 3)[0], 3);
}

}  // namespace
}  // namespace weir::prove
