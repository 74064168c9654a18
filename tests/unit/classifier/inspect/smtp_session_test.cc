// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/smtp_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "classifier/inspect/smtp_address.h"
#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::Inspected;
using testing::ElementsAre;
using testing::IsEmpty;

/// A flow to a mail server that has greeted and answered EHLO with the usual offers.
InspectedFlow greeted(std::uint16_t port = 25) {
  InspectedFlow flow(port);
  flow.server("220 mail.example ESMTP ready\r\n");
  flow.client("EHLO client.example\r\n");
  flow.server("250-mail.example\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-STARTTLS\r\n250 8BITMIME\r\n");
  return flow;
}

TEST(SmtpSession, EnvelopeOfAMessage) {
  InspectedFlow flow = greeted();
  EXPECT_EQ(flow.facts.mail.protocol, "smtp");
  EXPECT_EQ(flow.facts.mail.helo, "client.example");
  EXPECT_TRUE(flow.facts.mail.starttls_offered);
  flow.client("MAIL FROM:<a@Sender.Example> SIZE=100\r\n");
  EXPECT_EQ(flow.facts.mail.sender, "a@sender.example");
  flow.server("250 ok\r\n");
  flow.client("RCPT TO:<b@Blocked.example>\r\n");
  EXPECT_EQ(flow.facts.mail.pending_recipient, "b@blocked.example");
  EXPECT_THAT(flow.facts.mail.recipients, IsEmpty());
  flow.server("250 ok\r\n");
  EXPECT_EQ(flow.facts.mail.pending_recipient, "");
  EXPECT_THAT(flow.facts.mail.recipients, ElementsAre("b@blocked.example"));
  flow.client("DATA\r\n");
  flow.server("354 go on\r\n");
  flow.client("Subject: x\r\n\r\nRCPT TO:<no@command.example>\r\n..\r\n.\r\n");
  EXPECT_EQ(flow.facts.mail.messages, 0U);
  flow.server("250 queued\r\n");
  EXPECT_EQ(flow.facts.mail.messages, 1U);
  EXPECT_THAT(flow.recipients, ElementsAre("b@blocked.example"));
  EXPECT_FALSE(flow.inspector.names_final());
}

TEST(SmtpSession, PipelinedRecipientsAreJudgedOneByOne) {
  InspectedFlow flow = greeted(587);
  EXPECT_EQ(flow.facts.mail.protocol, "submission");
  flow.client(
      "MAIL FROM:<>\r\nRCPT TO:<a@one.example>\r\nRCPT TO:<b@two.example>\r\nRCPT "
      "TO:<c@three.example>\r\nDATA\r\n");
  EXPECT_THAT(flow.recipients, ElementsAre("a@one.example", "b@two.example", "c@three.example"));
  flow.server("250 ok\r\n250 ok\r\n550-no\r\n550 such user\r\n250 ok\r\n354 go\r\n");
  EXPECT_THAT(flow.facts.mail.recipients, ElementsAre("a@one.example", "c@three.example"));
  EXPECT_EQ(flow.facts.mail.sender, "");
}

TEST(SmtpSession, AnySegmentationJudgesTheSame) {
  const std::string session =
      "eHlO x\nmAiL fRoM: <s@a.example>\nrCpT tO :  <r@Blocked.Example.>\r\nRCPT TO:q@other.example "
      "NOTIFY=NEVER\r\n";
  for (std::size_t bytes = 1; bytes <= session.size(); ++bytes) {
    SCOPED_TRACE(bytes);
    InspectedFlow flow(2'525);
    flow.server("220 hello\r\n");
    flow.client_in_pieces(session, bytes);
    EXPECT_THAT(flow.recipients, ElementsAre("r@blocked.example", "q@other.example"));
    EXPECT_EQ(flow.facts.mail.sender, "s@a.example");
  }
}

TEST(SmtpSession, RefusedMailAndResetKeepOrDropTheEnvelope) {
  InspectedFlow flow = greeted();
  flow.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n");
  flow.server("250 ok\r\n250 ok\r\n");
  flow.client("MAIL FROM:<other@a.example>\r\n");
  flow.server("503 nested\r\n");
  EXPECT_EQ(flow.facts.mail.sender, "a@a.example");
  flow.client("EHLO bad name\r\n");
  flow.server("501 no\r\n");
  EXPECT_THAT(flow.facts.mail.recipients, ElementsAre("b@b.example"));
  flow.client("RSET\r\n");
  flow.server("250 ok\r\n");
  EXPECT_THAT(flow.facts.mail.recipients, IsEmpty());
}

TEST(SmtpSession, ChunksAreNotCommands) {
  InspectedFlow flow = greeted();
  flow.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n");
  flow.server("250 ok\r\n250 ok\r\n");
  flow.client("BDAT 26\r\nRCPT TO:<no@no.example>\r\n\r\nBDAT 0 LAST\r\nMAIL FROM:<second@a.example>\r\n");
  flow.server("250 ok\r\n250 ok\r\n250 ok\r\n");
  EXPECT_EQ(flow.facts.mail.messages, 1U);
  EXPECT_EQ(flow.facts.mail.sender, "second@a.example");
  EXPECT_THAT(flow.recipients, ElementsAre("b@b.example"));
  EXPECT_EQ(flow.client("BDAT 90000 LAST\r\nabc").skip_bytes, 0U);  // the message is looked at
}

TEST(SmtpSession, ChunkWithoutOfferIsReadAsCommands) {
  InspectedFlow flow(25);
  flow.server("220 mail.example ESMTP\r\n");
  flow.client("EHLO x\r\n");
  flow.server("250 mail.example\r\n");
  flow.client("BDAT 30\r\nRCPT TO:<hidden@blocked.example>\r\n");
  EXPECT_THAT(flow.recipients, ElementsAre("hidden@blocked.example"));
}

TEST(SmtpSession, StartTlsHandsOverToTls) {
  InspectedFlow flow = greeted();
  flow.client("STARTTLS\r\n");
  flow.server("220 go ahead\r\n");
  EXPECT_TRUE(flow.facts.mail.starttls_used);
  flow.client(client_hello("mx.example"));
  EXPECT_EQ(flow.facts.tls.sni, "mx.example");
  EXPECT_TRUE(flow.inspector.names_final());
}

TEST(SmtpSession, RefusedStartTlsGoesOn) {
  InspectedFlow flow = greeted();
  flow.client("STARTTLS\r\n");
  flow.server("454 not now\r\n");
  EXPECT_FALSE(flow.facts.mail.starttls_used);
  flow.client("MAIL FROM:<a@a.example>\r\n");
  EXPECT_EQ(flow.facts.mail.sender, "a@a.example");
}

TEST(SmtpSession, NothingMayFollowStartTls) {
  InspectedFlow flow = greeted();
  flow.client("STARTTLS\r\nMAIL FROM:<a@a.example>\r\n");
  EXPECT_TRUE(flow.server("220 go ahead\r\n").parser_error);
  InspectedFlow plain = greeted();
  plain.client("STARTTLS\r\n");
  plain.server("220 go ahead\r\n");
  EXPECT_TRUE(plain.client("MAIL FROM:<a@a.example>\r\n").parser_error);
}

TEST(SmtpSession, AuthLinesAreNotCommands) {
  InspectedFlow flow = greeted();
  flow.client("AUTH LOGIN\r\n");
  flow.server("334 VXNlcm5hbWU6\r\n");
  flow.client("RCPT TO:<secret@password.example>\r\n");
  flow.server("334 UGFzc3dvcmQ6\r\n");
  flow.client("c2VjcmV0\r\n");
  flow.server("235 ok\r\n");
  EXPECT_THAT(flow.recipients, IsEmpty());
  flow.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n");
  flow.server("250 ok\r\n250 ok\r\n");
  EXPECT_THAT(flow.facts.mail.recipients, ElementsAre("b@b.example"));
}

TEST(SmtpSession, OrdinaryBodiesAreNoErrors) {
  for (const std::string body :
       {".\r\n", "a\nb\r\n.\r\n", "..\r\n...\r\n.\r\n", ".x\r\n.\r\n", "a\r\r\n.\r\n", "\r\n\r\n.\r\n"}) {
    SCOPED_TRACE(body);
    InspectedFlow flow = greeted();
    flow.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n");
    flow.server("250 ok\r\n250 ok\r\n354 go\r\n");
    EXPECT_FALSE(flow.client(body + "MAIL FROM:<next@a.example>\r\n").parser_error);
    EXPECT_EQ(flow.facts.mail.sender, "next@a.example");
  }
}

TEST(SmtpSession, BodyBeforeTheReplyToData) {
  InspectedFlow flow = greeted();
  EXPECT_FALSE(
      flow.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nhello\r\n.\r\n").parser_error);
  flow.server("250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n");
  EXPECT_EQ(flow.facts.mail.messages, 1U);
}

TEST(SmtpSession, JunkBeforeTheFirstCommand) {
  InspectedFlow flow(25);
  flow.client("FOO\r\n\x01\x02\r\n");
  flow.server("220 mail\r\n500 what\r\n500 what\r\n");
  flow.client("HELO x\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nRCPT TO:<c@c.example>\r\n");
  EXPECT_THAT(flow.recipients, ElementsAre("b@b.example", "c@c.example"));
  flow.server("250 hi\r\n250 ok\r\n550 no\r\n250 ok\r\n");
  EXPECT_THAT(flow.facts.mail.recipients, ElementsAre("c@c.example"));
}

TEST(SmtpSession, EmptyLinesBeforeTheFirstCommandAreAnswered) {
  InspectedFlow flow(25);
  flow.client("\r\n \r\n\n \x01\r\n");
  flow.server("220 mail\r\n500 what\r\n500 what\r\n500 what\r\n500 what\r\n");
  flow.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n");
  flow.server("250 ok\r\n550 no\r\n");
  EXPECT_THAT(flow.recipients, ElementsAre("b@b.example"));
  EXPECT_THAT(flow.facts.mail.recipients, IsEmpty());
}

TEST(SmtpSession, ClientCannotSwapTheRoles) {
  InspectedFlow flow(25);
  flow.client("220 I am the server\r\n");
  flow.server("220 mail\r\n500 what\r\n");
  flow.client("HELO x\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n");
  EXPECT_THAT(flow.recipients, ElementsAre("b@b.example"));
}

TEST(SmtpSession, FtpIsNotMail) {
  InspectedFlow flow(21);
  flow.server("220 ProFTPD ready\r\n");
  flow.client("USER anonymous\r\n");
  flow.server("331 password\r\n");
  EXPECT_FALSE(flow.facts.mail.seen);
  flow.client("AUTH TLS\r\n");
  flow.server("234 go\r\n");
  flow.client(client_hello("ftp.example"));
  EXPECT_EQ(flow.facts.host, "ftp.example");
}

TEST(SmtpSession, TentativeSessionEnds) {
  InspectedFlow flow(21);
  flow.server("220 hello\r\n");
  for (int i = 0; i < 2'000 && !flow.inspector.names_final(); ++i)
    flow.client("LIST " + std::string(10, 'x') + "\r\n");
  EXPECT_TRUE(flow.inspector.names_final());
}

TEST(SmtpSession, LimitsAreUndecidable) {
  InspectedFlow line = greeted();
  EXPECT_TRUE(line.client(std::string(classifier::kSmtpLineBytesMax + 1, 'x')).undecidable);
  InspectedFlow reply = greeted();
  reply.client("NOOP\r\n");
  EXPECT_TRUE(reply.server(std::string(classifier::kSmtpReplyLineBytesMax + 1, '2')).undecidable);
  InspectedFlow pipelined = greeted();
  Inspected last;
  for (std::size_t i = 0; i <= classifier::kSmtpOutstandingMax && !last.undecidable; ++i)
    last = pipelined.client("NOOP\r\n");
  EXPECT_TRUE(last.undecidable);
  last = {};
  InspectedFlow many = greeted();
  many.client("MAIL FROM:<a@a.example>\r\n");
  many.server("250 ok\r\n");
  for (std::size_t i = 0; i <= classifier::kMailRecipientsMax && !last.undecidable; ++i) {
    many.client("RCPT TO:<b@b.example>\r\n");
    last = many.server("250 ok\r\n");
  }
  EXPECT_TRUE(last.undecidable);
}

TEST(SmtpSession, NulInACommandIsAnError) {
  InspectedFlow flow = greeted();
  EXPECT_TRUE(flow.client(std::string("RCPT TO:<a\0@b.example>\r\n", 24)).parser_error);
  InspectedFlow bare = greeted();
  EXPECT_TRUE(bare.client("RCPT TO:<a@b.example>\rRCPT TO:<c@d.example>\r\n").parser_error);
}

TEST(SmtpSession, LmtpAnswersEachRecipient) {
  InspectedFlow flow(24);
  flow.server("220 LMTP\r\n");
  flow.client("LHLO x\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nRCPT TO:<c@c.example>\r\n");
  flow.server("250 hi\r\n250 ok\r\n250 ok\r\n250 ok\r\n");
  flow.client("DATA\r\n");
  flow.server("354 go\r\n");
  flow.client("x\r\n.\r\nMAIL FROM:<next@a.example>\r\n");
  flow.server("250 one\r\n250 two\r\n");
  EXPECT_EQ(flow.facts.mail.messages, 1U);
  EXPECT_THAT(flow.facts.mail.recipients, ElementsAre("b@b.example", "c@c.example"));
  flow.server("250 ok\r\n");
  EXPECT_THAT(flow.facts.mail.recipients, IsEmpty());
}

TEST(SmtpSession, RepliesOfLmtpAreNoWayAroundTheLimit) {
  InspectedFlow flow(24);
  flow.server("220 LMTP\r\n");
  flow.client("LHLO x\r\nMAIL FROM:<a@a.example>\r\n");
  flow.server("250-hi\r\n250 CHUNKING\r\n250 ok\r\n");
  for (std::size_t i = 0; i < classifier::kMailRecipientsMax; ++i) {
    flow.client("RCPT TO:<b@b.example>\r\n");
    flow.server("250 ok\r\n");
  }
  for (std::size_t i = 0; i < 100; ++i) flow.client("BDAT 0 LAST\r\n");
  flow.server("250 one of a thousand\r\n");
  EXPECT_TRUE(flow.client("NOOP\r\n").undecidable);
}

TEST(SmtpAddress, AsServersReadIt) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"TO:<a@b.example>", "a@b.example"},
      {"to : <a@B.Example.>", "a@b.example"},
      {"TO: a@b.example NOTIFY=x", "a@b.example"},
      {"TO:<>", ""},
      {"TO:<postmaster>", "postmaster"},
      {"TO:<\"a@x\"@blocked.example>", "\"a@x\"@blocked.example"},
      {"TO:<\"a\\\"@x\"@blocked.example>", "\"a\\\"@x\"@blocked.example"},
      {"TO:<@relay.example,@two.example:u@blocked.example>", "u@blocked.example"},
      {"TO:<u%blocked@relay.example>", "u%blocked@relay.example"},
      {"TO:<u@[192.0.2.1]>", "u@[192.0.2.1]"},
      {"TO:<u(c)@(c(d))blocked.example>", "u@blocked.example"},
      {"TO:< u@blocked.example > ORCPT=rfc822;x@y", "u@blocked.example"},
      {"TO:<u@xn--bcher-kva.example>", "u@xn--bcher-kva.example"},
      {"TO:<u@b\xc3\xbc"
       "cher.example>",
       "u@xn--bcher-kva.example"},
      {"TO<u@b.example>", "u@b.example"},
  };
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(classifier::parse_mail_path(text, "TO"), expected) << text;
  for (const char* text : {"", "FROM:<a@b.example>", "TO a@b.example", "TOO:<a@b.example>"}) {
    EXPECT_EQ(classifier::parse_mail_path(text, "TO"), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace weir::test
