// SPDX-License-Identifier: Apache-2.0
#include "classifier/notice/notice.h"

#include <gtest/gtest.h>

namespace weir::classifier {
namespace {

constexpr std::string_view kReference = "00000000000000aa-0-7";

TEST(Notice, AnHttpPageSaysWhatWhyAndItsReference) {
  const std::string reply = http_notice({"bet.example", "Not \"here\" & now", kReference}, false);
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 403 Forbidden\r\n"));
  const std::size_t body = reply.find("\r\n\r\n") + 4;
  EXPECT_NE(reply.find("Content-Length: " + std::to_string(reply.size() - body) + "\r\n"), std::string::npos);
  EXPECT_NE(reply.find("bet.example"), std::string::npos);
  EXPECT_NE(reply.find("Not &quot;here&quot; &amp; now"), std::string::npos);
  EXPECT_NE(reply.find(kReference), std::string::npos);
}

TEST(Notice, AHostileNameCannotWriteThePage) {
  const std::string reply = http_notice({"<script>alert(1)</script>\r\n\r\n", "", kReference}, false);
  EXPECT_EQ(reply.find("<script"), std::string::npos);
  EXPECT_EQ(reply.find("\r\n\r\n"), reply.rfind("\r\n\r\n"));
}

TEST(Notice, APageMayHaveAButton) {
  const std::string page = http_notice({"shop.example", "", kReference, "/x?a=1&b=\"2"}, false);
  EXPECT_NE(page.find("<form method=\"post\" action=\"/x?a=1&amp;b=&quot;2\">"), std::string::npos);
  EXPECT_NE(page.find("recorded"), std::string::npos);
  EXPECT_NE(page.find("X-Frame-Options: DENY\r\n"), std::string::npos);
}

TEST(Notice, TheWayOnStaysAtTheHost) {
  EXPECT_NE(http_go_on("/a?b=//c").find("\r\nLocation: /a?b=//c\r\n"), std::string::npos);
  EXPECT_NE(http_go_on("/").find("\r\nLocation: /\r\n"), std::string::npos);
  EXPECT_NE(http_go_on("//evil.example").find("\r\nLocation: /.//evil.example\r\n"), std::string::npos);
  EXPECT_NE(http_go_on("/\\evil.example").find("\r\nLocation: /./\\evil.example\r\n"), std::string::npos);
}

TEST(Notice, HeadGetsTheSameHeadAlone) {
  const Notice notice{"bet.example", "", kReference};
  const std::string whole = http_notice(notice, false);
  EXPECT_EQ(http_notice(notice, true), whole.substr(0, whole.find("\r\n\r\n") + 4));
}

TEST(Notice, EachFitsOneAnswerOfTheChannel) {
  const std::string long_text(3'000, '"');
  EXPECT_LE(http_notice({std::string(2'000, 'x'), long_text.substr(0, 500), kReference}, false).size(),
            kNoticeBytesMax);
  EXPECT_LE(smtp_notice({"", long_text, kReference}).size(), 512U);
}

TEST(Notice, TheTlsAlertIsOneRecord) {
  const std::string alert = tls_notice();
  EXPECT_EQ(alert, std::string("\x15\x03\x03\x00\x02\x02\x31", 7));
}

TEST(Notice, TheSmtpReplyIsOneLineOfAscii) {
  const std::string reply = smtp_notice({"",
                                         "Bitte\r\n250 nicht \xc3\xbc"
                                         "ber",
                                         kReference});
  EXPECT_TRUE(reply.starts_with("550 5.7.1 Bitte??250 nicht ??ber (reference "));
  EXPECT_EQ(reply.find('\r'), reply.size() - 2);
  EXPECT_NE(reply.find(kReference), std::string::npos);
  EXPECT_TRUE(smtp_notice({"", "", kReference}).starts_with("550 5.7.1 Refused by the policy"));
}

}  // namespace
}  // namespace weir::classifier
