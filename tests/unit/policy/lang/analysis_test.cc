// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <map>

#include "policy/lang/compile.h"
#include "policy/lang/keys.h"
#include "policy/lang/policy.h"
#include "tests/support/temporary_directory.h"

namespace weir::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> warnings_of(const std::string& text, const std::string& directory = ".") {
  std::vector<Error> warnings;
  const auto compiled =
      compile("weir-policy: 1\n" + text, {.file = "p", .directory = directory, .warnings = &warnings});
  if (!compiled) return {to_text(compiled.error().front())};
  std::vector<std::string> texts;
  for (const Error& warning : warnings) texts.push_back(warning_text(warning));
  return texts;
}

/// Is the second of two rules of a section said never to speak?
bool is_silent(const std::string& section, const std::string& first, const std::string& second,
               const std::string& more = "groups: {g: {hosts: [10.0.0.1]}, h: {hosts: [10.0.0.2]}}\n") {
  const auto rule = [](const char* name, const std::string& says) {
    return std::string("  - {rule: ") + name + ", " + says +
           (says.find("then:") == std::string::npos ? ", then: report}\n" : "}\n");
  };
  for (const std::string& warning :
       warnings_of(more + section + ":\n" + rule("first", first) + rule("second", second))) {
    EXPECT_EQ(warning.find("error:"), std::string::npos) << warning;
    if (warning.find("rule second never speaks") != std::string::npos) return true;
  }
  return false;
}

TEST(Analysis, SaysWhichRuleTakesWhatAndWhatToDo) {
  EXPECT_THAT(
      warnings_of("groups: {staff: {hosts: [10.0.0.1]}}\n"
                  "web:\n"
                  "  - {rule: partners, match: {domain: example.org}, then: allow}\n"
                  "  - {rule: no-shop, who: staff, match: {domain: shop.example.org}, then: block}\n"
                  "  - {rule: again, match: {domain: example.org}, then: allow}\n"),
      ElementsAre(
          "p:5:5: warning: rule no-shop never speaks: partners, line 4, takes all that it matches and "
          "says allow, not block; for example a client of staff, shop.example.org (put it before "
          "partners, or narrow that)",
          "p:6:5: warning: rule again never speaks: partners, line 4, takes all that it matches and "
          "says allow as well (remove it)"));
}

TEST(Analysis, APolicyThatUsesAllItSaysHasNoWarning) {
  EXPECT_THAT(warnings_of("groups: {a: {hosts: [10.0.0.1]}, b: {subnets: [10.0.0.0/24]}}\n"
                          "schedules: {day: {hours: 08:00-17:00}}\n"
                          "lists: {x: {domains: [x.example]}, y: {domains: [y.example]}}\n"
                          "web:\n"
                          "  - {rule: one, who: a, when: day, match: {domain: [x, z.example]}, then: allow}\n"
                          "  - {rule: two, who: b, match: {domain: x}, then: block}\n"
                          "email:\n"
                          "  - {rule: three, match: {recipient: y}, then: report}\n"),
              IsEmpty());
}

TEST(Analysis, NamesWhatNothingUses) {
  EXPECT_THAT(
      warnings_of("schedules: {day: {hours: 08:00-17:00}}\n"
                  "lists: {x: {domains: [x.example]}}\n"
                  "network: [{rule: r, then: allow}]\n"),
      ElementsAre("p:2:13: warning: schedule day is used by no rule (write it under when:, or remove it)",
                  "p:3:9: warning: list x is used by no rule (write its name among a rule's domains, or "
                  "remove it)"));
}

TEST(Analysis, AGroupBehindThoseThatHoldItsClientsNamesNobody) {
  const std::string earlier =
      "groups:\n  a: {subnets: [10.0.0.0/16], vlans: [7]}\n  b: {hosts: [10.1.0.1], macs: "
      "[\"02:00:00:00:00:01\"]}\n";
  const std::string rule = "network: [{rule: r, who: c, then: block}]\n";
  EXPECT_THAT(
      warnings_of(earlier + "  c: {subnets: [10.0.5.0/24], hosts: [10.1.0.1], vlans: [7]}\n" + rule),
      ElementsAre(
          "p:5:3: warning: group c names nobody: earlier groups hold all of its clients (put it before "
          "them, or remove it)"))
      << "and its rule is not told as well";
  EXPECT_THAT(warnings_of(earlier + "  c: {subnets: [10.0.5.0/24], vlans: [8]}\n" + rule), IsEmpty());
  EXPECT_THAT(warnings_of(earlier + "  c: {subnets: [10.0.0.0/15]}\n" + rule), IsEmpty());
}

TEST(Analysis, AGroupBehindThoseThatHoldItsNamesAndUsersNamesNobody) {
  const auto nobody = [](const std::string& group) {
    const auto warnings = warnings_of(
        "groups:\n  a: {names: [\"lab-*\"], users: [\"*@EXAMPLE.LAN\", anna]}\n"
        "  b: {names: [kiosk], names_from: [dhcp, mdns]}\n  c: {" +
        group + "}\n");
    return !warnings.empty() && warnings[0].find("group c names nobody") != std::string::npos;
  };
  EXPECT_TRUE(nobody("names: [\"LAB-pc-*\", kiosk]"));
  EXPECT_TRUE(nobody("names: [kiosk], names_from: mdns"));
  EXPECT_TRUE(nobody("users: [Anna, bert@example.lan]"));
  EXPECT_FALSE(nobody("names: [\"lab-1\"], names_from: [dhcp, mdns]"))
      << "the earlier one believes DHCP alone";
  EXPECT_FALSE(nobody("names: [\"*\"]"));
  EXPECT_FALSE(nobody("names: [lab-1.example]")) << "not looked for";
  EXPECT_FALSE(nobody("users: [bert]"));
  EXPECT_FALSE(nobody("users: [anna], hosts: [10.0.0.1]"));
}

TEST(Analysis, WhoAndWhen) {
  const std::string known =
      "groups: {g: {hosts: [10.0.0.1]}, h: {hosts: [10.0.0.2]}, none: {hosts: [10.0.0.1]}}\n"
      "schedules: {am: {hours: 08:00-12:00}, pm: {hours: 12:00-17:00}}\n";
  const auto silent = [&](const std::string& first, const std::string& second) {
    return is_silent("network", first, second, known);
  };
  EXPECT_TRUE(silent("who: [g, h]", "who: h"));
  EXPECT_TRUE(silent("who: {not: g}", "who: h"));
  EXPECT_TRUE(silent("who: {not: g}", "who: {not: [g, h]}"));
  EXPECT_TRUE(silent("who: g", "who: [g, none]")) << "a group of nobody adds nobody";
  EXPECT_FALSE(silent("who: g", "who: [g, h]"));
  EXPECT_FALSE(silent("who: [g, h]", "severity: low")) << "a client may be in no group";
  EXPECT_FALSE(silent("who: {not: [g, h]}", "who: {not: g}"));
  EXPECT_TRUE(silent("when: [am, pm]", "when: pm"));
  EXPECT_TRUE(silent("when: {not: am}", "when: {not: [am, pm]}"));
  EXPECT_FALSE(silent("when: {not: am}", "when: pm")) << "schedules may overlap";
  EXPECT_FALSE(silent("when: am", "severity: low"));
}

TEST(Analysis, ARuleWithAQuotaLeavesFlowsToTheNext) {
  EXPECT_FALSE(is_silent("network", "quota: {flows: 9, every: day}, then: block", "match: {port: 80}"));
  EXPECT_TRUE(is_silent("network", "then: block", "quota: {flows: 9, every: day}, then: block"));
}

TEST(Analysis, EndsAndApplications) {
  const auto silent = [](const char* first, const char* second) {
    return is_silent("network", std::string("match: ") + first, std::string("match: ") + second);
  };
  EXPECT_TRUE(silent("{port: 1-1024}", "{port: [22, 80-90], protocol: tcp}"));
  EXPECT_FALSE(silent("{port: [1-80, 81-100]}", "{port: 70-90}")) << "no single range: not found";
  EXPECT_FALSE(silent("{port: 22, protocol: tcp}", "{port: 22}"));
  EXPECT_TRUE(silent("{destination: [192.0.2.0/24, \"2001:db8::/32\"]}", "{destination: [192.0.2.7]}"));
  EXPECT_FALSE(silent("{destination: 192.0.2.0/25}", "{destination: 192.0.2.0/24}"));
  EXPECT_TRUE(silent("{country: [CA, US]}", "{country: US, asn: AS64500}"));
  EXPECT_FALSE(silent("{country: CA}", "{country: [CA, US]}"));
  EXPECT_TRUE(silent("{app: [BitTorrent, Tor]}", "{app: Tor}"));
  EXPECT_FALSE(silent("{app: Tor}", "{country: CA}"));
}

TEST(Analysis, Domains) {
  const std::string lists =
      "lists: {partners: {domains: [p.example, q.example]}, other: {domains: [p.example]}}\n";
  const auto silent = [&](const char* first, const char* second) {
    return is_silent("web", std::string("match: {domain: ") + first + "}",
                     std::string("match: {domain: ") + second + "}", lists);
  };
  EXPECT_TRUE(silent("x.example", "\"*.X.example\""));
  EXPECT_TRUE(silent("\"*.x.example\"", "[a.x.example, \"*.b.x.example\"]"));
  EXPECT_FALSE(silent("\"*.x.example\"", "x.example")) << "the name itself is not below itself";
  EXPECT_FALSE(silent("a.x.example", "\"*.x.example\""));
  EXPECT_TRUE(silent("partners", "[p.example, www.q.example]"));
  EXPECT_TRUE(silent("partners", "other"));
  EXPECT_FALSE(silent("other", "partners"));
  EXPECT_TRUE(silent("[partners, x.example]", "[x.example, partners]"));
}

TEST(Analysis, WhatAFileAddsIsNotKnown) {
  test::TemporaryDirectory folder;
  std::ofstream(folder.path() + "/list.txt") << "x.example\n";
  const auto warnings = [&](const char* first, const char* second) {
    return warnings_of(std::string("lists: {l: {domains: [y.example], file: list.txt}}\nweb:\n") +
                           "  - {rule: a, match: {domain: [" + first + "]}, then: allow}\n" +
                           "  - {rule: b, match: {domain: [" + second + "]}, then: block}\n",
                       folder.path())
        .size();
  };
  EXPECT_EQ(warnings("y.example", "l"), 0U);
  EXPECT_EQ(warnings("l", "www.x.example"), 1U) << "but that it holds a name is";
}

TEST(Analysis, Mail) {
  const auto silent = [](const char* first, const char* second) {
    return is_silent("email", std::string("match: ") + first, std::string("match: ") + second);
  };
  EXPECT_TRUE(silent("{recipient: x.example}", "{recipient: mail.x.example, sender: b@y.example}"));
  EXPECT_TRUE(silent("{sender: [a@y.example, b@y.example]}", "{sender: B@y.example}"));
  EXPECT_FALSE(silent("{sender: y.example}", "{sender: a@y.example}")) << "not looked for";
  EXPECT_FALSE(silent("{tls: none}", "{tls: starttls}"));
  EXPECT_TRUE(silent("{recipients_over: 10}", "{recipients_over: 20}"));
  EXPECT_FALSE(silent("{recipients_over: 20}", "{recipients_over: 10}"));
  EXPECT_TRUE(silent("{message_over: 1 MB}", "{message_over: 2 MB, protocol: smtp}"));
  EXPECT_TRUE(silent("{attachment: {type: [exe, pe]}}", "{attachment: {type: pe, over: 1 MB}}"));
  EXPECT_FALSE(silent("{attachment: {type: exe, encrypted: true}}", "{attachment: {type: exe}}"));
}

TEST(Analysis, WhatIsSaid) {
  const auto silent = [](const char* first, const char* second) {
    return is_silent("web", std::string("match: ") + first, std::string("match: ") + second);
  };
  EXPECT_TRUE(silent("{method: [GET, POST]}", "{method: POST, path: \"/up/*\"}"));
  EXPECT_TRUE(silent("{tls_below: \"1.3\"}", "{tls_below: \"1.2\"}"));
  EXPECT_FALSE(silent("{tls_below: \"1.2\"}", "{tls_below: \"1.3\"}"));
  EXPECT_FALSE(silent("{name: none}", "{tls_below: \"1.2\"}"));
  EXPECT_FALSE(silent("{download_over: 10 MB}", "{download_over: 1 MB}"));
}

/// A key of which covers.cc does not know would make a rule with it seem to match everything.
TEST(Analysis, KnowsEveryKeyOfAMatch) {
  const std::map<std::string_view, std::string> samples{{"app", "Tor"},
                                                        {"country", "CA"},
                                                        {"asn", "AS64500"},
                                                        {"destination", "192.0.2.1"},
                                                        {"port", "22"},
                                                        {"protocol", "smtp"},
                                                        {"domain", "x.example"},
                                                        {"category", "bets"},
                                                        {"path", "/a"},
                                                        {"method", "POST"},
                                                        {"file", "\"*.exe\""},
                                                        {"content_type", "video/mp4"},
                                                        {"download_over", "1 MB"},
                                                        {"name", "none"},
                                                        {"tls_below", "\"1.2\""},
                                                        {"ja4", "t13d1516h2_8daaf6152771_b186095e22b6"},
                                                        {"sender", "a@x.example"},
                                                        {"recipient", "a@x.example"},
                                                        {"from", "a@x.example"},
                                                        {"subject", "\"*invoice*\""},
                                                        {"recipients_over", "10"},
                                                        {"message_over", "1 MB"},
                                                        {"attachment", "{type: exe}"},
                                                        {"tls", "none"}};
  const std::string known = "categories: {bets: {domains: [bet.example]}}\n";
  constexpr std::array kMaps{std::pair{KeyMap::kNetworkMatch, "network"}, std::pair{KeyMap::kWebMatch, "web"},
                             std::pair{KeyMap::kEmailMatch, "email"}};
  for (const auto& [map, section] : kMaps) {
    for (const KeyRow& row : keys_of(map)) {
      if (row.type == KeyType::kLater) continue;
      const auto sample = samples.find(row.key);
      ASSERT_NE(sample, samples.end()) << row.key << ": add it here and to covers.cc";
      const bool tcp = map == KeyMap::kNetworkMatch && row.key == "protocol";
      const std::string match =
          "match: {" + std::string(row.key) + ": " + (tcp ? "tcp" : sample->second) + "}";
      EXPECT_TRUE(is_silent(section, match, match, known)) << section << ' ' << row.key;
      EXPECT_FALSE(is_silent(section, match, "severity: low", known)) << section << ' ' << row.key;
      EXPECT_TRUE(is_silent(section, "severity: low", match, known)) << section << ' ' << row.key;
    }
  }
}

TEST(Analysis, ARuleThatWaitsForCertaintyLeavesGuessesToTheNext) {
  EXPECT_FALSE(is_silent("network", "match: {app: Tor}, then: block", "match: {app: Tor}, then: report"));
  EXPECT_TRUE(is_silent("network", "match: {app: Tor}, then: block", "match: {app: Tor}, then: block"));
  EXPECT_TRUE(is_silent("network", "match: {app: Tor}, then: block, allow_guess: true",
                        "match: {app: Tor}, then: report"));
  EXPECT_FALSE(
      is_silent("web", "match: {domain: x.example}, then: page", "match: {domain: x.example}, then: block"))
      << "a page lets DNS pass";
}

TEST(Analysis, SafeSearchSpeaksOfQuestionsAlone) {
  EXPECT_FALSE(is_silent("web", "then: safe_search", "match: {domain: x.example}, then: block"));
  EXPECT_TRUE(is_silent("web", "then: safe_search", "match: {domain: x.example}, then: safe_search"));
  EXPECT_TRUE(is_silent("web", "then: block", "then: safe_search"));
}

TEST(Analysis, BehindARuleThatIsClickedThroughTheNextOneSpeaks) {
  const std::string first = "match: {domain: x.example}, then: continue";
  EXPECT_FALSE(is_silent("web", first, "match: {domain: x.example}, then: continue"));
  EXPECT_FALSE(is_silent("web", first, "match: {domain: x.example}, then: page"));
  EXPECT_TRUE(is_silent("web", first + ", mode: monitor", "match: {domain: x.example}, then: page"))
      << "nobody clicks through what is only recorded";
  EXPECT_TRUE(is_silent("web", "match: {domain: x.example}, then: page", first));
}

TEST(Analysis, AnExceptionForTheFirstAloneLetsTheSecondSpeak) {
  const auto with = [](const std::string& rules) {
    return "exceptions: [{exception: e, group: g, rule: " + rules +
           ", owner: o, reason: r, until: 2026-12-31}]\ngroups: {g: {hosts: [10.0.0.1]}}\n";
  };
  EXPECT_FALSE(is_silent("network", "then: block", "then: report", with("first")));
  EXPECT_TRUE(is_silent("network", "then: allow", "then: block", with("[first, second]")));
}

}  // namespace
}  // namespace weir::policy
