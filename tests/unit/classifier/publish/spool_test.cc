// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/spool.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "classifier/publish/spool_record.h"
#include "tests/support/temporary_directory.h"

namespace weir::classifier {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kMiB = 1U << 20U;

class SpoolTest : public ::testing::Test {
 protected:
  std::unique_ptr<Spool> open(std::uint64_t bytes_max = kMiB) {
    auto spool = Spool::open({.folder = folder_, .bytes_max = bytes_max, .kept = seconds{3}});
    EXPECT_TRUE(spool) << to_text(spool.error());
    return std::move(*spool);
  }
  static Spool::Appended append(Spool& spool, const std::vector<std::string>& texts, bool hit = true) {
    std::vector<RingEvent> events;
    for (const std::string& text : texts) events.push_back({text, hit});
    return spool.append(events);
  }
  static void fill(Spool& spool, std::uint64_t from, std::uint64_t count, std::size_t size = 100) {
    for (std::uint64_t i = from; i < from + count; ++i) {
      std::string text = std::to_string(i) + " ";
      text.resize(std::max(size, text.size()), 'x');
      ASSERT_FALSE(append(spool, {text}).error);
    }
  }
  /// Reads and acknowledges all; the number at the beginning of each.
  std::vector<std::uint64_t> drain(Spool& spool) {
    std::vector<std::uint64_t> numbers;
    while (true) {
      const auto events = spool.next(7);
      if (events.empty()) return numbers;
      for (const std::string& event : events) numbers.push_back(std::stoull(event));
      spool.acknowledge(events.size(), now_);
    }
  }
  static std::vector<std::uint64_t> numbers(std::uint64_t from, std::uint64_t count) {
    std::vector<std::uint64_t> all;
    for (std::uint64_t i = from; i < from + count; ++i) all.push_back(i);
    return all;
  }
  std::vector<fs::path> files() {
    std::vector<fs::path> all{fs::directory_iterator{folder_}, {}};
    std::ranges::sort(all);
    return all;
  }
  test::TemporaryDirectory home_;
  std::string folder_ = home_.path();
  Spool::Clock::time_point now_ = Spool::Clock::now();
};

TEST_F(SpoolTest, GivesBackInOrderWhileItGrows) {
  const auto spool = open();
  EXPECT_FALSE(spool->pending());
  fill(*spool, 0, 10);
  EXPECT_TRUE(spool->pending());
  const auto some = spool->next(4);
  ASSERT_EQ(some.size(), 4U);
  EXPECT_EQ(spool->acknowledge(2, now_), 2U) << "the other two come again";
  fill(*spool, 10, 5);
  EXPECT_EQ(drain(*spool), numbers(2, 13));
  EXPECT_FALSE(spool->pending());
  EXPECT_EQ(spool->counts().waiting, 0U);
  EXPECT_EQ(spool->counts().recovered, 0U);
}

TEST_F(SpoolTest, SegmentsAreDeletedOnceAcknowledgedForAWhile) {
  const auto spool = open();
  fill(*spool, 0, 300, 1'000);
  EXPECT_EQ(files().size(), 5U) << "of a sixteenth of the room";
  EXPECT_EQ(drain(*spool).size(), 300U);
  spool->tidy(now_ + milliseconds{2'000});
  EXPECT_EQ(files().size(), 5U) << "Redis may have to be told again";
  spool->rewind();
  EXPECT_EQ(drain(*spool), numbers(0, 300));
  EXPECT_EQ(spool->counts().waiting, 0U) << "counted once";
  spool->tidy(now_ + seconds{3});
  spool->tidy(now_ + seconds{6});
  EXPECT_TRUE(files().empty());
  EXPECT_EQ(spool->counts().bytes, 0U);
  fill(*spool, 300, 1);
  EXPECT_EQ(drain(*spool), numbers(300, 1));
}

TEST_F(SpoolTest, TheNextProcessGoesOnWhereThisOneEnded) {
  {
    const auto spool = open();
    fill(*spool, 0, 200, 1'000);
    spool->acknowledge(spool->next(1).size(), now_);
  }
  const auto spool = open();
  EXPECT_TRUE(spool->pending());
  fill(*spool, 200, 3);
  EXPECT_EQ(drain(*spool), numbers(0, 203)) << "older ones first; said again, never lost";
  EXPECT_EQ(spool->counts().recovered, 200U);
  EXPECT_EQ(spool->counts().lost, 0U);
}

TEST_F(SpoolTest, ATornEndIsCutOffAndTheRestKept) {
  {
    const auto spool = open();
    fill(*spool, 0, 10);
  }
  const fs::path torn = files().front();
  const auto size = fs::file_size(torn);
  for (std::uintmax_t cut = 1; cut <= 112; ++cut) {
    fs::resize_file(torn, size - cut);
    const auto spool = open();
    fill(*spool, 10, 2);
    EXPECT_EQ(drain(*spool), (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11})) << cut;
    EXPECT_EQ(spool->counts().damaged, cut < 112 ? 1U : 0U) << cut;
    fs::remove(files().back());
  }
}

TEST_F(SpoolTest, DamageInTheMiddleCostsOnlyWhatItHit) {
  {
    const auto spool = open();
    fill(*spool, 0, 10);
  }
  std::fstream file{files().front(), std::ios::in | std::ios::out | std::ios::binary};
  file.seekp(3 * 112 + 40);  // in the fourth
  file.put('!');
  file.seekp(6 * 112 + 5);  // the size of the seventh
  file.put('!');
  file.close();
  const auto spool = open();
  EXPECT_EQ(drain(*spool), (std::vector<std::uint64_t>{0, 1, 2, 4, 5, 7, 8, 9}));
  EXPECT_EQ(spool->counts().damaged, 2U);
  EXPECT_EQ(spool->counts().recovered, 8U);
  spool->rewind();
  drain(*spool);
  EXPECT_EQ(spool->counts().damaged, 2U) << "the same is counted once";
}

TEST_F(SpoolTest, OwnEventsThatCannotBeReadAreLostAndCounted) {
  const auto spool = open();
  fill(*spool, 0, 10);
  fs::resize_file(files().front(), 5 * 112);
  EXPECT_EQ(drain(*spool), numbers(0, 5));
  spool->tidy(now_);
  EXPECT_EQ(spool->counts().lost, 5U);
  EXPECT_EQ(spool->counts().waiting, 0U);
}

TEST_F(SpoolTest, AnyBytesAreReadWithoutHarm) {
  std::mt19937 random{5};
  for (int round = 0; round < 3; ++round) {
    std::string bytes;
    while (bytes.size() < 600'000) {
      if (random() % 3 == 0) append_record(bytes, std::string(random() % 3'000, 'x'), false);
      if (random() % 3 == 0) bytes += "WEV1";
      for (auto i = random() % 5'000; i > 0; --i) bytes.push_back(static_cast<char>(random()));
    }
    std::ofstream{folder_ + "/0000000001.events", std::ios::binary} << bytes;
    const auto spool = open();
    std::size_t found = 0;
    for (auto some = spool->next(100); !some.empty(); some = spool->next(100)) {
      found += spool->acknowledge(some.size(), now_);
    }
    EXPECT_EQ(found, spool->counts().recovered);
    EXPECT_FALSE(spool->pending());
    EXPECT_GT(found, 10U);
  }
}

TEST_F(SpoolTest, TheLastQuarterIsForHits) {
  const auto spool = open(256U << 10U);
  const std::string text(1'000, 'x');
  std::uint64_t refused = 0;
  for (int i = 0; i < 400; ++i) {
    const auto appended = append(*spool, {text}, false);
    EXPECT_EQ(appended.done, 1U) << "one that has no place is not waited with";
    refused += appended.refused;
  }
  const std::uint64_t common = (256U << 10U) * 3 / 4 / 1'012;
  EXPECT_EQ(refused, 400 - common);
  std::uint64_t hits = 0;
  while (append(*spool, {text}, true).done == 1) ++hits;
  EXPECT_EQ(common + hits, (256U << 10U) / 1'012);
  const auto full = append(*spool, {text, text}, true);
  EXPECT_EQ(full.done, 0U);
  ASSERT_TRUE(full.error);
  EXPECT_EQ(full.error->code, ErrorCode::kLimit);
  EXPECT_LE(spool->counts().bytes, 256U << 10U);
  std::uint64_t on_disk = 0;
  for (const fs::path& file : files()) on_disk += fs::file_size(file);
  EXPECT_EQ(on_disk, spool->counts().bytes);
}

TEST_F(SpoolTest, AFullDiskTakesNothingAndHarmsNothing) {
  if (geteuid() != 0 || mount("none", folder_.c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "needs root to mount a small file system: NOT TESTED";
  {
    const auto spool = open();
    std::uint64_t written = 0;
    const std::string text(1'000, 'x');
    Spool::Appended last;
    while (true) {
      last = append(*spool, {std::to_string(written) + " " + text});
      if (last.error) break;
      ++written;
    }
    EXPECT_EQ(last.error->code, ErrorCode::kSystem);
    EXPECT_EQ(last.done, 0U);
    EXPECT_GT(written, 50U);
    EXPECT_EQ(drain(*spool), numbers(0, written));
    spool->tidy(now_);
    spool->tidy(now_ + seconds{4});
    EXPECT_TRUE(files().empty());
    EXPECT_FALSE(append(*spool, {"1 again"}).error) << "there is room again";
    EXPECT_EQ(drain(*spool), numbers(1, 1));
    EXPECT_EQ(spool->counts().damaged, 0U);
  }
  umount2(folder_.c_str(), MNT_DETACH);
}

TEST_F(SpoolTest, AFolderThatIsNotThereIsAnError) {
  const auto spool = Spool::open({.folder = home_.file("none"), .bytes_max = kMiB});
  ASSERT_FALSE(spool);
  EXPECT_EQ(spool.error().code, ErrorCode::kSystem);
  EXPECT_NE(spool.error().what.find("none"), std::string::npos);
}

TEST_F(SpoolTest, AFolderThatGoesAwayIsAnErrorAtEachAppend) {
  const auto spool = open();
  fs::remove_all(folder_);
  for (int i = 0; i < 2; ++i) {
    const auto appended = append(*spool, {"1"});
    ASSERT_TRUE(appended.error);
    EXPECT_EQ(appended.done, 0U);
  }
}

TEST_F(SpoolTest, ForeignFilesAreLeftAlone) {
  std::ofstream{folder_ + "/notes.txt"} << "WEV1";
  std::ofstream{folder_ + "/1.events"} << "WEV1";
  fs::create_directory(folder_ + "/0000000001.events");
  const auto spool = open();
  EXPECT_FALSE(spool->pending());
  EXPECT_EQ(files().size(), 3U);
}

TEST(SpoolRecord, AnyOtherBitIsNoticed) {
  std::string record;
  append_record(record, std::string(32, '\0'), false);
  EXPECT_EQ(record.size(), kSpoolRecordHead + 32);
  EXPECT_EQ(record_at(record, 0), std::string(32, '\0'));
  for (std::size_t i = 0; i < record.size(); ++i) {
    std::string other = record;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(record_at(other, 0)) << i;
  }
}

}  // namespace
}  // namespace weir::classifier
