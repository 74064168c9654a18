// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/pop3_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/inspected_flow.h"
#include "tests/support/mail_message.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

using testing::SizeIs;

InspectedFlow logged_in() {
  InspectedFlow flow(110);
  flow.server("+OK pop.example ready <1@pop.example>\r\n");
  flow.client("USER anna\r\n");
  flow.server("+OK\r\n");
  flow.client("PASS secret\r\n");
  flow.server("+OK 2 messages\r\n");
  return flow;
}

TEST(Pop3Session, StartTls) {
  InspectedFlow flow(110);
  flow.server("+OK ready\r\n");
  EXPECT_EQ(flow.facts.mail.protocol, "pop3");
  EXPECT_EQ(flow.facts.mail.server_banner, "ready");
  flow.client("CAPA\r\n");
  flow.server("+OK\r\nUSER\r\nSTLS\r\n.\r\n");
  EXPECT_TRUE(flow.facts.mail.starttls_offered);
  flow.client("STLS\r\n");
  flow.server("-ERR not now\r\n");
  flow.client("STLS\r\n");
  flow.server("+OK begin\r\n");
  flow.client(client_hello("pop.example"));
  EXPECT_EQ(flow.facts.host, "pop.example");
  EXPECT_EQ(flow.facts.mail.visibility, "opportunistic-tls");
}

TEST(Pop3Session, NothingMayFollowStls) {
  InspectedFlow flow(110);
  flow.server("+OK ready\r\n");
  EXPECT_TRUE(flow.client("STLS\r\nUSER u\r\n").parser_error);
}

TEST(Pop3Session, ReadMessages) {
  InspectedFlow flow = logged_in();
  EXPECT_EQ(flow.facts.mail.user, "anna");
  flow.client("LIST\r\nRETR 1\r\nDELE 1\r\nTOP 2 0\r\n");
  flow.server(
      "+OK\r\n1 120\r\n2 9\r\n.\r\n+OK 120 octets\r\nSubject: one\r\nContent-Type: "
      "a/b\r\n\r\n..dot\r\n.\r\n+OK\r\n");
  EXPECT_EQ(flow.facts.mail.message.at(0).subject, "one");
  EXPECT_EQ(flow.facts.mail.message.at(0).way, MailWay::kFetched);
  EXPECT_EQ(flow.facts.mail.message.at(0).attachments.at(0).sha256, sha256(".dot\r\n"));
  flow.server("-ERR no such\r\n");
  flow.client("RETR 2\r\n");
  flow.server("+OK\r\nSubject: two\r\n\r\n\r\n.\n.\r\n.\r\n");
  EXPECT_EQ(flow.facts.mail.message.at(0).subject, "two");
  EXPECT_TRUE(flow.facts.mail.message.at(0).done);
  EXPECT_EQ(flow.facts.mail.messages, 2U);
}

TEST(Pop3Session, WhoLogsIn) {
  const auto user_of = [](std::initializer_list<std::pair<const char*, const char*>> turns) {
    InspectedFlow flow(110);
    flow.server("+OK ready\r\n");
    for (const auto& [client, server] : turns) {
      flow.client(client);
      flow.server(server);
    }
    EXPECT_FALSE(flow.inspector.names_final());
    return flow.facts.mail.user;
  };
  EXPECT_EQ(user_of({{"APOP anna c4c9334bac560ecc979e58001b3e22fb\r\n", "+OK\r\n"}}), "anna");
  EXPECT_EQ(user_of({{"AUTH PLAIN AGFubmEAc2VjcmV0\r\n", "+OK\r\n"}}), "anna");
  EXPECT_EQ(user_of({{"AUTH PLAIN\r\n", "+ \r\n"}, {"AGFubmEAc2VjcmV0\r\n", "+OK\r\n"}}), "anna");
  EXPECT_EQ(user_of({{"AUTH\r\n", "+OK\r\nPLAIN\r\n.\r\n"}, {"PASS secret\r\n", "-ERR\r\n"}}), "");
}

TEST(Pop3Session, TooManyCommandsEndTheInterest) {
  InspectedFlow flow = logged_in();
  for (std::size_t i = 0; i < classifier::kPop3OutstandingMax; ++i) flow.client("NOOP\r\n");
  EXPECT_FALSE(flow.inspector.names_final());
  flow.client("NOOP\r\n");
  EXPECT_TRUE(flow.inspector.names_final());
}

TEST(Pop3Session, LongLinesAreHarmless) {
  InspectedFlow flow = logged_in();
  flow.client(std::string(50'000, 'x') + "\r\n");
  flow.server("-ERR " + std::string(50'000, 'y') + "\r\n");
  EXPECT_EQ(flow.facts.mail.server_banner, "pop.example ready <1@pop.example>");
  flow.client("USER bert\r\n");
  EXPECT_EQ(flow.facts.mail.user, "bert");
}

TEST(Pop3Session, AnyPiecesGiveTheSame) {
  const std::string server =
      "+OK\r\nSubject: s\r\nContent-Type: a/b; name=n\r\n\r\n..x\r\ny\r\n.\r\n-ERR\r\n";
  for (const std::size_t piece : {1U, 2U, 3U, 11U, 500U}) {
    InspectedFlow flow = logged_in();
    flow.client_in_pieces("RETR 1\r\nUSER bert\r\n", piece);
    for (std::string_view rest = server; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
      flow.server(rest.substr(0, piece));
    ASSERT_THAT(flow.facts.mail.message, SizeIs(1));
    EXPECT_EQ(flow.facts.mail.message[0].attachments.at(0).sha256, sha256(".x\r\ny\r\n"));
    EXPECT_EQ(flow.facts.mail.user, "bert");
  }
}

}  // namespace
}  // namespace weir::test
