// SPDX-License-Identifier: Apache-2.0
// Tricks that show a server another recipient, or another message, than a reader on the wire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "classifier/inspect/smtp_address.h"
#include "classifier/inspect/smtp_session.h"
#include "tests/support/inspected_flow.h"
#include "tests/support/mail_message.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using classifier::Inspected;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

InspectedFlow greeted(bool chunking = true) {
  InspectedFlow flow(25);
  flow.server("220 mail.example ESMTP Postfix\r\n");
  flow.client("EHLO client.example\r\n");
  flow.server(std::string("250-mail.example\r\n250-PIPELINING\r\n") + (chunking ? "250-CHUNKING\r\n" : "") +
              "250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n");
  return flow;
}

/// Up to the answer to DATA.
InspectedFlow in_data() {
  InspectedFlow flow = greeted();
  flow.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n");
  flow.server("250 ok\r\n250 ok\r\n354 go\r\n");
  return flow;
}

constexpr std::string_view kHidden =
    "MAIL FROM:<evil@a.example>\r\nRCPT TO:<x@blocked.example>\r\nDATA\r\nhidden\r\n.\r\n";

TEST(SmtpEvasion, HiddenEnvelopeBehindAnOddEndOfData) {
  for (const std::string end : {"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\r.\n"}) {
    for (const std::size_t piece : {1U, 3U, 1'000U}) {
      SCOPED_TRACE(end + " in pieces of " + std::to_string(piece));
      InspectedFlow flow = in_data();
      const Inspected last =
          flow.client_in_pieces("Subject: s\r\n\r\ntext" + end + std::string(kHidden), piece);
      EXPECT_THAT(flow.recipients, Contains("x@blocked.example"));
      EXPECT_TRUE(flow.facts.mail.smuggling);
      EXPECT_FALSE(last.parser_error || last.undecidable);
      // Whatever the server answers, what comes next is judged.
      flow.server("250 ok\r\n250 ok\r\n");
      flow.client("MAIL FROM:<next@a.example>\r\nRCPT TO:<y@other.example>\r\n");
      EXPECT_THAT(flow.recipients, Contains("y@other.example"));
    }
  }
}

TEST(SmtpEvasion, TheServerTookTheOddEnd) {
  InspectedFlow flow = in_data();
  flow.client("Subject: s\r\n\r\ntext\n.\n");
  flow.server("250 queued\r\n");
  EXPECT_EQ(flow.facts.mail.messages, 1U);
  flow.client("MAIL FROM:<c@a.example>\nRCPT TO:<d@d.example>\nRCPT TO:<e@e.example>\n");
  flow.server("250 ok\r\n550 no\r\n250 ok\r\n");
  EXPECT_THAT(flow.facts.mail.recipients, ElementsAre("e@e.example"));
}

TEST(SmtpEvasion, TheServerTookTheOddEndWithinAPacket) {
  InspectedFlow flow = in_data();
  flow.client("text\n.\nMAIL FROM:<c@a.example>\r\nRCPT TO:<d@d.ex");
  flow.server("250 queued\r\n250 ok\r\n");
  flow.client("ample>\r\nRCPT TO:<e@e.example>\r\n");
  EXPECT_THAT(flow.recipients, ElementsAre("b@b.example", "d@d.example", "e@e.example"));
  EXPECT_THAT(flow.facts.mail.recipients, ElementsAre("b@b.example", "d@d.example", "e@e.example"));
}

TEST(SmtpEvasion, OddLinesInAnOrdinaryMessage) {
  InspectedFlow flow = in_data();
  flow.client("Subject: s\r\n\r\nRCPT TO:<no@no.example>\r\na\nb\r\n");
  EXPECT_FALSE(flow.facts.mail.smuggling);
  EXPECT_THAT(flow.recipients, Not(Contains("no@no.example")));
  flow.client(".\r\n");
  flow.server("250 ok\r\n");
  EXPECT_EQ(flow.facts.mail.messages, 1U);
}

TEST(SmtpEvasion, TextBeforeTheAnswerToData) {
  InspectedFlow flow = greeted();
  flow.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n");
  flow.client("RCPT TO:<x@blocked.example>\r\n");
  EXPECT_THAT(flow.recipients, Contains("x@blocked.example"));
  InspectedFlow refused = flow.facts.mail.seen ? greeted() : greeted();
  refused.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nRCPT TO:<x@blocked.ex");
  refused.server("250 ok\r\n250 ok\r\n503 no\r\n");
  refused.client("ample>\r\n");
  EXPECT_THAT(refused.recipients, Contains("x@blocked.example"));
  InspectedFlow taken = greeted();
  taken.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nMAIL FROM:<no@a.example>\r\n");
  taken.server("250 ok\r\n250 ok\r\n354 go\r\n");
  EXPECT_EQ(taken.facts.mail.sender, "a@a.example");
  taken.client("x\r\n.\r\n");
  taken.server("250 ok\r\n");
  EXPECT_EQ(taken.facts.mail.messages, 1U);
  EXPECT_FALSE(taken.facts.mail.smuggling);
}

TEST(SmtpEvasion, WholeMessageBeforeDataIsRefused) {
  InspectedFlow flow = greeted();
  flow.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nhello\r\n.\r\n");
  flow.server("250 ok\r\n550 no\r\n503 no\r\n500 what\r\n500 what\r\n");
  flow.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<c@c.example>\r\n");
  EXPECT_THAT(flow.facts.mail.recipients, ElementsAre("c@c.example"));  // named is enough now
}

TEST(SmtpEvasion, ChunkThatWasNotOffered) {
  // The command behind the chunk begins in the middle of a line for who reads lines.
  InspectedFlow flow = greeted(false);
  flow.client(
      "MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nBDAT 3\r\nabcRCPT TO:<x@blocked.example>\r\n");
  EXPECT_THAT(flow.recipients, ElementsAre("b@b.example", "x@blocked.example"));
  // And the other way round: the chunk hides commands from who takes it.
  InspectedFlow lines = greeted(false);
  lines.client("BDAT 10000\r\nRCPT TO:<y@blocked.example>\r\n");
  EXPECT_THAT(lines.recipients, ElementsAre("y@blocked.example"));
  lines.server("500 what\r\n250 ok\r\n");
  lines.client("RCPT TO:<z@blocked.example>\r\n");
  EXPECT_THAT(lines.recipients, ElementsAre("y@blocked.example", "z@blocked.example"));
  // A line that begins in the chunk and ends behind it.
  InspectedFlow across = greeted(false);
  across.client("BDAT 12\r\nRCPT TO:<x@blocked.example>\r\nNOOP\r\n");
  EXPECT_THAT(across.recipients, ElementsAre("x@blocked.example"));
  InspectedFlow swallowed = greeted(false);
  swallowed.client("BDAT 40\r\nRCPT TO:<a@a.");
  swallowed.server("250 ok\r\n");
  swallowed.client("example>\r\nxxxxxxxxxxxxxxxxxRCPT TO:<x@blocked.example>\r\n");
  EXPECT_THAT(swallowed.recipients, ElementsAre("x@blocked.example"));
}

TEST(SmtpEvasion, ChunksWithTheNextMailInTheSamePacket) {
  InspectedFlow flow = greeted();
  const std::string text = "Subject: one\r\nContent-Type: a/b; name=n\r\n\r\n.x\r\n.\r\n";
  flow.client(
      "MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nBDAT " + std::to_string(text.size()) + "\r\n" +
      text +
      "BDAT 0 LAST\r\nMAIL FROM:<c@a.example>\r\nRCPT TO:<x@blocked.example>\r\nBDAT 4 LAST\r\nabcdRSET\r\n");
  EXPECT_THAT(flow.recipients, ElementsAre("b@b.example", "x@blocked.example"));
  flow.server("250 ok\r\n250 ok\r\n250 ok\r\n250 queued\r\n250 ok\r\n550 no\r\n503 no\r\n250 reset\r\n");
  EXPECT_EQ(flow.facts.mail.messages, 1U);
  EXPECT_THAT(flow.facts.mail.recipients, IsEmpty());
}

TEST(SmtpEvasion, MessageOfChunks) {
  InspectedFlow flow = greeted();
  flow.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n");
  flow.client("BDAT 16\r\nSubject: chunks\r");
  flow.client("BDAT 46\r\n\nContent-Type: a/b; name=n\r\n\r\n.dots\r\n.\r\nstay\r\n");
  flow.client("BDAT 0 LAST\r\n");
  const MailMessage& message = flow.facts.mail.message.at(0);
  EXPECT_EQ(message.subject, "chunks");
  EXPECT_TRUE(message.done);
  EXPECT_EQ(message.attachments.at(0).sha256, sha256(".dots\r\n.\r\nstay\r\n"));
}

TEST(SmtpEvasion, CommandBehindStartTls) {
  InspectedFlow flow = greeted();
  flow.client("STARTTLS\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<x@blocked.example>\r\n");
  EXPECT_THAT(flow.recipients, ElementsAre("x@blocked.example"));
  EXPECT_TRUE(flow.facts.mail.smuggling);
  EXPECT_TRUE(flow.server("220 go ahead\r\n").parser_error);
}

TEST(SmtpEvasion, AddressesThatRelaysReadFurther) {
  using classifier::relayed_readings;
  EXPECT_THAT(relayed_readings("u%blocked.example@relay.example"), ElementsAre("u@blocked.example"));
  EXPECT_THAT(relayed_readings("\"u@blocked.example\"@relay.example"), ElementsAre("u@blocked.example"));
  EXPECT_THAT(relayed_readings("blocked.example!u@relay.example"), ElementsAre("u@blocked.example"));
  EXPECT_THAT(relayed_readings("blocked.example!u"), ElementsAre("u@blocked.example"));
  EXPECT_THAT(relayed_readings("postmaster"), IsEmpty());
  EXPECT_THAT(relayed_readings("u%a.example%b.example@c.example"),
              ElementsAre("u%a.example@b.example", "u@a.example"));
  EXPECT_THAT(relayed_readings("100%sure@relay.example"), IsEmpty());
  EXPECT_THAT(relayed_readings("u@relay.example"), IsEmpty());
  EXPECT_THAT(relayed_readings(""), IsEmpty());
  EXPECT_THAT(relayed_readings("a%a.a%a.a%a.a%a.a%a.a%a.a@relay.example"),
              SizeIs(classifier::kRelayedReadingsMax));
  InspectedFlow flow = greeted();
  flow.client(
      "MAIL FROM:<a@a.example>\r\nRCPT TO:<u%blocked.example@relay.example>\r\nRCPT TO:<c@c.example>\r\n");
  EXPECT_THAT(flow.recipients,
              ElementsAre("u%blocked.example@relay.example", "u@blocked.example", "c@c.example"));
  flow.server("250 ok\r\n250 ok\r\n550 no\r\n");
  EXPECT_THAT(flow.facts.mail.recipients, ElementsAre("u%blocked.example@relay.example"));
}

TEST(SmtpEvasion, AuthTellsTheUserAndSwallowsItsLines) {
  const auto user_of = [](std::initializer_list<std::pair<const char*, const char*>> turns) {
    InspectedFlow flow = greeted();
    for (const auto& [client, server] : turns) {
      flow.client(client);
      flow.server(server);
    }
    flow.client("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nRCPT TO:<c@c.example>\r\n");
    flow.server("250 ok\r\n550 no\r\n250 ok\r\n");
    EXPECT_THAT(flow.facts.mail.recipients, ElementsAre("c@c.example"));
    return flow.facts.mail.user;
  };
  EXPECT_EQ(user_of({{"AUTH PLAIN AGFubmEAc2VjcmV0\r\n", "235 ok\r\n"}}), "anna");
  EXPECT_EQ(user_of({{"AUTH PLAIN\r\n", "334 \r\n"}, {"AGFubmEAc2VjcmV0\r\n", "235 ok\r\n"}}), "anna");
  EXPECT_EQ(user_of({{"AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n"},
                     {"YW5uYQ==\r\n", "334 UGFzc3dvcmQ6\r\n"},
                     {"c2VjcmV0\r\n", "235 ok\r\n"}}),
            "anna");
  EXPECT_EQ(user_of({{"AUTH LOGIN YW5uYQ==\r\n", "334 UGFzc3dvcmQ6\r\n"}, {"c2VjcmV0\r\n", "535 no\r\n"}}),
            "anna");
  EXPECT_EQ(user_of({{"AUTH CRAM-MD5\r\n", "334 PDE+\r\n"}, {"YW5uYSAwMTIzNDU2Nzg5\r\n", "235 ok\r\n"}}),
            "anna");
  EXPECT_EQ(user_of({{"AUTH XOAUTH2 dXNlcj1hbm5hAWF1dGg9QmVhcmVyIHRva2VuAQE=\r\n", "235 ok\r\n"}}), "anna");
  EXPECT_EQ(user_of({{"AUTH SCRAM-SHA-1 biwsbj1hbm5hLHI9bm9uY2U=\r\n", "334 cj0=\r\n"},
                     {"Yz1iaXdz\r\n", "235 ok\r\n"}}),
            "anna");
  // Sent without waiting: each 334 takes the line that followed, whatever it looked like.
  EXPECT_EQ(user_of({{"AUTH LOGIN\r\nYW5uYQ==\r\nc2VjcmV0\r\n", "334 a\r\n334 b\r\n235 ok\r\n"}}), "");
  EXPECT_EQ(user_of({{"AUTH PLAIN *\r\n", "501 no\r\n"}}), "");
}

TEST(SmtpEvasion, DataAsAnAnswerToAuth) {
  InspectedFlow flow = greeted();
  flow.client("AUTH LOGIN\r\nDATA\r\n");
  flow.server("334 a\r\n");
  flow.client("RCPT TO:<x@blocked.example>\r\n");
  EXPECT_THAT(flow.recipients, Contains("x@blocked.example"));
}

TEST(SmtpEvasion, LongCommandsAndManyRecipients) {
  InspectedFlow flow = greeted();
  flow.client("MAIL FROM:<a@a.example> X=" + std::string(10'000, 'x') + "\r\n");
  flow.client("RCPT TO:<" + std::string(10'000, 'u') + "@Blocked.example>\r\n");
  EXPECT_TRUE(flow.facts.mail.pending_recipient.ends_with("@blocked.example"));
  flow.server("250 ok\r\n500 too long\r\n");
  std::string many;
  for (int i = 0; i < 1'000; ++i)
    many += "RCPT TO:<u" + std::to_string(i) + "@b.example> NOTIFY=NEVER ORCPT=rfc822;a@b\r\n";
  EXPECT_FALSE(flow.client(many).undecidable);
  EXPECT_THAT(flow.recipients, SizeIs(1'001));
  std::string replies;
  for (int i = 0; i < 1'000; ++i) replies += i % 2 == 0 ? "250 ok\r\n" : "550 no\r\n";
  flow.server(replies);
  EXPECT_THAT(flow.facts.mail.recipients, SizeIs(500));
}

TEST(SmtpEvasion, OtherCommandsLeaveTheEnvelope) {
  InspectedFlow flow = greeted();
  flow.client(
      "MAIL FROM:<\xc3\xbc@a.example> SMTPUTF8\r\nRCPT TO:<b@b.example>\r\nVRFY x\r\nEXPN "
      "y\r\nNOOP\r\nXFORWARD A=b\r\n");
  flow.server("250 ok\r\n250 ok\r\n252 x\r\n550 y\r\n250 z\r\n250 ok\r\n");
  EXPECT_EQ(flow.facts.mail.sender, "\xc3\xbc@a.example");
  EXPECT_THAT(flow.facts.mail.recipients, ElementsAre("b@b.example"));
  InspectedFlow proxied = greeted();
  proxied.client("XCLIENT ADDR=192.0.2.1\r\n");
  proxied.server("220 hello again\r\n");
  proxied.client("EHLO x\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n");
  proxied.server("250 hi\r\n250 ok\r\n250 ok\r\n");
  EXPECT_THAT(proxied.facts.mail.recipients, ElementsAre("b@b.example"));
}

TEST(SmtpEvasion, MessageFacts) {
  InspectedFlow flow = in_data();
  EXPECT_EQ(flow.facts.mail.server_banner, "mail.example ESMTP Postfix");
  EXPECT_EQ(flow.facts.mail.visibility, "cleartext");
  const std::string text =
      "From: A <a@a.example>\r\nSubject: s\r\nUser-Agent: Test/1\r\nContent-Type: multipart/mixed; "
      "boundary=b\r\n\r\n"
      "--b\r\nContent-Type: a/b; name=n.exe\r\n\r\n..hidden dot\r\n--b--\r\n.\r\n";
  for (const std::size_t piece : {1U, 4U, 1'000U}) {
    InspectedFlow cut = in_data();
    const Inspected last = cut.client_in_pieces(text + "MAIL FROM:<z@z.example>\r\n", piece);
    EXPECT_FALSE(last.parser_error);
    EXPECT_EQ(cut.facts.mail.mailer, "Test/1");
    EXPECT_THAT(cut.facts.mail.message, IsEmpty());  // the next transaction has none yet
    InspectedFlow kept = in_data();
    kept.client_in_pieces(text, piece);
    EXPECT_EQ(kept.facts.mail.message.at(0).from, "a@a.example");
    EXPECT_EQ(kept.facts.mail.message.at(0).attachments.at(0).sha256, sha256(".hidden dot"));
  }
}

TEST(SmtpEvasion, MessageIsJudgedBeforeTheNextOne) {
  InspectedFlow flow = in_data();
  FlowFacts& facts = flow.facts;
  const std::string text = "Subject: first\r\n\r\nx\r\n.\r\nMAIL FROM:<z@z.example>\r\n";
  const Inspected seen = flow.inspector.on_segment(channel::Direction::kFromInitiator, flow.next[0], 0x18,
                                                   as_bytes(text), facts);
  EXPECT_TRUE(seen.more);
  ASSERT_THAT(facts.mail.message, SizeIs(1));
  EXPECT_EQ(facts.mail.message[0].subject, "first");
  EXPECT_TRUE(facts.mail.message[0].done);
}

TEST(SmtpEvasion, LargeChunksAreSkippedAtLast) {
  InspectedFlow flow = greeted();
  flow.client(
      "MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nBDAT 90000000 LAST\r\nSubject: big\r\n\r\n");
  const std::string block(60'000, 'x');
  Inspected last;
  std::uint64_t shown = 0;
  while (last.skip_bytes == 0 && shown < 40'000'000) {
    last = flow.client(block);
    shown += block.size();
  }
  EXPECT_GT(shown, classifier::kMailMessageBytesMax);
  EXPECT_GT(last.skip_bytes, 60'000'000U);
  EXPECT_TRUE(flow.facts.mail.message.at(0).cut);
}

}  // namespace
}  // namespace weir::test
