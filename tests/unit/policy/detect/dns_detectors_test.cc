// SPDX-License-Identifier: Apache-2.0
// dns-tunnel and generated-names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "policy/categories/name_shape.h"
#include "tests/unit/policy/detect/scene.h"

namespace weir::policy {
namespace {

using test::event_at;
using test::kMinuteS;
using test::Scene;
using testing::HasSubstr;

std::string random_text(std::mt19937& random, std::size_t bytes, std::string_view letters) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text.push_back(letters[random() % letters.size()]);
  return text;
}

event::FlowEvent question(std::int64_t second, const std::string& name, std::uint32_t rcode = 0) {
  event::FlowEvent event = event_at(second);
  event.set_protocol(17);
  event.set_responder_port(53);
  event.mutable_dns()->set_query(name);
  event.mutable_dns()->set_response(true);
  event.mutable_dns()->set_rcode(rcode);
  return event;
}

constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr const char* kTunnel = "detect: {dns-tunnel: {count: 50, within: 10m}}\n";

std::vector<event::FlowEvent> tunnel(std::size_t count, std::int64_t from, const std::string& domain) {
  std::mt19937 random(7);
  std::vector<event::FlowEvent> events;
  for (std::size_t i = 0; i < count; ++i) {
    events.push_back(
        question(from + static_cast<std::int64_t>(i), random_text(random, 50, kBase32) + "." + domain));
  }
  return events;
}

TEST(DnsTunnel, ManyLongQuestionsUnderOneDomainAreOne) {
  Scene scene(kTunnel);
  scene.round(tunnel(49, 0, "t.example.org"));
  EXPECT_EQ(scene.said(), "") << "one less than the limit";
  scene.round(tunnel(1, 60, "u.example.org"));
  const auto violations = scene.violations();
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].rule, "dns-tunnel");
  EXPECT_EQ(violations[0].section, "detect");
  EXPECT_EQ(violations[0].severity, Severity::kHigh);
  EXPECT_EQ(violations[0].subject, "10.0.0.2");
  EXPECT_EQ(violations[0].object, "example.org");
  EXPECT_THAT(violations[0].text, HasSubstr("50 questions with a mean entropy of 4."));
  EXPECT_THAT(violations[0].text, HasSubstr("under example.org within 10m, labels of up to 50; none before"));
  EXPECT_GE(violations[0].evidence.size(), 10U);
  EXPECT_EQ(violations[0].first_seen, test::kStart);
}

TEST(DnsTunnel, WhatGoesOnIsOneViolationWithTheLastFigures) {
  Scene scene(kTunnel);
  for (int i = 0; i < 4; ++i) scene.round(tunnel(40, 301 + i * 40, "example.org"));
  const auto violations = scene.violations();
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_THAT(violations[0].text, HasSubstr("160 questions"));
  EXPECT_EQ(violations[0].count, 1U) << "windows that overlap are one";
  scene.round(tunnel(60, 1'900, "example.org"));
  EXPECT_EQ(scene.violations()[0].count, 2U);
  EXPECT_THAT(scene.violations()[0].text, HasSubstr("60 questions"));
  EXPECT_THAT(scene.violations()[0].text, HasSubstr("in windows before"));
}

TEST(DnsTunnel, QuestionsOfOneFlowCountByItsAccount) {
  Scene scene(kTunnel);
  event::FlowEvent flow = question(0, "last.example.net");
  flow.set_kind(event::KIND_UPDATE);
  event::DnsLoad* load = flow.add_dns_load();
  load->set_domain("example.net");
  load->set_questions(80);
  load->set_carrying(60);
  load->set_entropy(60 * 410);
  load->set_bytes(60 * 100);
  load->set_longest_label(63);
  scene.round(flow);
  ASSERT_EQ(scene.said(), "10.0.0.2 example.net 1; ");
  EXPECT_THAT(scene.violations()[0].text, HasSubstr("60 questions with a mean entropy of 4.1 bits"));
}

TEST(DnsTunnel, OrdinaryQuestionsAreNone) {
  Scene scene(
      "lists: {scanners: {domains: [av.example]}}\n"
      "detect: {dns-tunnel: {count: 20, except_domains: [scanners, other.example]}}\n");
  std::vector<event::FlowEvent> events;
  for (int i = 0; i < 400; ++i) {
    events.push_back(question(i, "www" + std::to_string(i) + ".example.org"));                // short
    events.push_back(question(i, std::string(50, i % 2 == 0 ? 'a' : 'b') + ".example.com"));  // of no entropy
    events.push_back(
        question(i, "a1b2c3d4e5f6a7b8c9d0e1f2." + std::to_string(i) + ".org"));  // each another domain
    events.push_back(question(i, std::to_string(i % 256) + ".113.0.203.in-addr.arpa"));
  }
  scene.round(events);
  scene.round(tunnel(100, 0, "av.example"));
  scene.round(tunnel(100, 0, "x.other.example"));
  EXPECT_EQ(scene.said(), "");
}

TEST(DnsTunnel, AnHourOfABusyClientWithLongNamesOfServicesIsNone) {
  Scene scene("detect: {dns-tunnel: {}}\n");
  const std::vector<std::string> names{
      "ec2-203-0-113-25.eu-central-1.compute.amazonaws.com", "e1234.dscd.akamaiedge.net.edgekey.example",
      "safebrowsing.clients.services.example.com", "r4---sn-4g5edn7s.googlevideo.example.com",
      "_ldap._tcp.default-first-site-name._sites.dc._msdcs.corp.example"};
  std::vector<event::FlowEvent> events;
  for (int i = 0; i < 360; ++i)
    events.push_back(question(i * 10, names[static_cast<std::size_t>(i) % names.size()]));
  scene.round(events);
  EXPECT_EQ(scene.said(), "");
}

TEST(GeneratedNames, ManyMadeUpDomainsThatDoNotExistAreOne) {
  Scene scene("detect: {generated-names: {count: 20, percent: 50}}\n");
  std::mt19937 random(3);
  std::vector<event::FlowEvent> events;
  for (int i = 0; i < 19; ++i)
    events.push_back(question(i, random_text(random, 14, "abcdefghijklmnopqrstuvwxyz") + ".com", 3));
  scene.round(events);
  scene.round(events);  // the same names again are no further ones
  EXPECT_EQ(scene.said(), "");
  scene.round(question(30, "qxkzvjwpqhgtrz.net", 3));
  ASSERT_EQ(scene.said(), "10.0.0.2 names 1; ");
  EXPECT_THAT(scene.violations()[0].text,
              HasSubstr("20 domains that do not exist were asked for within 10m"));
}

TEST(GeneratedNames, TypingErrorsAndDeadLinksAreNone) {
  Scene scene("detect: {generated-names: {count: 20}}\n");
  const std::vector<std::string> words{"garden",  "winter",  "letter",  "monitor", "bicycle",
                                       "holiday", "printer", "station", "market",  "forest",
                                       "kitchen", "machine", "village", "journal", "library",
                                       "picture", "weather", "concert", "traffic", "factory"};
  std::vector<event::FlowEvent> events;
  for (const std::string& word : words) {
    events.push_back(question(1, word + "s-online.com", 3));
    events.push_back(question(2, "old" + word + ".org", 3));
    events.push_back(question(3, "qxkzvjwpqhgtrz" + word + ".net", 0));   // these exist
    events.push_back(question(4, "fkqzxw" + word + ".corp.example", 3));  // one domain
  }
  scene.round(events);
  EXPECT_EQ(scene.said(), "");
}

TEST(NameShape, TellsMadeUpNamesFromWords) {
  std::mt19937 random(11);
  int seen = 0;
  for (int i = 0; i < 1'000; ++i)
    seen += looks_generated(random_text(random, 12, "abcdefghijklmnopqrstuvwxyz")) ? 1 : 0;
  EXPECT_GT(seen, 750);
  for (const char* word :
       {"google", "wikipedia", "stackoverflow", "doubleclick", "akamaiedge", "bankofamerica", "volkswagen",
        "postgresql", "deutschebahn", "xn--mnchen-3ya", "short", "office365"})
    EXPECT_FALSE(looks_generated(word)) << word;
  EXPECT_TRUE(looks_generated("a1b2c3d4e5f6"));
  EXPECT_EQ(entropy_hundredths(""), 0);
  EXPECT_EQ(entropy_hundredths("aaaa"), 0);
  EXPECT_EQ(entropy_hundredths("abab"), 100);
  EXPECT_EQ(entropy_hundredths("abcd"), 200);
  EXPECT_FALSE(load_of("aaaaaaaaa.bbbbbbbbbb.example.org", "example.org").carrying);
  EXPECT_TRUE(load_of("aaaaaaaaaa.bbbbbbbbbb.example.org", "example.org").carrying) << "20 characters";
  EXPECT_EQ(load_of("aaaaaaaaaa.bbbbbbbbbbb.example.org", "example.org").longest, 11);
}

}  // namespace
}  // namespace weir::policy
