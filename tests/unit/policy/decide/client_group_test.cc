// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/client_group.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/decide/policy_text.h"

namespace weir::policy {
namespace {

TEST(ClientGroup, ByHostNameAndByUser) {
  const auto policy = policy_of(
      "groups:\n"
      "  lab: {names: [\"lab-pc-*\", kiosk]}\n"
      "  mates: {names: [mate], names_from: [mdns, netbios], users: [\"*@STUDENTS.EXAMPLE\"]}\n"
      "  staff: {subnets: [10.20.0.0/16], users: [anna, bert@EXAMPLE.LAN]}\n"
      "  others: {users: [\"*\"], names: [\"*\"]}\n");
  const auto group = [&](Flow flow) { return judge(policy, flow).group; };
  EXPECT_EQ(group(Flow{}.named("LAB-PC-7.example.lan")), "lab");
  EXPECT_EQ(group(Flow{}.named("kiosk", HostNameSource::kMdns)), "staff")
      << "mDNS is believed where it is said";
  EXPECT_EQ(group(Flow{}.named("mate", HostNameSource::kNetbios)), "mates");
  EXPECT_EQ(group(Flow{}.named("mate")), "staff") << "names_from left DHCP out";
  const auto elsewhere = [] { return Flow{}.client("192.0.2.9"); };
  EXPECT_EQ(group(elsewhere().used_by("Anna@EXAMPLE.LAN", UserSource::kKerberos)), "staff");
  EXPECT_EQ(group(elsewhere().used_by("EXAMPLE\\anna")), "staff");
  EXPECT_EQ(group(elsewhere().used_by("bert@example.lan")), "staff");
  EXPECT_EQ(group(elsewhere().used_by("bert")), "others") << "without the realm";
  EXPECT_EQ(group(elsewhere().used_by("anna", UserSource::kKerberosRequest)), "")
      << "anybody can ask for a ticket";
  EXPECT_EQ(group(Flow{}.used_by("zoe@students.example")), "mates") << "before the subnet";
  EXPECT_EQ(group(elsewhere()), "");
}

TEST(ClientGroup, AUserIsNotNamedInWhatIsExplained) {
  const auto policy = policy_of(
      "groups: {lab: {names: [\"lab-*\"]}, staff: {users: [anna]}}\n"
      "network: [{rule: r, who: [lab, staff], then: block}]\n");
  const auto why = [&](const Flow& flow) {
    return judge(policy, flow, kSundayNoon, Trace::kOn).path.front().why;
  };
  EXPECT_EQ(why(Flow{}.named("lab-7.example")),
            "the client is of group lab: its name is lab-7.example (dhcp)");
  EXPECT_EQ(why(Flow{}.used_by("anna@EXAMPLE.LAN", UserSource::kKerberos)),
            "the client is of group staff: a user of the group has logged in (kerberos)");
}

}  // namespace
}  // namespace weir::policy
