// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/pending.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temporary_directory.h"

namespace weir::policy {
namespace {

class PendingRevision : public ::testing::Test {
 protected:
  PendingRevision() {
    write("current.yaml", "new");
    write("revision-7.yaml", "old");
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(home_.file(name)) << text;
  }
  void waits(const Pending& pending) const { write("pending", to_text(pending)); }
  [[nodiscard]] std::string policy() const { return home_.file("current.yaml"); }
  [[nodiscard]] std::uint32_t in_force(std::uint32_t on_disk = 8) const {
    const TextInForce text = text_in_force(policy(), on_disk);
    EXPECT_EQ(text.file, text.revision == on_disk ? policy() : home_.file("revision-7.yaml"));
    return text.revision;
  }
  test::TemporaryDirectory home_;
};

TEST_F(PendingRevision, IsInForceUntilItsTimeHasPassed) {
  EXPECT_EQ(in_force(), 8U) << "nothing waits";
  waits({8, 7, boot_time_now() + 60 * kSecond, boot_id()});
  EXPECT_EQ(in_force(), 8U);
  waits({8, 7, boot_time_now() - 1, boot_id()});
  EXPECT_EQ(in_force(), 7U);
  EXPECT_EQ(in_force(9), 9U) << "it was replaced";
}

TEST_F(PendingRevision, DoesNotOutliveTheMachinesRun) {
  waits({8, 7, boot_time_now() + 60 * kSecond, "another-boot"});
  EXPECT_EQ(in_force(), 7U);
  EXPECT_FALSE(boot_id().empty());
}

TEST_F(PendingRevision, StaysWhereNothingCanComeBack) {
  waits({8, 6, 0, boot_id()});  // its text is not kept
  EXPECT_EQ(in_force(), 8U);
  write("pending", "8 seven");
  EXPECT_EQ(in_force(), 8U);
  EXPECT_FALSE(read_pending(policy()));
}

TEST_F(PendingRevision, ThePolicyHoldsUntilAnotherHasTakenItsPlaceWhole) {
  EXPECT_EQ(text_in_force(policy(), 7).file, home_.file("revision-7.yaml"))
      << "the new text has no number yet";
  EXPECT_EQ(text_in_force(policy(), 8).file, policy());
}

TEST_F(PendingRevision, IsReadAsItWasWritten) {
  waits({8, 7, 123, "some-boot"});
  const auto read = read_pending(policy());
  ASSERT_TRUE(read);
  EXPECT_EQ(to_text(*read), "8 7 123 some-boot\n");
}

}  // namespace
}  // namespace weir::policy
