// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/mail_visibility.h"

#include <gtest/gtest.h>

#include "tests/support/inspected_flow.h"
#include "tests/support/tls_hello.h"

namespace weir::test {
namespace {

TEST(MailVisibility, OfTlsFromTheFirstByte) {
  struct Case {
    std::uint16_t port;
    const char* host;
    const char* protocol;
    const char* visibility;
    const char* provider;
  };
  const Case cases[] = {
      {993, "imap.gmail.com", "imap", "implicit-tls", "google"},
      {465, "mail.unknown.example", "submission", "implicit-tls", ""},
      {995, "outlook.office365.com", "pop3", "implicit-tls", "microsoft"},
      {8'465, "smtp.web.de", "submission", "implicit-tls", "web.de"},
      {443, "imap.partner.example", "imap", "implicit-tls", ""},
      {443, "www.gmail.com", "", "", ""},
      {443, "smtp", "", "", ""},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.host);
    InspectedFlow flow(each.port);
    flow.client(client_hello(each.host));
    EXPECT_EQ(flow.facts.mail.protocol, each.protocol);
    EXPECT_EQ(flow.facts.mail.visibility, each.visibility);
    EXPECT_EQ(flow.facts.mail.provider, each.provider);
    EXPECT_FALSE(flow.facts.mail.seen);
  }
}

TEST(MailVisibility, ProvidersByWholeLabels) {
  EXPECT_EQ(classifier::mail_provider("gmail.com"), "google");
  EXPECT_EQ(classifier::mail_provider("a.b.mail.ru"), "mail.ru");
  EXPECT_EQ(classifier::mail_provider("notgmail.com"), "");
  EXPECT_EQ(classifier::mail_provider(""), "");
}

}  // namespace
}  // namespace weir::test
