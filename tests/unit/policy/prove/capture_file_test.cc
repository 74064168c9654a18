// SPDX-License-Identifier: Apache-2.0
#include "policy/prove/capture_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace weir::prove {
namespace {

class CaptureFile : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return home_.file("a.pcap"); }
  void write(const std::string& bytes) const { std::ofstream(path(), std::ios::binary) << bytes; }
  test::TemporaryDirectory home_;
};

TEST_F(CaptureFile, IsReadAsItWasWritten) {
  const std::vector<TimedFrame> frames = {
      {1'700'000'000 * kSecond + 123'456'789, "first"}, {0, ""}, {7, "x"}};
  ASSERT_TRUE(write_capture(path(), frames));
  const auto read = read_capture(path());
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ((*read)[i].time, frames[i].time);
    EXPECT_EQ((*read)[i].bytes, frames[i].bytes);
  }
}

TEST_F(CaptureFile, CutInTheMiddleOfAFrameIsCorrupt) {
  ASSERT_TRUE(write_capture(path(), {{1, "first"}, {2, "second"}}));
  const auto whole = std::filesystem::file_size(path());
  for (const std::uintmax_t cut : {1U, 6U, 7U, 20U}) {
    std::filesystem::resize_file(path(), whole - cut);
    const auto read = read_capture(path());
    ASSERT_FALSE(read) << cut;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    ASSERT_TRUE(write_capture(path(), {{1, "first"}, {2, "second"}}));
  }
}

TEST_F(CaptureFile, ThatIsNoneIsSaid) {
  for (const std::string& bytes : {std::string{}, std::string(24, 'x'), std::string(100, '\0')}) {
    write(bytes);
    const auto read = read_capture(path());
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  }
  std::filesystem::remove(path());
  const auto missing = read_capture(path());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kSystem);
}

TEST_F(CaptureFile, LongerThanItsLimitIsNotRead) {
  write("");
  std::filesystem::resize_file(path(), kCaptureBytesMax + 1);  // a hole
  const auto read = read_capture(path());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kLimit);
}

TEST_F(CaptureFile, ThatCannotBeWrittenIsSaid) {
  const auto written = write_capture(home_.file("none/a.pcap"), {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kSystem);
}

}  // namespace
}  // namespace weir::prove
