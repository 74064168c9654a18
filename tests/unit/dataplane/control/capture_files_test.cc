// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/capture_files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "dataplane/control/pcapng_file.h"
#include "dataplane/pipeline/capture.h"
#include "tests/support/temporary_directory.h"

namespace weir::dataplane {
namespace {

constexpr TimeNs kNow = 1'700'000'000 * kSecond + 42 * kMillisecond;

class CaptureFilesTest : public testing::Test {
 protected:
  CaptureFilesTest() {
    settings_.directory = directory_.path() + "/captures";
    settings_.files_max = 3;
    settings_.megabytes_max = 16;
  }
  void write(const std::string& path, std::size_t bytes) { std::ofstream(path) << std::string(bytes, 'x'); }
  [[nodiscard]] std::size_t count() const {
    const std::filesystem::directory_iterator all(settings_.directory);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  test::TemporaryDirectory directory_;
  CaptureSettings settings_;
};

TEST_F(CaptureFilesTest, NamesByTimeAndTheOldestGoByNumber) {
  CaptureFiles files(settings_);
  std::string first;
  for (int i = 0; i < 10; ++i) {
    const auto path = files.next(kNow + i * kSecond, "flow-7", {});
    ASSERT_TRUE(path) << to_text(path.error());
    if (i == 0) first = *path;
    write(*path, 10);
    EXPECT_LE(count(), 3U);
  }
  EXPECT_EQ(first, settings_.directory + "/weir-20231114T221320.042Z-0000-flow-7.pcapng");
  EXPECT_FALSE(std::filesystem::exists(first));
}

TEST_F(CaptureFilesTest, TheOldestGoByBytesAndOthersStay) {
  CaptureFiles files(settings_);
  EXPECT_EQ(files.file_bytes_max(), (16U << 20U) / (2 * kCapturesMax));
  const std::string old = *files.next(kNow, "a", {});
  write(old, 16U << 20U);
  write(settings_.directory + "/notes.txt", 10);
  const std::string in_use = *files.next(kNow + kSecond, "b", {});
  EXPECT_FALSE(std::filesystem::exists(old));
  write(in_use, 15U << 20U);
  EXPECT_TRUE(files.next(kNow + 2 * kSecond, "c", {in_use}));
  EXPECT_TRUE(std::filesystem::exists(in_use));
  EXPECT_TRUE(std::filesystem::exists(settings_.directory + "/notes.txt"));
}

TEST_F(CaptureFilesTest, AFolderThatCannotBeMadeIsSaid) {
  settings_.directory = "/none/captures";
  EXPECT_FALSE(CaptureFiles(settings_).next(kNow, "a", {}));
}

TEST_F(CaptureFilesTest, APcapngFileIsItsOwnersAlone) {
  const std::string path = directory_.file("one.pcapng");
  auto file = PcapngFile::create(path, {"lan-wan/inside"}, 1'600, "why");
  ASSERT_TRUE(file) << to_text(file.error());
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_FALSE(PcapngFile::create(path, {}, 1'600, ""));
  const std::vector<std::uint8_t> bytes(61, 7);
  (*file)->add({.time = kNow, .interface = 0, .frame_bytes = 100, .bytes = bytes, .comment = "flow 3"});
  ASSERT_TRUE((*file)->flush());
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(static_cast<std::uint64_t>(status.st_size), (*file)->bytes());
  EXPECT_EQ(status.st_size % 4, 0);
}

TEST_F(CaptureFilesTest, AFileThatCannotGrowIsSaid) {
  auto file = PcapngFile::create(directory_.file("one.pcapng"), {"lan-wan/inside"}, 1'600, "why");
  ASSERT_TRUE(file);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{(*file)->bytes(), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::vector<std::uint8_t> bytes(60, 7);
  (*file)->add({.time = kNow, .interface = 0, .frame_bytes = 60, .bytes = bytes, .comment = ""});
  EXPECT_FALSE((*file)->flush());
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  static_cast<void>(std::signal(SIGXFSZ, ignored));
}

}  // namespace
}  // namespace weir::dataplane
