// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/flow_file.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace weir::dataplane {
namespace {

constexpr TimeNs kNow = 1'700'000'000 * kSecond;
constexpr FlowFileIdentity kMine{.worker = 0, .workers = 1, .pairs = 77};

class FlowFileTest : public ::testing::Test {
 protected:
  /// A published file with one decided flow, as a process that is gone left it.
  void leave() {
    auto file = FlowFile::create(path_, 100, kMine);
    ASSERT_TRUE(file) << to_text(file.error());
    FlowTable flows(100, 5, (*file)->memory());
    FlowKey key;
    key.low_port = 443;
    FlowHot& hot = flows.hot(flows.create(key, hash_of(key, 5)));
    hot.state = FlowState::kDecided;
    hot.last_seen = static_cast<Tick>(kNow / kSecond);
    hot.check = check_of(hot);
    ASSERT_TRUE((*file)->publish());
  }
  std::string refusal(const FlowFileIdentity& identity = kMine, TimeNs now = kNow) {
    const auto kept = KeptFlows::open(path_, identity, now);
    return kept ? "" : kept.error().what;
  }
  void overwrite(std::streamoff at, char value) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.put(value);
  }
  test::TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/flows-0";
};

TEST_F(FlowFileTest, TheNextProcessReadsWhatTheLastOneLeft) {
  leave();
  const auto kept = KeptFlows::open(path_, kMine, kNow + 5 * kSecond);
  ASSERT_TRUE(kept) << to_text(kept.error());
  EXPECT_EQ((*kept)->hot().size(), 100U);
  std::size_t decided = 0;
  for (const FlowHot& flow : (*kept)->hot()) {
    if (flow.state != FlowState::kDecided) continue;
    ++decided;
    EXPECT_EQ(flow.key.low_port, 443);
    EXPECT_EQ(flow.check, check_of(flow));
  }
  EXPECT_EQ(decided, 1U);
}

TEST_F(FlowFileTest, WhatWasNotPublishedLeavesNothingBehind) {
  leave();
  { ASSERT_TRUE(FlowFile::create(path_, 100, kMine)); }
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
  EXPECT_EQ(refusal(), "") << "the old one is still there";
}

TEST_F(FlowFileTest, NoFileIsNotFound) {
  const auto kept = KeptFlows::open(path_, kMine, kNow);
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, ErrorCode::kNotFound);
}

TEST_F(FlowFileTest, WhatDoesNotFitIsRefusedAsAWhole) {
  leave();
  EXPECT_NE(refusal({.worker = 1, .workers = 1, .pairs = 77}).find("other workers"), std::string::npos);
  EXPECT_NE(refusal({.worker = 0, .workers = 2, .pairs = 77}).find("other workers"), std::string::npos);
  EXPECT_NE(refusal({.worker = 0, .workers = 1, .pairs = 78}).find("other ports"), std::string::npos);
  EXPECT_NE(refusal(kMine, kNow + 2 * kKeptAgeMaxSeconds * kSecond).find("too long ago"), std::string::npos);
}

TEST_F(FlowFileTest, DamageIsRefused) {
  leave();
  ASSERT_EQ(::truncate(path_.c_str(), 8'192), 0);
  EXPECT_NE(refusal().find("cut"), std::string::npos);
  leave();
  overwrite(12, 1);  // the capacity
  EXPECT_NE(refusal().find("checksum"), std::string::npos);
  overwrite(0, 'x');
  EXPECT_NE(refusal().find("no flow file"), std::string::npos);
  ASSERT_EQ(::truncate(path_.c_str(), 3), 0);
  EXPECT_NE(refusal().find("cut"), std::string::npos);
}

TEST_F(FlowFileTest, CannotBeMadeWhereThereIsNoDirectory) {
  const auto file = FlowFile::create(directory_.path() + "/none/flows-0", 100, kMine);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kSystem);
}

TEST(FlowCheck, ChangesWithEverythingThatMakesAVerdict) {
  FlowHot flow;
  flow.key.low_port = 7;
  const std::uint8_t whole = check_of(flow);
  EXPECT_NE(whole, 0);
  std::size_t same = 0;
  for (int bit = 0; bit < 16; ++bit) {
    FlowHot other = flow;
    other.key.high_port = static_cast<std::uint16_t>(1U << static_cast<unsigned>(bit));
    same += check_of(other) == whole ? 1U : 0U;
    other = flow;
    other.policy_revision = 1U << static_cast<unsigned>(bit);
    same += check_of(other) == whole ? 1U : 0U;
  }
  EXPECT_LE(same, 2U);
  FlowHot dropped = flow;
  dropped.verdict = VerdictAction::kDrop;
  EXPECT_NE(check_of(dropped), whole);
}

TEST(LargePages, AreCountedForTheMappingOfTheAddress) {
  constexpr std::size_t kBytes = 8U << 20U;
  void* base = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(base, MAP_FAILED);
  ASSERT_EQ(::madvise(base, kBytes, MADV_NOHUGEPAGE), 0);
  std::memset(base, 1, kBytes);
  EXPECT_EQ(large_page_bytes(base), 0U);
  EXPECT_EQ(large_page_bytes(nullptr), 0U);
  ::munmap(base, kBytes);

  std::string enabled;
  std::getline(std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled"), enabled);
  if (enabled.find("[never]") != std::string::npos || enabled.empty()) GTEST_SKIP() << "the kernel has none";
  FlowTable flows(100'000, 1);  // 18 MB, asked for in large pages
  EXPECT_GE(large_page_bytes(&flows.hot(50'000)), std::size_t{2} << 20U);
}

}  // namespace
}  // namespace weir::dataplane
