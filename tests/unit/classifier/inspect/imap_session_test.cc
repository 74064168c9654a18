// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/imap_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/inspected_flow.h"
#include "tests/support/mail_message.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

std::string mail(std::string_view subject, std::string_view content) {
  return "Subject: " + std::string(subject) +
         "\r\nX-Mailer: Some Mailer 2\r\nContent-Type: a/b; name=file.bin\r\nContent-Transfer-Encoding: "
         "base64\r\n\r\n" +
         base64(content);
}

std::string literal(std::string_view text) {
  return '{' + std::to_string(text.size()) + "}\r\n" + std::string(text);
}

InspectedFlow logged_in() {
  InspectedFlow flow(143);
  flow.server("* OK [CAPABILITY IMAP4rev1 STARTTLS] imap.example ready\r\n");
  flow.client("a1 LOGIN anna \"secret word\"\r\n");
  flow.server("a1 OK done\r\n");
  return flow;
}

TEST(ImapSession, StartTls) {
  InspectedFlow flow(143);
  flow.server("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n");
  EXPECT_EQ(flow.facts.mail.protocol, "imap");
  EXPECT_EQ(flow.facts.mail.visibility, "cleartext");
  EXPECT_EQ(flow.facts.mail.server_banner, "[CAPABILITY IMAP4rev1 STARTTLS] ready");
  EXPECT_TRUE(flow.facts.mail.starttls_offered);
  flow.client("a1 NOOP\r\na2 starttls\r\n");
  flow.server("a1 OK done\r\n");
  EXPECT_FALSE(flow.facts.mail.starttls_used);
  flow.server("a2 OK begin\r\n");
  EXPECT_TRUE(flow.facts.mail.starttls_used);
  flow.client(client_hello("imap.gmx.net"));
  EXPECT_EQ(flow.facts.host, "imap.gmx.net");
  EXPECT_EQ(flow.facts.mail.visibility, "opportunistic-tls");
  EXPECT_EQ(flow.facts.mail.provider, "gmx");
  EXPECT_TRUE(flow.inspector.names_final());
}

TEST(ImapSession, NothingMayFollowStartTls) {
  InspectedFlow flow(143);
  flow.server("* OK ready\r\n");
  EXPECT_TRUE(flow.client("a STARTTLS\r\nb LOGIN u p\r\n").parser_error);
}

TEST(ImapSession, WhoLogsInAndNoPassword) {
  const auto user_of = [](std::initializer_list<std::pair<const char*, const char*>> turns) {
    InspectedFlow flow(143);
    flow.server("* OK ready\r\n");
    for (const auto& [client, server] : turns) {
      flow.client(client);
      flow.server(server);
    }
    return flow.facts.mail.user;
  };
  EXPECT_EQ(user_of({{"a LOGIN anna secret\r\n", "a OK\r\n"}}), "anna");
  EXPECT_EQ(user_of({{"a login \"an\\\"na\" \"secret\"\r\n", "a OK\r\n"}}), "an\"na");
  EXPECT_EQ(
      user_of({{"a LOGIN {4}\r\n", "+ go\r\n"}, {"anna {6}\r\n", "+ go\r\n"}, {"secret\r\n", "a OK\r\n"}}),
      "anna");
  EXPECT_EQ(user_of({{"a LOGIN {4+}\r\nanna {6+}\r\nsecret\r\n", "a OK\r\n"}}), "anna");
  // NUL anna NUL secret
  EXPECT_EQ(user_of({{"a AUTHENTICATE PLAIN AGFubmEAc2VjcmV0\r\n", "a OK\r\n"}}), "anna");
  EXPECT_EQ(user_of({{"a AUTHENTICATE PLAIN\r\n", "+ \r\n"}, {"AGFubmEAc2VjcmV0\r\n", "a OK\r\n"}}), "anna");
  EXPECT_EQ(user_of({{"a AUTHENTICATE LOGIN\r\n", "+ VXNlcm5hbWU6\r\n"},
                     {"YW5uYQ==\r\n", "+ UGFzc3dvcmQ6\r\n"},
                     {"c2VjcmV0\r\n", "a OK\r\n"}}),
            "anna");
  EXPECT_EQ(user_of({{"a AUTHENTICATE GSSAPI\r\n", "+ \r\n"}, {"YW5uYQ==\r\n", "a NO\r\n"}}), "");
}

TEST(ImapSession, FetchedMessages) {
  InspectedFlow flow = logged_in();
  flow.client("a2 UID FETCH 7 (UID BODY.PEEK[])\r\n");
  const std::string first = mail("one", "content one");
  flow.server("* 1 FETCH (UID 7 FLAGS () BODY[] " + literal(first) + ")\r\na2 OK\r\n");
  ASSERT_THAT(flow.facts.mail.message, SizeIs(1));
  const MailMessage& message = flow.facts.mail.message[0];
  EXPECT_EQ(message.way, MailWay::kFetched);
  EXPECT_EQ(message.subject, "one");
  EXPECT_TRUE(message.done);
  EXPECT_EQ(message.attachments.at(0).sha256, sha256("content one"));
  EXPECT_EQ(flow.facts.mail.messages, 1U);
  EXPECT_EQ(flow.facts.mail.mailer, "");  // it is not the client's
  flow.server("* 2 FETCH (RFC822 " + literal(mail("two", "x")) + " UID 8)\r\n* 3 FETCH (BODY[HEADER] " +
              literal("Subject: no\r\n\r\n") + " BODY[2] " + literal("abc") + ")\r\n");
  EXPECT_EQ(flow.facts.mail.message.at(0).subject, "two");
  EXPECT_EQ(flow.facts.mail.messages, 2U);
}

TEST(ImapSession, MessagesInPieces) {
  InspectedFlow flow = logged_in();
  const std::string text = mail("pieces", "some content that is long enough");
  const std::string a = text.substr(0, 60);
  const std::string b = text.substr(60, 60);
  const std::string c = text.substr(120);
  flow.server("* 1 FETCH (BODY[]<0> " + literal(a) + ")\r\n");
  EXPECT_FALSE(flow.facts.mail.message.at(0).done);
  flow.server("* 1 FETCH (BODY[]<60> " + literal(b) + ")\r\n* 1 FETCH (BODY[]<500> " + literal(b) + ")\r\n");
  flow.server("* 1 FETCH (BODY[]<120> " + literal(c) + ")\r\n");
  EXPECT_EQ(flow.facts.mail.message.at(0).bytes, text.size());
  EXPECT_EQ(flow.facts.mail.message.at(0).attachments.at(0).sha256.empty(), c.size() >= 60);
}

TEST(ImapSession, StoredMessages) {
  InspectedFlow flow = logged_in();
  const std::string text = mail("stored", "to keep");
  flow.client("a2 APPEND Sent (\\Seen) {" + std::to_string(text.size()) + "}\r\n");
  flow.server("+ go\r\n");
  flow.client(text + "\r\n");
  const MailMessage& message = flow.facts.mail.message.at(0);
  EXPECT_EQ(message.way, MailWay::kStored);
  EXPECT_EQ(message.attachments.at(0).sha256, sha256("to keep"));
  EXPECT_EQ(flow.facts.mail.mailer, "Some Mailer 2");
  // Several in one command (RFC 3502), and a binary one (RFC 3516), without waiting.
  flow.client("a3 APPEND Sent {3+}\r\nabc {4+}\r\nabcd ~{" + std::to_string(text.size()) + "+}\r\n" + text +
              "\r\n");
  EXPECT_EQ(flow.facts.mail.messages, 4U);
  EXPECT_EQ(flow.facts.mail.message.at(0).subject, "stored");
}

TEST(ImapSession, RefusedLiteralIsFollowedByACommand) {
  InspectedFlow flow = logged_in();
  flow.client("a2 APPEND Sent {900000}\r\n");
  flow.server("a2 NO too big\r\n");
  flow.client("a3 LOGIN bert x\r\n");
  EXPECT_EQ(flow.facts.mail.user, "bert");
}

TEST(ImapSession, LongLiteralsAreSkipped) {
  InspectedFlow flow = logged_in();
  const classifier::Inspected seen = flow.server("* 1 FETCH (BODY[2] {100000}\r\nabc");
  EXPECT_EQ(seen.skip_bytes, 99'997U);
}

TEST(ImapSession, LongLinesKeepTheirEnds) {
  InspectedFlow flow = logged_in();
  flow.server("* 1 FETCH (BODYSTRUCTURE (" + std::string(50'000, 'x') + ") BODY[] " +
              literal(mail("long", "x")) + ")\r\n");
  EXPECT_EQ(flow.facts.mail.message.at(0).subject, "long");
  classifier::ImapSession session;
  FlowFacts facts;
  static_cast<void>(session.from_server(as_bytes(std::string(100'000, 'x')), facts));
  static_cast<void>(session.from_client(as_bytes(std::string(100'000, 'x')), facts));
  EXPECT_EQ(session.bytes_held(), 2 * (classifier::kLongLineHeadBytes + classifier::kLongLineTailBytes));
}

TEST(ImapSession, CompressionEndsIt) {
  InspectedFlow flow = logged_in();
  flow.client("a2 COMPRESS DEFLATE\r\n");
  flow.server("a2 NO\r\n");
  EXPECT_FALSE(flow.inspector.names_final());
  flow.client("a3 COMPRESS DEFLATE\r\n");
  flow.server("a3 OK\r\n");
  EXPECT_TRUE(flow.inspector.names_final());
}

TEST(ImapSession, IdleAndPreauth) {
  InspectedFlow flow(143);
  flow.server("* PREAUTH hello\r\n");
  EXPECT_FALSE(flow.inspector.names_final());
  flow.client("a IDLE\r\n");
  flow.server("+ idling\r\n* 4 EXISTS\r\n");
  flow.client("DONE\r\n");
  flow.server("a OK\r\n* 4 FETCH (BODY[] " + literal(mail("new", "x")) + ")\r\n");
  EXPECT_EQ(flow.facts.mail.message.at(0).subject, "new");
}

TEST(ImapSession, AnyPiecesGiveTheSame) {
  const std::string server =
      "* 1 FETCH (UID 7 BODY[] " + literal(mail("one", "content one")) + ")\r\na2 OK\r\n";
  const std::string client = "a3 APPEND Sent {" + std::to_string(mail("two", "y").size()) + "+}\r\n" +
                             mail("two", "y") + "\r\na4 LOGIN {4+}\r\nbert x\r\n";
  for (const std::size_t piece : {1U, 2U, 5U, 17U, 1'000U}) {
    InspectedFlow flow = logged_in();
    for (std::string_view rest = server; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
      flow.server(rest.substr(0, piece));
    EXPECT_EQ(flow.facts.mail.message.at(0).attachments.at(0).sha256, sha256("content one"));
    flow.client_in_pieces(client, piece);
    EXPECT_EQ(flow.facts.mail.message.at(0).attachments.at(0).sha256, sha256("y"));
    EXPECT_EQ(flow.facts.mail.user, "bert");
    EXPECT_EQ(flow.facts.mail.messages, 2U);
  }
}

}  // namespace
}  // namespace weir::test
