// SPDX-License-Identifier: Apache-2.0
// mail-burst, many-recipients, direct-to-mx and mail-to-new-domains.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/detect/scene.h"

namespace weir::policy {
namespace {

using test::event_at;
using test::kDayS;
using test::kHourS;
using test::Scene;
using testing::HasSubstr;

event::FlowEvent mail(std::int64_t second, std::uint32_t messages,
                      const std::vector<std::string>& recipients = {},
                      const std::string& client = "10.0.0.2") {
  event::FlowEvent event = event_at(second, client);
  event.set_responder_port(25);
  event.mutable_counters()->set_packets_from_responder(5);
  event.mutable_mail()->set_protocol("smtp");
  event.mutable_mail()->set_visibility("cleartext");
  event.mutable_mail()->set_messages(messages);
  for (const std::string& one : recipients) event.mutable_mail()->add_recipients(one);
  return event;
}

std::vector<std::string> addresses(int count, const std::string& domain, int from = 0) {
  std::vector<std::string> all;
  for (int i = from; i < from + count; ++i) all.push_back("user" + std::to_string(i) + "@" + domain);
  return all;
}

TEST(MailBurst, ManyMailsWithinTheWindowAreOne) {
  Scene scene("detect: {mail-burst: {count: 10, within: 1h}}\n");
  scene.round({mail(60, 5), mail(120, 4)});
  EXPECT_EQ(scene.said(), "");
  event::FlowEvent hidden = mail(180, 0);
  hidden.mutable_mail()->set_visibility("opportunistic-tls");
  scene.round(hidden);
  ASSERT_EQ(scene.said(), "10.0.0.2 mail 1; ");
  EXPECT_THAT(scene.violations()[0].text, HasSubstr("10 mails in 3 sessions within 1h"));
  EXPECT_EQ(scene.violations()[0].evidence.size(), 3U);
}

TEST(MailBurst, ADayOfOrdinaryMailIsNone) {
  Scene scene(
      "groups: {mail-servers: {hosts: [10.0.0.25]}}\n"
      "detect: {mail-burst: {count: 10, within: 1h, except: mail-servers}}\n");
  std::vector<event::FlowEvent> events;
  for (int i = 0; i < 200; ++i) events.push_back(mail(i * 450, 1));  // 8 an hour
  for (int i = 0; i < 500; ++i) {
    events.push_back(mail(i * 10, 3, {}, "10.0.0.25"));
    events.back().set_group("mail-servers");
    events.push_back(mail(i, 0));  // nothing was sent
    events.push_back(mail(i, 9));
    events.back().mutable_mail()->set_protocol("imap");
  }
  scene.round(events);
  EXPECT_EQ(scene.said(), "");
}

TEST(ManyRecipients, DifferentAddressesCountOnce) {
  Scene scene("detect: {many-recipients: {count: 30, within: 1h}}\n");
  scene.round({mail(0, 1, addresses(20, "a.example")), mail(60, 1, addresses(20, "a.example"))});
  scene.round(mail(120, 1, addresses(9, "b.example")));
  EXPECT_EQ(scene.said(), "");
  scene.round(mail(180, 1, addresses(1, "c.example")));
  ASSERT_EQ(scene.said(), "10.0.0.2 recipients 1; ");
  EXPECT_THAT(scene.violations()[0].text, HasSubstr("mail to 30 different addresses within 1h"));
}

TEST(ManyRecipients, TheSameColleaguesAllDayAreNone) {
  Scene scene("detect: {many-recipients: {count: 30}}\n");
  for (int i = 0; i < 100; ++i) scene.round(mail(i * 600, 1, addresses(12, "corp.example", i % 3)));
  EXPECT_EQ(scene.said(), "");
}

TEST(DirectToMx, WhoStartsToSpeakSmtpToOutsideIsOne) {
  Scene scene("detect: {direct-to-mx: {count: 3, within: 1h, learn_days: 7}}\n");
  scene.round(
      {event_at(0, "10.0.0.9"), mail(kDayS, 1, {}, "10.0.0.25")});  // a server: it did so from the beginning
  std::vector<event::FlowEvent> later;
  for (int i = 0; i < 50; ++i) later.push_back(mail(8 * kDayS + i, 1, {}, "10.0.0.25"));
  later.push_back(mail(8 * kDayS, 1));
  later.push_back(mail(8 * kDayS + 1, 1));
  scene.round(later);
  EXPECT_EQ(scene.said(), "");
  scene.round(mail(8 * kDayS + 2, 1));
  ASSERT_EQ(scene.said(), "10.0.0.2 port 25 1; ");
  EXPECT_THAT(scene.violations()[0].text, HasSubstr("3 SMTP connections to 1 servers outside within 1h"));
}

TEST(DirectToMx, ReceivingInsideAndUnansweredAreNone) {
  Scene scene("detect: {direct-to-mx: {count: 1, learn_days: 0}}\n");
  event::FlowEvent received = mail(10, 1);
  received.set_initiator("203.0.113.5");
  received.set_responder("10.0.0.25");
  received.set_initiator_inside(false);
  event::FlowEvent relay = mail(11, 1);
  relay.set_responder("192.168.7.25");
  event::FlowEvent unanswered = mail(12, 0);
  unanswered.clear_mail();
  unanswered.mutable_counters()->set_packets_from_responder(0);
  event::FlowEvent submission = mail(13, 1);
  submission.set_responder_port(587);
  scene.round({received, relay, unanswered, submission});
  EXPECT_EQ(scene.said(), "");
  scene.round(mail(14, 1));
  EXPECT_EQ(scene.said(), "10.0.0.2 port 25 1; ");
}

TEST(MailToNewDomains, ManyOfThemAreOneAndKnownOnesNever) {
  Scene scene("detect: {mail-to-new-domains: {count: 4, within: 24h, learn_days: 14}}\n");
  std::vector<std::string> known;
  for (int i = 0; i < 50; ++i) known.push_back("anna@partner" + std::to_string(i) + ".example");
  scene.round(mail(0, 1, known));
  scene.round(mail(20 * kDayS, 1, known));
  scene.round(
      mail(20 * kDayS + 5, 1,
           {"a@mail.one.example", "b@one.example", "c@two.co.uk", "d@three.co.uk", "not an address"}));
  EXPECT_EQ(scene.said(), "") << "three domains";
  scene.round(mail(20 * kDayS + kHourS, 1, {"e@four.example"}));
  ASSERT_EQ(scene.said(), "10.0.0.2 new domains 1; ");
  EXPECT_THAT(scene.violations()[0].text,
              HasSubstr("mail to 4 domains within 24h to which nobody wrote before, among them "
                        "four.example, one.example, three.co.uk, two.co.uk"));
}

}  // namespace
}  // namespace weir::policy
