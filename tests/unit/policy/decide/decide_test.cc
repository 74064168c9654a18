// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/decide.h"

#include <gtest/gtest.h>

#include "policy/decide/standing.h"
#include "tests/unit/policy/decide/policy_text.h"

namespace weir::policy {
namespace {

std::string network(const std::string& match, const Flow& flow, const std::string& more = "") {
  return in_short(
      judge(policy_of("network: [{rule: r, match: " + match + ", then: block" + more + "}]"), flow));
}

TEST(Decide, WithoutRulesEverythingIsAllowed) {
  const Decision decision = judge(policy_of(""), Flow{});
  EXPECT_EQ(in_short(decision), "allow");
  EXPECT_EQ(decision.revision, 7U);
  EXPECT_TRUE(decision.path.empty());
}

TEST(Decide, NetworkKeys) {
  const Flow flow = Flow{}.server("203.0.113.5", 6'881).app("BitTorrent", "").place("CA", 64'496);
  const std::string hit = "block r [r BitTorrent]";
  EXPECT_EQ(network("{app: bittorrent}", flow), hit);
  EXPECT_EQ(network("{app: [YouTube, BITTORRENT]}", flow), hit);
  EXPECT_EQ(network("{app: YouTube}", flow), "allow");
  const std::string by_address = "block r [r 203.0.113.5]";
  EXPECT_EQ(network("{country: [us, ca]}", flow), by_address);
  EXPECT_EQ(network("{country: US}", flow), "allow");
  EXPECT_EQ(network("{asn: AS64496}", flow), by_address);
  EXPECT_EQ(network("{asn: 64497}", flow), "allow");
  EXPECT_EQ(network("{destination: 203.0.113.0/24}", flow), by_address);
  EXPECT_EQ(network("{destination: 203.0.113.6}", flow), "allow");
  EXPECT_EQ(network("{port: 6881-6889}", flow), by_address);
  EXPECT_EQ(network("{port: [80, 6880]}", flow), "allow");
  EXPECT_EQ(network("{protocol: [udp, tcp]}", flow), by_address);
  EXPECT_EQ(network("{protocol: icmp}", flow), "allow");
  EXPECT_EQ(network("{port: 6881, country: US}", flow), "allow") << "every key must hold";
  EXPECT_EQ(network("{country: CA}", Flow{}), "allow") << "a fact that is not known matches nothing";
  EXPECT_EQ(network("{asn: 1}", Flow{}), "allow");
  EXPECT_EQ(network("{protocol: icmp}", Flow{}.server("2001:db8::1", 0, kProtocolIcmpV6)),
            "block r [r 2001:db8::1]");
}

TEST(Decide, MasterAndApplicationBothMatch) {
  const Flow flow = Flow{}.app("TLS", "YouTube");
  EXPECT_EQ(network("{app: tls}", flow), "block r [r TLS]");
  EXPECT_EQ(network("{app: youtube}", flow), "block r [r YouTube]");
}

TEST(Decide, ABlockingRuleTakesAGuessOnlyWhenItSaysSo) {
  const Flow by_port = Flow{}.app("SSH", "", AppConfidence::kMatchByPort);
  const Flow by_address = Flow{}.app("TLS", "Twitch", AppConfidence::kMatchByIp);
  EXPECT_EQ(network("{app: ssh}", by_port), "allow");
  EXPECT_EQ(network("{app: twitch}", by_address), "allow");
  EXPECT_EQ(network("{app: ssh}", by_port, ", allow_guess: true"), "block r [r SSH]");
  EXPECT_EQ(in_short(judge(policy_of("network: [{rule: r, match: {app: ssh}, then: report}]"), by_port)),
            "report r [r SSH]");
}

TEST(Decide, EncryptedDnsByItsThreeWords) {
  const Flow doh = Flow{}.app("TLS", "DoH_DoT");
  const Flow dot = Flow{}.server("203.0.113.5", 853).app("TLS", "DoH_DoT");
  Flow doq = Flow{}.server("203.0.113.5", 853, kProtocolUdp).app("QUIC", "");
  doq.facts.tls.alpn = {"doq"};
  EXPECT_EQ(network("{app: doh}", doh), "block r [r doh]");
  EXPECT_EQ(network("{app: dot}", doh), "allow");
  EXPECT_EQ(network("{app: dot}", dot), "block r [r dot]");
  EXPECT_EQ(network("{app: [doh, doq]}", dot), "allow");
  EXPECT_EQ(network("{app: doq}", doq), "block r [r doq]");
}

TEST(Decide, TheFirstMatchingRuleOfASectionSpeaks) {
  const auto policy = policy_of(
      "network:\n"
      "  - {rule: allowed, match: {port: 443}, then: allow}\n"
      "  - {rule: reported, match: {port: [443, 80]}, then: report}\n"
      "  - {rule: blocked, match: {protocol: tcp}, then: block}\n");
  EXPECT_EQ(in_short(judge(policy, Flow{})), "allow allowed");
  EXPECT_EQ(in_short(judge(policy, Flow{}.server("203.0.113.5", 80))),
            "report reported [reported 203.0.113.5]");
  EXPECT_EQ(in_short(judge(policy, Flow{}.server("203.0.113.5", 81))), "block blocked [blocked 203.0.113.5]");
}

TEST(Decide, OverTheSectionsBlockBeatsReportBeatsAllow) {
  const std::string web = "web: [{rule: w, match: {domain: bet.example}, then: ";
  const Flow flow = Flow{}.tls("bet.example");
  const auto both = [&](const char* network_action, const char* web_action) {
    return in_short(judge(policy_of(std::string("network: [{rule: n, match: {port: 443}, then: ") +
                                    network_action + "}]\n" + web + web_action + "}]\n"),
                          flow));
  };
  EXPECT_EQ(both("allow", "block"), "block w [w bet.example]");
  EXPECT_EQ(both("report", "block"), "block w [n 203.0.113.5] [w bet.example]");
  EXPECT_EQ(both("block", "report"), "block n [n 203.0.113.5] [w bet.example]");
  EXPECT_EQ(both("block", "allow"), "block n [n 203.0.113.5]");
  EXPECT_EQ(both("report", "report"), "report n [n 203.0.113.5] [w bet.example]");
  EXPECT_EQ(both("allow", "allow"), "allow n");
}

TEST(Decide, WhoIsTheFirstGroupThatHoldsTheClient) {
  const auto policy = policy_of(
      "groups:\n"
      "  servers: {hosts: [10.20.0.25, \"fd00:20::25\"]}\n"
      "  guests: {vlans: [30], macs: [\"02:00:00:00:00:99\"]}\n"
      "  staff: {subnets: [10.20.0.0/16]}\n"
      "network:\n"
      "  - {rule: servers, who: servers, match: {port: 1}, then: report}\n"
      "  - {rule: staff-or-guests, who: [staff, guests], match: {port: 2}, then: report}\n"
      "  - {rule: not-servers, who: {not: servers}, match: {port: 3}, then: report}\n");
  const auto rule = [&](const char* client, std::uint16_t port, std::uint16_t vlan = 0) {
    Flow flow = Flow{}.client(client).server("203.0.113.5", port);
    flow.facts.vlan = vlan;
    const Decision decision = judge(policy, flow);
    return decision.group + ":" + decision.rule;
  };
  EXPECT_EQ(rule("10.20.0.25", 1), "servers:servers");
  EXPECT_EQ(rule("fd00:20::25", 1), "servers:servers");
  EXPECT_EQ(rule("10.20.0.26", 1), "staff:");
  EXPECT_EQ(rule("10.20.0.25", 2), "servers:") << "the first group names the client, so it is not staff";
  EXPECT_EQ(rule("10.20.0.26", 2), "staff:staff-or-guests");
  EXPECT_EQ(rule("192.0.2.1", 2, 30), "guests:staff-or-guests");
  EXPECT_EQ(rule("192.0.2.1", 3), ":not-servers") << "a client of no group is not a server";
  EXPECT_EQ(rule("10.20.0.25", 3), "servers:");
  Flow outside_in = Flow{}.client("198.51.100.1").server("10.20.0.25", 1);
  outside_in.facts.initiator_inside = false;
  EXPECT_EQ(judge(policy, outside_in).group, "servers") << "the client is the inside end";
  Flow by_mac = Flow{}.client("192.0.2.1").server("203.0.113.5", 2);
  by_mac.facts.client_mac = *MacAddress::parse("02:00:00:00:00:99");
  EXPECT_EQ(judge(policy, by_mac).group, "guests");
}

TEST(Decide, WhenIsLocalTimeOfThePolicy) {
  const auto policy = policy_of(
      "timezone: America/Toronto\n"
      "schedules:\n"
      "  office: {days: mon-fri, hours: \"08:00-17:30\"}\n"
      "  nights: {days: [fri, sat], hours: \"22:00-06:00\"}\n"
      "network:\n"
      "  - {rule: office, when: office, then: report}\n"
      "  - {rule: nights, when: nights, then: report}\n"
      "  - {rule: otherwise, when: {not: [office, nights]}, then: report}\n");
  const auto at = [&](std::int64_t unix_s) { return judge(policy, Flow{}, unix_s * kSecond).rule; };
  constexpr std::int64_t kMonday = 1'795'410'000;  // 2026-11-23 00:00 in Toronto (05:00 UTC)
  constexpr std::int64_t kHour = 3'600;
  constexpr std::int64_t kDay = 24 * kHour;
  EXPECT_EQ(at(kMonday + 8 * kHour - 1), "otherwise");
  EXPECT_EQ(at(kMonday + 8 * kHour), "office");
  EXPECT_EQ(at(kMonday + 17 * kHour + 1'799), "office");
  EXPECT_EQ(at(kMonday + 17 * kHour + 1'800), "otherwise");
  EXPECT_EQ(at(kMonday + 4 * kDay + 23 * kHour), "nights");         // Friday night
  EXPECT_EQ(at(kMonday + 6 * kDay + 5 * kHour + 3'599), "nights");  // Sunday before six, Saturday's night
  EXPECT_EQ(at(kMonday + 6 * kDay + 6 * kHour), "otherwise");
  EXPECT_EQ(at(kMonday + 3 * kHour), "otherwise")
      << "Monday at three belongs to Sunday's night, which is not named";
}

TEST(Decide, MonitorRecordsWhatItWouldBlock) {
  const Flow flow = Flow{}.tls("bet.example");
  const std::string rule = "web: [{rule: w, match: {domain: bet.example}, then: block, severity: high";
  for (const std::string& text : {rule + ", mode: monitor}]", "mode: monitor\n" + rule + "}]"}) {
    const Decision decision = judge(policy_of(text), flow);
    EXPECT_EQ(in_short(decision), "report w [w? bet.example]");
    EXPECT_EQ(decision.hits.front().action, Action::kBlock);
    EXPECT_EQ(decision.hits.front().severity, Severity::kHigh);
  }
  EXPECT_EQ(in_short(judge(policy_of("mode: monitor\nweb: [{rule: w, then: report}]"), flow)),
            "report w [w bet.example]")
      << "monitor changes blocking rules only";
}

struct Web : testing::Test {
  std::shared_ptr<const Policy> policy = policy_of(
      "lists:\n"
      "  partners: {domains: [partner.example, \"*.supplier.example\"]}\n"
      "categories:\n"
      "  gambling: {domains: [bet.example]}\n"
      "web:\n"
      "  - {rule: partners, match: {domain: partners}, then: allow}\n"
      "  - {rule: own, match: {domain: [evil.example, b\xc3\xbc"
      "cher.example]}, then: block, tell_user: \"Closed.\"}\n"
      "  - {rule: gambling, match: {category: gambling}, then: block}\n"
      "  - {rule: abroad, match: {country: XX}, then: report}\n"
      "  - {rule: video, match: {app: YouTube}, then: report}\n");
};

TEST_F(Web, DomainsListsAndCategories) {
  EXPECT_EQ(in_short(judge(policy, Flow{}.tls("www.partner.example"))), "allow partners");
  EXPECT_EQ(in_short(judge(policy, Flow{}.tls("supplier.example"))), "allow");
  EXPECT_EQ(in_short(judge(policy, Flow{}.tls("a.supplier.example"))), "allow partners");
  EXPECT_EQ(in_short(judge(policy, Flow{}.tls("evil.example"))), "block own [own evil.example]");
  EXPECT_EQ(in_short(judge(policy, Flow{}.http("xn--bcher-kva.example"))),
            "block own [own xn--bcher-kva.example]");
  EXPECT_EQ(in_short(judge(policy, Flow{}.tls("www.bet.example"))),
            "block gambling [gambling www.bet.example]");
  EXPECT_EQ(in_short(judge(policy, Flow{}.tls("good.example").app("TLS", "YouTube"))),
            "report video [video YouTube]");
  EXPECT_EQ(judge(policy, Flow{}.tls("evil.example")).hits.front().tell_user, "Closed.");
}

TEST_F(Web, ADnsQueryIsJudgedByTheNameItAsksFor) {
  const Flow query =
      Flow{}.server("203.0.113.53", 53, kProtocolUdp).dns("bet.example").app("DNS", "").place("XX", 1);
  EXPECT_EQ(in_short(judge(policy, query)), "block gambling [gambling bet.example]");
  const Flow other =
      Flow{}.server("203.0.113.53", 53, kProtocolUdp).dns("good.example").app("DNS", "").place("XX", 1);
  EXPECT_EQ(in_short(judge(policy, other)), "allow") << "the name server's country is not the site's";
}

TEST_F(Web, EachNameOfAFlowIsJudged) {
  Flow flow = Flow{}.http("good.example");
  flow.facts.tls.sni = "bet.example";
  EXPECT_EQ(in_short(judge(policy, flow)), "block gambling [gambling bet.example]");
  EXPECT_EQ(in_short(judge(policy, Flow{}.http("good.example"))), "allow")
      << "the next request replaces the name";
}

TEST_F(Web, ANameThatOnlyNdpiSaysBlocksNothing) {
  Flow flow = Flow{}.app("QUIC", "");
  flow.facts.host = "bet.example";
  flow.facts.host_source = NameSource::kNdpi;
  EXPECT_EQ(in_short(judge(policy, flow)), "allow");
  flow.facts.host_source = NameSource::kQuicSni;
  EXPECT_EQ(in_short(judge(policy, flow)), "block gambling [gambling bet.example]");
}

TEST_F(Web, DoesNotConcernOtherFlows) {
  EXPECT_EQ(in_short(judge(policy, Flow{}.app("SSH", "").place("XX", 1))), "allow");
  EXPECT_EQ(in_short(judge(policy, Flow{}.mail("smtp").place("XX", 1))), "allow");
  EXPECT_EQ(in_short(judge(policy, Flow{}.app("TLS", "").place("XX", 1))),
            "report abroad [abroad 203.0.113.5]");
  EXPECT_EQ(in_short(judge(policy, Flow{}.app("IMAPS", "").tls("bet.example"))),
            "block gambling [gambling bet.example]")
      << "a port that looks like mail must not hide a name";
  EXPECT_EQ(in_short(judge(policy, Flow{}.mail("smtp").tls("bet.example"))),
            "block gambling [gambling bet.example]")
      << "nor STARTTLS the name in the handshake behind it";
}

struct Mail : testing::Test {
  std::shared_ptr<const Policy> policy = policy_of(
      "groups: {mail-servers: {hosts: [10.20.0.25]}}\n"
      "lists: {partners: {domains: [partner.example]}}\n"
      "email:\n"
      "  - {rule: relay, who: {not: mail-servers}, match: {protocol: smtp}, then: block}\n"
      "  - {rule: partners-tls, match: {recipient: partners, tls: none}, then: block}\n"
      "  - {rule: forbidden, match: {recipient: [rival.example, \"Boss@Other.Example\"]}, then: block}\n"
      "  - {rule: leaver, match: {sender: old.example}, then: report}\n"
      "  - {rule: reading, match: {protocol: [imap, pop3]}, then: report}\n");

  Flow from_relay(const char* sender, const char* pending) {
    return Flow{}.client("10.20.0.25").server("203.0.113.25", 25).mail("smtp", sender, pending);
  }
};

TEST_F(Mail, ProtocolAndWhoSends) {
  EXPECT_EQ(in_short(judge(policy, Flow{}.mail("smtp"))), "block relay [relay 203.0.113.5]");
  EXPECT_EQ(in_short(judge(policy, Flow{}.app("SMTP", ""))), "block relay [relay 203.0.113.5]");
  EXPECT_EQ(in_short(judge(policy, Flow{}.app("SMTP", "", AppConfidence::kMatchByPort))), "allow");
  EXPECT_EQ(in_short(judge(policy, Flow{}.mail("submission"))), "allow");
  EXPECT_EQ(in_short(judge(policy, Flow{}.app("IMAPS", ""))), "report reading [reading 203.0.113.5]");
  EXPECT_EQ(in_short(judge(policy, from_relay("", ""))), "allow");
}

TEST_F(Mail, RecipientsPendingAndAccepted) {
  EXPECT_EQ(in_short(judge(policy, from_relay("a@us.example", "x@rival.example"))),
            "block forbidden [forbidden x@rival.example]");
  EXPECT_EQ(in_short(judge(policy, from_relay("a@us.example", "x@mx.rival.example"))),
            "block forbidden [forbidden x@mx.rival.example]");
  EXPECT_EQ(in_short(judge(policy, from_relay("a@us.example", "BOSS@other.example"))),
            "block forbidden [forbidden BOSS@other.example]");
  EXPECT_EQ(in_short(judge(policy, from_relay("a@us.example", "clerk@other.example"))), "allow");
  Flow flow = from_relay("a@us.example", "fine@third.example");
  flow.facts.mail.recipients = {"ok@third.example", "y@rival.example"};
  EXPECT_EQ(in_short(judge(policy, flow)), "block forbidden [forbidden y@rival.example]");
}

TEST_F(Mail, SenderAndTls) {
  EXPECT_EQ(in_short(judge(policy, from_relay("gone@old.example", ""))),
            "report leaver [leaver gone@old.example]");
  EXPECT_EQ(in_short(judge(policy, from_relay("", "x@partner.example"))),
            "block partners-tls [partners-tls x@partner.example]");
  Flow encrypted = from_relay("", "x@partner.example");
  encrypted.facts.mail.starttls_used = true;
  EXPECT_EQ(in_short(judge(policy, encrypted)), "allow");
}

struct Software : testing::Test {
  std::shared_ptr<const Policy> policy = policy_of(
      "timezone: America/Toronto\n"
      "software:\n"
      "  unknown: report\n"
      "  authorised: [{product: firefox, versions: \">=115\", until: 2027-06-30}, {product: curl}]\n"
      "  unauthorised:\n"
      "    - {product: bittorrent, then: block, severity: high}\n"
      "    - {product: teamviewer}\n");
};

TEST_F(Software, Lists) {
  EXPECT_EQ(in_short(judge(policy, Flow{}.software("firefox", "128.1"))), "allow");
  EXPECT_EQ(in_short(judge(policy, Flow{}.software("firefox"))), "allow") << "a version that does not show";
  EXPECT_EQ(in_short(judge(policy, Flow{}.software("firefox", "102"))),
            "report unknown-software [unknown-software firefox]");
  EXPECT_EQ(in_short(judge(policy, Flow{}.software("bittorrent"))),
            "block unauthorised-bittorrent [unauthorised-bittorrent bittorrent]");
  EXPECT_EQ(in_short(judge(policy, Flow{}.software("curl").software("teamviewer"))),
            "report unauthorised-teamviewer [unauthorised-teamviewer teamviewer]");
  EXPECT_EQ(in_short(judge(policy, Flow{}.software("wget"))),
            "report unknown-software [unknown-software wget]");
  EXPECT_EQ(in_short(judge(policy, Flow{})), "allow");
}

TEST_F(Software, AnAuthorisationEndsAfterItsLastDay) {
  constexpr TimeNs kLastSecond = 1'814'414'399 * kSecond;  // 2027-06-30 23:59:59 in Toronto
  const Flow flow = Flow{}.software("firefox", "128");
  EXPECT_EQ(judge(policy, flow, kLastSecond).action, Action::kAllow);
  EXPECT_EQ(judge(policy, flow, kLastSecond + kSecond).action, Action::kReport);
  EXPECT_EQ(software_standing(*policy, "firefox", "128", kLastSecond), SoftwareStanding::kAuthorised);
  EXPECT_EQ(software_standing(*policy, "firefox", "128", kLastSecond + kSecond), SoftwareStanding::kUnknown);
  EXPECT_EQ(software_standing(*policy, "bittorrent", "", 0), SoftwareStanding::kUnauthorised);
  EXPECT_EQ(software_standing(*policy, "wget", "", 0), SoftwareStanding::kUnknown);
}

TEST_F(Software, AGuessedApplicationDoesNotBlockAProduct) {
  const Flow guess =
      Flow{}.app("BitTorrent", "", AppConfidence::kMatchByPort).software("bittorrent", "", "app: BitTorrent");
  EXPECT_EQ(in_short(judge(policy, guess)), "allow");
  const Flow seen = Flow{}.app("BitTorrent", "").software("bittorrent", "", "app: BitTorrent");
  EXPECT_EQ(judge(policy, seen).action, Action::kBlock);
}

TEST(Decide, IsPure) {
  const auto policy = policy_of("web: [{rule: w, match: {domain: bet.example}, then: block}]");
  const Flow flow = Flow{}.tls("bet.example");
  const FlowFacts before = flow.facts;
  const Decision first = judge(policy, flow);
  for (int i = 0; i < 3; ++i) {
    static_cast<void>(judge(policy, Flow{}.tls("other.example")));
    const Decision again = judge(policy, flow);
    EXPECT_EQ(again.hits, first.hits);
    EXPECT_EQ(again.rule, first.rule);
  }
  EXPECT_EQ(before.host, flow.facts.host);
}

}  // namespace
}  // namespace weir::policy
