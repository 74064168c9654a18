// SPDX-License-Identifier: Apache-2.0
#include "policy/audit/pseudonym.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "policy/audit/appliance_keys.h"
#include "policy/audit/erased.h"
#include "policy/audit/private_file.h"
#include "tests/support/temporary_directory.h"

namespace weir::policy {
namespace {

TEST(PseudonymTest, TheSameSubjectHasTheSameWordUnderOneKeyAlone) {
  const Pseudonyms here{std::string(32, 'a')};
  const Pseudonyms elsewhere{std::string(32, 'b')};
  EXPECT_EQ(here.of("10.0.0.2"), here.of("10.0.0.2"));
  EXPECT_NE(here.of("10.0.0.2"), elsewhere.of("10.0.0.2"));
  EXPECT_NE(here.of("10.0.0.2"), here.of("10.0.0.3"));
  EXPECT_EQ(here.of("fd00::1"), here.of("fd00:0:0:0::1")) << "however it is written";
}

TEST(PseudonymTest, AClientAndAPersonAreToldApartAndNobodyStays) {
  const Pseudonyms names{std::string(32, 'a')};
  for (const char* const client : {"10.0.0.2", "fd00::1", "02:00:00:00:00:01"})
    EXPECT_TRUE(names.of(client).starts_with("client-")) << client;
  for (const char* const person : {"anna@EXAMPLE.COM", "annas-laptop", "anna/admin@EXAMPLE.COM"})
    EXPECT_TRUE(names.of(person).starts_with("person-")) << person;
  for (const char* const nobody : {"", "all", "group staff", "(other)", "10.0.0.0/24", "fd00::/8"})
    EXPECT_EQ(names.of(nobody), nobody);
  const std::string word = names.of("anna");
  EXPECT_TRUE(is_pseudonym(word)) << word;
  EXPECT_EQ(names.of(word), word) << "a pseudonym has none";
  for (const char* const none :
       {"person-", "person-abc", "person-abcdefghi1", "client-ABCDEFGHJK", "10.0.0.2"})
    EXPECT_FALSE(is_pseudonym(none)) << none;
}

TEST(PseudonymTest, OfWhatAViolationIsAboutOnlyMailAddressesAreHidden) {
  const Pseudonyms names{std::string(32, 'a')};
  EXPECT_EQ(names.of_object("bet.example"), "bet.example");
  EXPECT_EQ(names.of_object("curl 7.88"), "curl 7.88");
  EXPECT_EQ(names.of_object("anna@example.com"), names.of("anna@example.com"));
}

TEST(PseudonymTest, FewAddressesShareAWord) {
  const Pseudonyms names{std::string(32, 'a')};
  std::set<std::string> words;
  for (int i = 0; i < 20'000; ++i)
    words.insert(names.of("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256)));
  EXPECT_EQ(words.size(), 20'000U);
}

TEST(PseudonymTest, TheKeyIsMadeOnceAndKept) {
  const test::TemporaryDirectory home;
  Settings settings;
  settings.state_directory = home.path();
  const std::string word = Pseudonyms::open(settings).value().of("anna");
  EXPECT_EQ(Pseudonyms::open(settings).value().of("anna"), word);
  ASSERT_TRUE(write_private(keys_folder(home.path()) + "/people.key", "damaged"));
  EXPECT_EQ(Pseudonyms::open(settings).error().code, ErrorCode::kCorrupt);
}

TEST(PseudonymTest, WhoWasErasedIsRememberedOnce) {
  const test::TemporaryDirectory home;
  Settings settings;
  settings.state_directory = home.path();
  EXPECT_TRUE(erased_pseudonyms(settings).value().empty());
  ASSERT_TRUE(remember_erased(settings, "client-aaaaaaaaaa"));
  ASSERT_TRUE(remember_erased(settings, "client-bbbbbbbbbb"));
  ASSERT_TRUE(remember_erased(settings, "client-aaaaaaaaaa"));
  EXPECT_EQ(erased_pseudonyms(settings).value(),
            (std::vector<std::string>{"client-aaaaaaaaaa", "client-bbbbbbbbbb"}));
}

TEST(PseudonymTest, NoMoreErasedAreRememberedThanTheFileHolds) {
  const test::TemporaryDirectory home;
  Settings settings;
  settings.state_directory = home.path();
  std::string full;
  for (std::size_t i = 0; i < kErasedMax; ++i) full += "p" + std::to_string(i) + "\n";
  ASSERT_LT(full.size() + 12 * kErasedMax, kPrivateFileBytesMax) << "of real pseudonyms too";
  ASSERT_TRUE(write_private(keys_folder(home.path()) + "/erased", full));
  EXPECT_EQ(remember_erased(settings, "client-aaaaaaaaaa").error().code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace weir::policy
