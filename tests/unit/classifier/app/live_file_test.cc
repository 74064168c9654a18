// SPDX-License-Identifier: Apache-2.0
#include "classifier/app/live_file.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/support/temporary_directory.h"

namespace weir::classifier {
namespace {

class LiveFileTest : public ::testing::Test {
 protected:
  /// Looks until the file was put in force or refused.
  bool settles(int looks = 20) {
    for (int i = 0; i < looks; ++i) {
      if (look()) return true;
    }
    return false;
  }
  /// One look, half a second after the last, and what came of it.
  bool look() {
    now_ += kLiveFileInterval;
    if (file_.look(now_)) return true;
    while (file_.busy()) {
      if (file_.look(now_)) return true;
      std::this_thread::yield();
    }
    return false;
  }
  /// As most editors do it.
  void replace(const std::string& text) {
    std::ofstream{path_ + ".new"} << text;
    ASSERT_EQ(std::rename((path_ + ".new").c_str(), path_.c_str()), 0);
  }

  ::weir::test::TemporaryDirectory home_;
  std::string path_ = home_.file("f.yaml");
  std::string in_force_ = "none";
  std::atomic<int> started_ = 0;
  std::chrono::steady_clock::time_point now_ = std::chrono::steady_clock::now();
  LiveFile file_{"test", path_, [this](const std::string& path) -> ResultAll<LiveFile::Commit> {
                   ++started_;
                   std::ifstream in{path};
                   std::string text{std::istreambuf_iterator<char>{in}, {}};
                   if (text.empty() || text.starts_with("bad")) {
                     return tl::unexpected(std::vector<Error>{
                         Error{ErrorCode::kInvalid, text.empty() ? "no file" : text, {}, {}}});
                   }
                   return LiveFile::Commit{[this, text] { in_force_ = text; }};
                 }};
};

TEST_F(LiveFileTest, AChangeIsTakenUpOnceItHasSettled) {
  EXPECT_FALSE(settles(5)) << "nothing changed";
  replace("one");
  EXPECT_FALSE(look());
  replace("one and a half");  // it changed again
  EXPECT_FALSE(look());
  EXPECT_EQ(started_, 0);
  EXPECT_TRUE(settles());
  EXPECT_EQ(in_force_, "one and a half");
  EXPECT_EQ(file_.loads(), 1U);
  EXPECT_FALSE(settles(5));
  std::ofstream{path_, std::ios::app} << "!";  // in place
  EXPECT_TRUE(settles());
  EXPECT_EQ(in_force_, "one and a half!");
}

TEST_F(LiveFileTest, AFileCanBeAskedForAgain) {
  replace("one");
  EXPECT_TRUE(settles());
  in_force_ = "half of one";
  file_.again();
  EXPECT_TRUE(settles());
  EXPECT_EQ(in_force_, "one");
  EXPECT_FALSE(settles(5));
}

TEST_F(LiveFileTest, AWrongFileOrNoneLeavesWhatIsInForce) {
  replace("one");
  EXPECT_TRUE(settles());
  replace("bad");
  EXPECT_TRUE(settles());
  EXPECT_EQ(in_force_, "one");
  EXPECT_EQ(file_.refusals(), 1U);
  EXPECT_NE(file_.error().find("bad"), std::string::npos);
  EXPECT_FALSE(settles(5)) << "it is said once";
  ASSERT_EQ(std::remove(path_.c_str()), 0);
  EXPECT_TRUE(settles());
  EXPECT_EQ(in_force_, "one");
  replace("two");
  EXPECT_TRUE(settles());
  EXPECT_EQ(in_force_, "two");
  EXPECT_EQ(file_.error(), "");
  EXPECT_EQ(file_.refusals(), 2U);
}

}  // namespace
}  // namespace weir::classifier
