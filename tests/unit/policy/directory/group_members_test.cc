// SPDX-License-Identifier: Apache-2.0
#include "policy/directory/group_members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/directory/ldap_session.h"

namespace weir::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const UsersByDn kUsers{{"uid=anna", "anna"}, {"uid=bert", "bert"}, {"uid=star", "st*r"}};

TEST(GroupMembers, ByNameAndByDistinguishedName) {
  const auto mapped = map_groups({{"cn=a", "A", {"uid=anna", "uid=gone", "uid=star"}, {"carl", "anna"}},
                                  {"cn=empty", "Empty", {}, {}},
                                  {"cn=nameless", "", {"uid=anna"}, {}}},
                                 kUsers, 0);
  ASSERT_TRUE(mapped.has_value());
  EXPECT_EQ(mapped->map.text(), "A: anna, carl\nEmpty:\n");
  EXPECT_EQ(mapped->members_unknown, 1U);
  EXPECT_EQ(mapped->users_refused, 1U) << "a star would be a pattern";
  EXPECT_EQ(mapped->groups_refused, 1U);
}

TEST(GroupMembers, NestedGroupsToTheirLevelAndInCircles) {
  const std::vector<GroupEntry> groups{{"cn=a", "a", {"cn=b"}, {}},
                                       {"cn=b", "b", {"cn=c", "uid=anna"}, {}},
                                       {"cn=c", "c", {"cn=a", "uid=bert"}, {}}};
  const auto users_of_a = [&](std::uint32_t levels) {
    return map_groups(groups, kUsers, levels)->map.find("a")->users;
  };
  EXPECT_THAT(users_of_a(0), ElementsAre());
  EXPECT_THAT(users_of_a(1), ElementsAre("anna"));
  EXPECT_THAT(users_of_a(2), testing::UnorderedElementsAre("anna", "bert"));
  EXPECT_THAT(users_of_a(16), testing::UnorderedElementsAre("anna", "bert"));
}

TEST(GroupMembers, GroupsOfOneNameAreLeftOut) {
  const auto mapped = map_groups({{"cn=a,ou=1", "Admins", {}, {"anna"}},
                                  {"cn=a,ou=2", "admins", {}, {"bert"}},
                                  {"cn=a,ou=3", "ADMINS", {}, {"bert"}},
                                  {"cn=b", "b", {}, {}}},
                                 kUsers, 0);
  EXPECT_EQ(mapped->map.text(), "b:\n");
  EXPECT_THAT(mapped->same_name, ElementsAre("admins"));
}

TEST(GroupMembers, LimitsHold) {
  std::vector<GroupEntry> groups(kDirectoryGroupsMax + 1);
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i].name = groups[i].dn = std::to_string(i);
  EXPECT_THAT(map_groups(groups, kUsers, 0).error().what, HasSubstr("more than 10000 groups"));
  groups.resize(2);
  for (std::size_t i = 0; i <= kDirectoryMembersMax / 2; ++i) {
    groups[0].member_uids.push_back(std::to_string(i));
    groups[1].member_uids.push_back(std::to_string(i));
  }
  EXPECT_THAT(map_groups(groups, kUsers, 0).error().what, HasSubstr("more than 1000000 members"));
  groups.assign(3'200, {});
  for (std::size_t i = 0; i < groups.size(); ++i) {  // each in each
    groups[i].name = groups[i].dn = std::to_string(i);
    for (std::size_t other = 0; other < groups.size(); ++other)
      groups[i].member_dns.push_back(std::to_string(other));
  }
  EXPECT_THAT(map_groups(groups, kUsers, 2).error().what, HasSubstr("more than 10000000 steps"));
}

TEST(GroupMembers, PartsOfALongList) {
  EXPECT_EQ(next_part("member;range=0-1499", "member"), 1'500U);
  EXPECT_EQ(next_part("member;range=1500-*", "member"), std::nullopt);
  EXPECT_EQ(next_part("member", "member"), std::nullopt);
  EXPECT_EQ(next_part("memberuid;range=0-1", "member"), std::nullopt);
  EXPECT_EQ(next_part("member;range=", "member"), std::nullopt);
}

TEST(GroupMembers, OneFormOfADistinguishedName) {
  EXPECT_EQ(canonical_dn("CN=Anna,  DC=Example,dc=LAN"), "cn=anna,dc=example,dc=lan");
  EXPECT_EQ(canonical_dn("cn=R\\26D\\, core,dc=x"), canonical_dn("CN=R&D\\2C core,DC=x"));
  EXPECT_EQ(canonical_dn("No Name"), "no name");
}

}  // namespace
}  // namespace weir::policy
