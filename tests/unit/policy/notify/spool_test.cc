// SPDX-License-Identifier: Apache-2.0
#include "policy/notify/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "policy/notify/base64.h"
#include "tests/support/temporary_directory.h"

namespace weir::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Message message(TimeNs made, const std::string& body = "text\nwith \"marks\"") {
  return {message_key(made, "gate-1", "desk"), "desk", made, "a title", body};
}

class SpoolTest : public ::testing::Test {
 protected:
  void put(const Message& one) {
    const auto done = spool_.put(one);
    ASSERT_TRUE(done) << to_text(done.error());
  }
  test::TemporaryDirectory home_;
  Spool spool_{home_.file("notify")};
};

TEST_F(SpoolTest, WhatIsPutInComesOutOldestFirst) {
  Message second = message(20);
  second.attachment = Attachment{"report.pdf", "application/pdf", std::string("%PDF\0\xff\n", 7)};
  put(second);
  put(message(3));
  const auto keys = spool_.keys("desk", Box::kWaiting);
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0], "00000000000000000003-gate-1-desk");
  const auto read = spool_.read("desk", Box::kWaiting, keys[1]);
  ASSERT_TRUE(read) << to_text(read.error());
  EXPECT_EQ(read->title, "a title");
  EXPECT_EQ(read->body, "text\nwith \"marks\"");
  EXPECT_EQ(read->made, 20);
  ASSERT_TRUE(read->attachment);
  EXPECT_EQ(read->attachment->content, second.attachment->content);
}

TEST_F(SpoolTest, AKeyIsTakenOnceWhateverBecameOfIt) {
  for (const Box box : {Box::kSent, Box::kFailed}) {
    const Message one = message(box == Box::kSent ? 1 : 2);
    put(one);
    ASSERT_TRUE(spool_.end("desk", one.key, box));
    put(one);
    EXPECT_THAT(spool_.keys("desk", Box::kWaiting), ElementsAre());
    EXPECT_THAT(spool_.keys("desk", box), ElementsAre(one.key));
  }
}

TEST_F(SpoolTest, AFullSpoolRefusesAndEndedMessagesAreBounded) {
  for (std::size_t i = 0; i < kWaitingMax; ++i) put(message(static_cast<TimeNs>(i + 1)));
  const auto refused = spool_.put(message(1'000));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
  for (std::size_t i = 0; i < kEndedKept + 5; ++i) {
    const Message one = message(static_cast<TimeNs>(i + 1));
    put(one);
    ASSERT_TRUE(spool_.end("desk", one.key, Box::kSent));
  }
  EXPECT_EQ(spool_.keys("desk", Box::kSent).size(), kEndedKept);
  EXPECT_EQ(spool_.keys("desk", Box::kSent).front(), message(6).key);
}

TEST_F(SpoolTest, TooLongADamagedAndAForeignMessageAreErrors) {
  EXPECT_EQ(spool_.put(message(1, std::string(kMessageBytesMax, 'a'))).error().code, ErrorCode::kLimit);
  put(message(2));
  const std::string path = home_.file("notify/desk/waiting/" + message(2).key + ".json");
  for (const char* text : {"", "[]", "{\"key\":\"other\",\"receiver\":\"desk\"}", "{"}) {
    std::ofstream(path) << text;
    const auto read = spool_.read("desk", Box::kWaiting, message(2).key);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt) << text;
  }
  EXPECT_EQ(spool_.read("desk", Box::kWaiting, "none").error().code, ErrorCode::kNotFound);
}

TEST_F(SpoolTest, ProgressIsKeptAndADamagedOneBeginsAnew) {
  EXPECT_EQ(spool_.progress("desk").tries, 0U);
  ASSERT_TRUE(spool_.prepare("desk"));
  ASSERT_TRUE(spool_.save("desk", {"k", 3, 7, "no \"route\"", 5, 2, 9}));
  const Progress read = spool_.progress("desk");
  EXPECT_EQ(read.key, "k");
  EXPECT_EQ(read.tries, 3U);
  EXPECT_EQ(read.next_try, 7);
  EXPECT_EQ(read.error, "no \"route\"");
  EXPECT_EQ(read.sent, 5U);
  EXPECT_EQ(read.failed, 2U);
  EXPECT_EQ(read.last_sent, 9);
  std::ofstream(home_.file("notify/desk/progress.json")) << "{\"tries\":\"x\"";
  EXPECT_EQ(spool_.progress("desk").tries, 0U);
}

TEST_F(SpoolTest, FoldersAreTheGroupsAndNobodyElses) {
  ASSERT_EQ(mkdir(home_.file("notify").c_str(), 0700), 0);
  ASSERT_EQ(chmod(home_.file("notify").c_str(), 02770), 0);
  const mode_t before = umask(S_IWGRP | S_IRWXO);  // as the engine has it
  const auto prepared = spool_.prepare("desk");
  umask(before);
  ASSERT_TRUE(prepared);
  struct stat about {};
  ASSERT_EQ(stat(home_.file("notify/desk/waiting").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777U, 02770U);
}

TEST_F(SpoolTest, OneHasTheLock) {
  auto first = spool_.lock();
  ASSERT_TRUE(first && first->held());
  EXPECT_FALSE(spool_.lock()->held());
  { const SpoolLock ended = std::move(*first); }
  EXPECT_TRUE(spool_.lock()->held());
}

TEST_F(SpoolTest, NoPlaceToWriteIsSaid) {
  const Spool nowhere{home_.file("missing/notify")};
  EXPECT_THAT(nowhere.put(message(1)).error().what, HasSubstr("cannot make"));
}

TEST(Base64, ThereAndBack) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");  // RFC 4648 section 10
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    bytes += static_cast<char>(i);
  }
  for (const char* wrong : {"Z", "Zg=", "Zm9v!AAA", "====", "Z==="})
    EXPECT_FALSE(from_base64(wrong)) << wrong;
}

}  // namespace
}  // namespace weir::notify
