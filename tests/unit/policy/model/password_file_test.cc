// SPDX-License-Identifier: Apache-2.0
#include "policy/model/password_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/temporary_directory.h"

namespace weir {
namespace {

using testing::HasSubstr;

TEST(PasswordFile, APasswordThatOthersMayReadIsNone) {
  const test::TemporaryDirectory folder;
  const std::string path = folder.path() + "/password";
  const auto write = [&](const std::string& text, mode_t mode) {
    std::ofstream(path) << text;
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  };
  write("s3cret\nmore\n", 0600);
  EXPECT_EQ(read_password(path).value(), "s3cret");
  write(std::string(kPasswordBytesMax, 'a'), 0400);
  EXPECT_EQ(read_password(path).value().size(), kPasswordBytesMax);
  const auto refused = [&](std::string_view why) {
    const auto read = read_password(path);
    ASSERT_FALSE(read.has_value());
    EXPECT_THAT(read.error().what, HasSubstr(std::string(why)));
    EXPECT_THAT(to_text(read.error()), testing::Not(HasSubstr("s3cret")));
  };
  write("s3cret\n", 0640);
  refused("may be read or changed by others");
  write("\ns3cret\n", 0600);
  refused("has no password in its first line");
  chmod(path.c_str(), 0600);
  write(std::string(kPasswordBytesMax + 1, 'a'), 0600);
  refused("more than 1024 bytes");
  EXPECT_THAT(read_password(folder.path()).error().what, HasSubstr("is not a regular file"));
  EXPECT_THAT(read_password(folder.path() + "/none").error().what, HasSubstr("cannot be opened"));
}

}  // namespace
}  // namespace weir
