// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/event_facts.h"

#include <gtest/gtest.h>

namespace weir::classifier {
namespace {

TEST(EventFacts, SayOnlyTheProtocolsThatWereSeen) {
  event::FlowEvent event;
  fill_facts(event, FlowFacts{});
  EXPECT_FALSE(event.has_tls());
  EXPECT_FALSE(event.has_mail());
  EXPECT_FALSE(event.has_ssh());
  EXPECT_FALSE(event.has_dhcp());
}

TEST(EventFacts, SayWhatHandshakesShowed) {
  FlowFacts facts;
  facts.tls = {.seen = true, .version = 0x0304, .ja3 = "a", .ja4 = "t13d", .server_version = 0x0303};
  facts.ssh = {.seen = true, .client_banner = "OpenSSH_9.2\x1b", .server_banner = "dropbear", .hassh = "b"};
  facts.dhcp = {.seen = true, .fingerprint = "1,3,6", .host_name = "desk-7", .vendor_class = "MSFT 5.0"};
  event::FlowEvent event;
  fill_facts(event, facts);
  EXPECT_EQ(event.tls().ja4(), "t13d");
  EXPECT_EQ(event.tls().version(), 0x0304U);
  EXPECT_EQ(event.tls().server_version(), 0x0303U);
  EXPECT_EQ(event.ssh().client_banner(), "OpenSSH_9.2?");
  EXPECT_EQ(event.ssh().server_banner(), "dropbear");
  EXPECT_EQ(event.dhcp().fingerprint(), "1,3,6");
  EXPECT_EQ(event.dhcp().host_name(), "desk-7");
}

}  // namespace
}  // namespace weir::classifier
