// SPDX-License-Identifier: Apache-2.0
#include "policy/model/notification_settings.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/model/settings.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> mistakes_of(const std::string& receivers) {
  const auto settings = parse_settings("weir: 1\nnotifications:\n" + receivers, "w");
  std::vector<std::string> texts;
  if (!settings)
    for (const Error& error : settings.error()) texts.push_back(to_text(error));
  return texts;
}

TEST(NotificationSettings, EachKindAndItsDefaults) {
  const auto settings = parse_settings(R"(weir: 1
notifications:
  - name: officers
    kind: mail
    to: [officer@example.org, "second.officer@example.org"]
    from: weir@example.org
    server: "smtp://mail.example.org:587"
    user: weir
    password_file: /etc/weir/mail.password
    severity: high
    rules: [no-gambling, "weir-*"]
    interval: 1h
    reports: [daily, monthly]
  - {name: desk, kind: webhook, to: "https://desk.example.org/hook?x=1", secret_file: /s, gather: 1s}
  - {name: siem, kind: syslog, to: "tcp://[fd00::9]:601", facility: local4}
)",
                                       "w");
  ASSERT_TRUE(settings) << to_text(settings.error().front());
  ASSERT_EQ(settings->notifications.size(), 3U);
  const NotificationReceiver& mail = settings->notifications[0];
  EXPECT_EQ(mail.kind, ReceiverKind::kMail);
  EXPECT_THAT(mail.to, ElementsAre("officer@example.org", "second.officer@example.org"));
  EXPECT_EQ(mail.severity, Severity::kHigh);
  EXPECT_EQ(mail.interval, 3'600 * kSecond);
  EXPECT_THAT(mail.reports, ElementsAre("daily", "monthly"));
  EXPECT_TRUE(mail.wants("no-gambling"));
  EXPECT_TRUE(mail.wants("weir-unproved-rule"));
  EXPECT_FALSE(mail.wants("no-gambling-too"));
  const NotificationReceiver& desk = settings->notifications[1];
  EXPECT_EQ(desk.gather, kSecond);
  EXPECT_EQ(desk.interval, 60 * kSecond);
  EXPECT_EQ(desk.severity, Severity::kMedium);
  EXPECT_TRUE(desk.wants("anything"));
  EXPECT_EQ(settings->notifications[2].facility, 20U);
}

TEST(NotificationSettings, SyslogAddresses) {
  SyslogAddress to;
  ASSERT_TRUE(parse_syslog_address("udp://10.0.0.9:514", to));
  EXPECT_EQ(to.way, SyslogAddress::Way::kUdp);
  EXPECT_EQ(to.host, "10.0.0.9");
  EXPECT_EQ(to.port, "514");
  ASSERT_TRUE(parse_syslog_address("tcp://[fd00::9]:601", to));
  EXPECT_EQ(to.host, "fd00::9");
  ASSERT_TRUE(parse_syslog_address("unix:/dev/log", to));
  EXPECT_EQ(to.path, "/dev/log");
  for (const char* wrong : {"", "udp://", "udp://host", "udp://host:0x1", "udp://host:65536",
                            "tcp://[::1:514", "tcp://a/b:1", "unix:log", "tls://host:6514", "udp://a b:1"})
    EXPECT_FALSE(parse_syslog_address(wrong, to)) << wrong;
  EXPECT_FALSE(parse_syslog_address("unix:/" + std::string(107, 'a'), to));
}

TEST(NotificationSettings, EveryMistakeAtItsPlace) {
  EXPECT_THAT(mistakes_of("  {}\n"), ElementsAre(HasSubstr("w:3:3: error: notifications must be a list")));
  EXPECT_THAT(mistakes_of("  - mail\n"),
              ElementsAre(HasSubstr("w:3:5: error: a receiver of notifications is a map")));
  EXPECT_THAT(mistakes_of("  - {name: a}\n"),
              ElementsAre(HasSubstr("w:3:5: error: the receiver has no kind")));
  EXPECT_THAT(mistakes_of("  - {name: a, kind: pager}\n"),
              ElementsAre(HasSubstr("w:3:21: error: kind is \"pager\"")));
  EXPECT_THAT(mistakes_of("  - {kind: mail}\n"),
              ElementsAre(HasSubstr("has no name"), HasSubstr("has no to"), HasSubstr("has no from"),
                          HasSubstr("has no server")));
  EXPECT_THAT(
      mistakes_of("  - name: A\n    kind: mail\n    to: [a, \"b@c\\nRCPT TO:<x@y>\"]\n    from: \"<x@y>\"\n"
                  "    server: \"http://x\"\n    user: u\n    severity: urgent\n    rules: [\"a*b\"]\n"
                  "    interval: soon\n    reports: [yearly]\n    secret_file: /s\n"),
      ElementsAre(HasSubstr("w:3:11: error: name is \"A\""), HasSubstr("w:5:10: error: to is \"a\""),
                  HasSubstr("w:5:13: error: to is"), HasSubstr("w:6:11: error: from is"),
                  HasSubstr("w:7:13: error: server is"),
                  HasSubstr("w:8:11: error: user without password_file"),
                  HasSubstr("w:9:15: error: severity is"), HasSubstr("w:10:13: error: \"a*b\" names no rule"),
                  HasSubstr("w:11:15: error: interval is"), HasSubstr("w:12:15: error: there is no report"),
                  HasSubstr("w:13:5: error: unknown key secret_file")));
  EXPECT_THAT(mistakes_of("  - {name: a, kind: webhook, to: \"http://x/\", secret_file: s}\n"),
              ElementsAre(HasSubstr("to is \"http://x/\""), HasSubstr("secret_file is \"s\"")));
  EXPECT_THAT(mistakes_of("  - {name: a, kind: webhook, to: \"https://x/\"}\n"),
              ElementsAre(HasSubstr("has no secret_file")));
  EXPECT_THAT(
      mistakes_of("  - {name: a, kind: syslog, to: [\"udp://a:1\", \"udp://b:1\"], facility: kern}\n"),
      ElementsAre(HasSubstr("to names 2 addresses"), HasSubstr("facility is \"kern\"")));
  const std::string good = "  - {name: a, kind: syslog, to: \"udp://a:1\"}\n";
  EXPECT_THAT(mistakes_of(good + good),
              ElementsAre(HasSubstr("w:4:12: error: a receiver is already called a")));
}

TEST(NotificationSettings, LimitsHold) {
  std::string many;
  for (std::size_t i = 0; i <= kReceiversMax; ++i)
    many += fmt::format("  - {{name: a{}, kind: syslog, to: \"udp://a:1\"}}\n", i);
  EXPECT_THAT(mistakes_of(many), ElementsAre(HasSubstr("17 receivers, more than 16")));
  const auto of_list = [](std::size_t count, const std::string& one) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) list += (i > 0 ? ", " : "") + one + std::to_string(i);
    return "[" + list + "]";
  };
  const std::string head = "  - {name: a, kind: mail, from: a@b, server: \"smtps://b\", ";
  EXPECT_THAT(mistakes_of(head + "to: " + of_list(kMailAddressesMax, "a@b") + "}\n"), ElementsAre());
  EXPECT_THAT(mistakes_of(head + "to: " + of_list(kMailAddressesMax + 1, "a@b") + "}\n"),
              ElementsAre(HasSubstr("to names 33 addresses")));
  EXPECT_THAT(mistakes_of(head + "to: a@b, rules: " + of_list(kReceiverRulesMax + 1, "r") + "}\n"),
              ElementsAre(HasSubstr("rules names 65 rules")));
  EXPECT_THAT(mistakes_of(head + "to: " + std::string(kMailAddressBytesMax, 'a') + "@b}\n"),
              ElementsAre(HasSubstr("to is")));
  EXPECT_THAT(mistakes_of("  - {name: a, kind: webhook, secret_file: /s, to: \"https://x/" +
                          std::string(kReceiverTextBytesMax, 'a') + "\"}\n"),
              ElementsAre(HasSubstr("to is")));
}

}  // namespace
}  // namespace weir
