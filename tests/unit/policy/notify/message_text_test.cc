// SPDX-License-Identifier: Apache-2.0
#include "policy/notify/message_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "policy/notify/shown_subject.h"
#include "policy/notify/syslog_line.h"

namespace weir::notify {
namespace {

using policy::NotificationCause;
using policy::ToldContent;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr TimeNs kMade = 1'795'856'502 * kSecond;  // 2026-11-28T09:01:42Z

ToldContent content() {
  ToldContent made;
  made.violations = 3;
  made.left_out = 2;
  made.rules = {{"no-gambling", NotificationCause::kNew, Severity::kHigh, 2, 12, 1},
                {"no-tor", NotificationCause::kOverdue, Severity::kLow, 1, 1, 1}};
  policy::Violation one;
  one.id = 17;
  one.rule = "no-gambling";
  one.section = "web";
  one.action = "block";
  one.severity = Severity::kHigh;
  one.subject = "anna@EXAMPLE.COM";
  one.object = "bet.example\r\nBcc: x@evil.example \"quoted\" ] end";
  one.count = 11;
  one.revision = 4;
  one.first_seen = kMade - 60 * kSecond;
  one.last_seen = kMade - kSecond;
  made.first = {{NotificationCause::kNew, one}};
  return made;
}

NotificationReceiver receiver(ReceiverKind kind, const std::string& to) {
  NotificationReceiver made;
  made.name = "officers";
  made.kind = kind;
  made.to = {to};
  return made;
}

TEST(MessageText, AMailSaysWhatAndWhatToDoNext) {
  const Message made = message_of(content(), receiver(ReceiverKind::kMail, "o@example.org"), "gate-1", kMade);
  EXPECT_EQ(made.title, "[Weir gate-1] 3 new or overdue violations, severity high");
  EXPECT_EQ(made.key, "01795856502000000000-gate-1-officers");
  EXPECT_THAT(made.body, StartsWith("The appliance gate-1 has 3 violations to look at, of 13 hits."));
  EXPECT_THAT(made.body, HasSubstr("  high               2       12        1  no-gambling\n"));
  EXPECT_THAT(made.body, HasSubstr("no-tor (overdue)\n"));
  EXPECT_THAT(made.body, HasSubstr("  #17 high no-gambling: block, user 1 -> "));
  EXPECT_THAT(made.body, HasSubstr(", 11 hits, last 2026-11-28T09:01:41Z\n  and 2 more\n"));
  EXPECT_THAT(made.body, HasSubstr("2 further ones were closed before this message"));
  EXPECT_THAT(made.body, HasSubstr("weirctl violation show 17"));
  EXPECT_THAT(made.body, Not(HasSubstr("anna")));
  EXPECT_THAT(made.body, Not(HasSubstr("\r")));
}

TEST(MessageText, AWebhookIsJsonWithoutAName) {
  const Message made =
      message_of(content(), receiver(ReceiverKind::kWebhook, "https://desk.example.org"), "gate-1", kMade);
  const auto json = nlohmann::json::parse(made.body);
  EXPECT_EQ(json["weir_notification"], 1);
  EXPECT_EQ(json["key"], made.key);
  EXPECT_EQ(json["violations"], 3);
  EXPECT_EQ(json["rules"][1]["cause"], "overdue");
  EXPECT_EQ(json["first"][0]["id"], 17);
  EXPECT_EQ(json["first"][0]["subject"], "user 1");
  EXPECT_EQ(json["first"][0]["last_seen"], "2026-11-28T09:01:41Z");
  EXPECT_THAT(made.body, Not(HasSubstr("anna")));
}

TEST(MessageText, BrokenUtf8IsNoBrokenJson) {
  ToldContent told = content();
  told.first.front().violation.object = "a\xff\xc3";
  const Message made = message_of(told, receiver(ReceiverKind::kWebhook, "https://x"), "gate-1", kMade);
  EXPECT_FALSE(nlohmann::json::parse(made.body, nullptr, false).is_discarded());
}

TEST(MessageText, SyslogIsALineAViolationAndOneForTheRest) {
  const Message made =
      message_of(content(), receiver(ReceiverKind::kSyslog, "udp://10.0.0.9:514"), "gate-1", kMade);
  EXPECT_EQ(std::count(made.body.begin(), made.body.end(), '\n'), 2);
  EXPECT_THAT(made.body,
              StartsWith("<131>1 2026-11-28T09:01:42Z gate-1 weir-notify - violation [weir@32473 key=\"" +
                         made.key + "\" id=\"17\" cause=\"new\" rule=\"no-gambling\""));
  EXPECT_THAT(made.body, HasSubstr("\\\"quoted\\\" \\] end\""));
  EXPECT_THAT(made.body, HasSubstr("violations [weir@32473"));
  EXPECT_THAT(made.body, HasSubstr("2 more violations: weirctl violation list\n"));
}

TEST(MessageText, ALocalSocketGetsTheFormThatItsReadersKnow) {
  const Message made =
      message_of(content(), receiver(ReceiverKind::kSyslog, "unix:/dev/log"), "gate-1", kMade);
  EXPECT_THAT(made.body,
              StartsWith("<131>Nov 28 09:01:42 weir-notify: new violation of no-gambling by user 1: "));
}

TEST(MessageText, ALineIsBounded) {
  ToldContent told = content();
  policy::Violation& one = told.first.front().violation;
  one.rule = std::string(1'024, ']');
  one.object = std::string(1'000, '"');
  for (std::size_t i = 0; i < 500; ++i) one.subject += "ä";
  const Message made =
      message_of(told, receiver(ReceiverKind::kSyslog, "udp://10.0.0.9:514"), "gate-1", kMade);
  EXPECT_LE(made.body.find('\n'), kSyslogLineBytesMax);
  const Message mail = message_of(told, receiver(ReceiverKind::kMail, "o@example.org"), "gate-1", kMade);
  EXPECT_LT(mail.body.size(), 4'000U);
}

TEST(MessageText, ATestSaysThatItIsOne) {
  for (const auto& [kind, to] :
       {std::pair{ReceiverKind::kMail, "o@example.org"}, std::pair{ReceiverKind::kWebhook, "https://x"},
        std::pair{ReceiverKind::kSyslog, "udp://10.0.0.9:514"}}) {
    const Message made = test_message(receiver(kind, to), "gate-1", kMade);
    EXPECT_EQ(made.title, "[Weir gate-1] test of notifications");
    EXPECT_FALSE(made.body.empty());
  }
}

TEST(ShownSubjects, PeopleAreNumbersOfThisTextAlone) {
  ShownSubjects shown;
  EXPECT_EQ(shown.subject("10.0.0.2"), "10.0.0.2");
  EXPECT_EQ(shown.subject("fd00::2"), "fd00::2");
  EXPECT_EQ(shown.subject("00:11:22:33:44:55"), "00:11:22:33:44:55");
  EXPECT_EQ(shown.subject("group staff"), "group staff");
  EXPECT_EQ(shown.subject("all"), "all");
  EXPECT_EQ(shown.subject("bob@EXAMPLE.COM"), "user 1");
  EXPECT_EQ(shown.subject("anna"), "user 2");
  EXPECT_EQ(shown.subject("bob@EXAMPLE.COM"), "user 1");
  EXPECT_EQ(shown.object("bet.example"), "bet.example");
  EXPECT_EQ(shown.object("anna.smith@partner.example"), "...@partner.example");
  ShownSubjects other{{[](const std::string& one) { return "p-" + std::to_string(one.size()); }, {}}};
  EXPECT_EQ(other.subject("10.0.0.2"), "p-8");
}

}  // namespace
}  // namespace weir::notify
