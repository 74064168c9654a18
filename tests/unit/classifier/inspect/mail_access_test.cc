// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/mail_access.h"

#include <gtest/gtest.h>

#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

TEST(MailAccess, ImapStartTls) {
  InspectedFlow flow(143);
  flow.server("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n");
  EXPECT_EQ(flow.facts.mail.protocol, "imap");
  EXPECT_TRUE(flow.facts.mail.starttls_offered);
  flow.client("a1 NOOP\r\na2 starttls\r\n");
  flow.server("a1 OK done\r\n");
  EXPECT_FALSE(flow.facts.mail.starttls_used);
  flow.server("a2 OK begin\r\n");
  EXPECT_TRUE(flow.facts.mail.starttls_used);
  flow.client(client_hello("imap.example"));
  EXPECT_EQ(flow.facts.host, "imap.example");
  EXPECT_TRUE(flow.inspector.names_final());
}

TEST(MailAccess, Pop3StartTls) {
  InspectedFlow flow(110);
  flow.server("+OK ready\r\n");
  EXPECT_EQ(flow.facts.mail.protocol, "pop3");
  flow.client("STLS\r\n");
  flow.server("-ERR not now\r\n");
  flow.client("STLS\r\n");
  flow.server("+OK begin\r\n");
  flow.client(client_hello("pop.example"));
  EXPECT_EQ(flow.facts.host, "pop.example");
}

TEST(MailAccess, LoggedInIsFinal) {
  InspectedFlow imap(143);
  imap.server("* OK ready\r\n");
  imap.client("a LOGIN u wrong\r\n");
  imap.server("a NO\r\n");
  EXPECT_FALSE(imap.inspector.names_final());
  imap.client("b LOGIN u right\r\n");
  imap.server("b OK\r\n");
  EXPECT_TRUE(imap.inspector.names_final());
  InspectedFlow pop(110);
  pop.server("+OK\r\n");
  pop.client("USER u\r\n");
  pop.server("+OK\r\n");
  EXPECT_FALSE(pop.inspector.names_final());
  pop.client("PASS p\r\n");
  pop.server("+OK\r\n");
  EXPECT_TRUE(pop.inspector.names_final());
  InspectedFlow known(143);
  known.server("* PREAUTH hello\r\n");
  EXPECT_TRUE(known.inspector.names_final());
}

TEST(MailAccess, NothingMayFollowStartTls) {
  InspectedFlow flow(143);
  flow.server("* OK ready\r\n");
  EXPECT_TRUE(flow.client("a STARTTLS\r\nb LOGIN u p\r\n").parser_error);
}

TEST(MailAccess, LongLineEndsTheInterest) {
  InspectedFlow flow(143);
  flow.server("* OK ready\r\n");
  flow.client(std::string(classifier::kMailAccessLineBytesMax + 1, 'x'));
  EXPECT_TRUE(flow.inspector.names_final());
}

}  // namespace
}  // namespace weir::test
