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

TEST_F(PendingRevision, ACanaryIsForItsGroupUntilItsTimeHasPassed) {
  const auto now = [&](const char* end, TimeNs left, const std::string& boot = boot_id()) {
    write("pending",
          to_text({8, 7, boot_time_now() + left, boot, "staff", std::string_view{end} == "promote"}));
    const TextsInForce texts = texts_in_force(policy(), 8);
    std::string all = std::to_string(texts.text.revision);
    if (!texts.group.empty())
      all += " for " + texts.group + ", else " + std::to_string(texts.others.revision);
    EXPECT_EQ(texts.text.file, texts.text.revision == 8 ? policy() : home_.file("revision-7.yaml"));
    return all;
  };
  EXPECT_EQ(now("promote", 60 * kSecond), "8 for staff, else 7");
  EXPECT_EQ(now("rollback", 60 * kSecond), "8 for staff, else 7");
  EXPECT_EQ(texts_in_force(policy(), 8).others.file, home_.file("revision-7.yaml"));
  EXPECT_EQ(now("promote", -1), "8");
  EXPECT_EQ(now("rollback", -1), "7");
  EXPECT_EQ(now("promote", 60 * kSecond, "another-boot"), "7")
      << "who starts the machine again wants it back";
  EXPECT_EQ(now("rollback", 60 * kSecond, "another-boot"), "7");
  EXPECT_EQ(texts_in_force(policy(), 9).group, "") << "it was replaced";
}

TEST_F(PendingRevision, ACanaryGoesOnWhileAnotherTakesItsPlace) {
  write("revision-8.yaml", "new");
  waits({8, 7, boot_time_now() + 60 * kSecond, boot_id(), "staff", true});
  const TextsInForce texts = texts_in_force(policy(), 8);
  EXPECT_EQ(texts.text.file, home_.file("revision-8.yaml"));
  EXPECT_EQ(texts.group, "staff");
}

TEST_F(PendingRevision, ACanaryIsReadAsItWasWritten) {
  waits({8, 7, 123, "some-boot", "staff", true});
  EXPECT_EQ(to_text(*read_pending(policy())), "8 7 123 some-boot promote staff\n");
  waits({8, 7, 123, "some-boot", "staff", false});
  EXPECT_EQ(to_text(*read_pending(policy())), "8 7 123 some-boot rollback staff\n");
  for (const char* const damaged : {"8 7 123 boot promote", "8 7 123 boot sometimes staff"}) {
    write("pending", damaged);
    EXPECT_FALSE(read_pending(policy())) << damaged;
  }
}

TEST_F(PendingRevision, IsReadAsItWasWritten) {
  waits({8, 7, 123, "some-boot"});
  const auto read = read_pending(policy());
  ASSERT_TRUE(read);
  EXPECT_EQ(to_text(*read), "8 7 123 some-boot\n");
}

}  // namespace
}  // namespace weir::policy
