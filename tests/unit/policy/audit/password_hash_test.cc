// SPDX-License-Identifier: Apache-2.0
#include "policy/audit/password_hash.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <thread>
#include <vector>

namespace weir::policy {
namespace {

constexpr long kHashKib = 64 * 1'024;

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(PasswordHash, FitsItsPasswordAlone) {
  const std::string hash = hash_password("correct horse battery").value();
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$")) << hash;
  EXPECT_TRUE(fits_password(hash, "correct horse battery"));
  EXPECT_FALSE(fits_password(hash, "correct horse batterY"));
  EXPECT_FALSE(fits_password("", "correct horse battery"));
  EXPECT_FALSE(fits_password(hash.substr(0, 60), "correct horse battery"));
  EXPECT_NE(hash, hash_password("correct horse battery").value()) << "its salt is another";
}

TEST(PasswordHash, TwoAtATimeTakeMemory) {
  const long before = peak_kib();
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([] { EXPECT_TRUE(hash_password("a password").has_value()); });
  for (std::thread& one : threads) one.join();
  EXPECT_LT(peak_kib() - before, (kHashesAtOnce + 1) * kHashKib);
}

}  // namespace
}  // namespace weir::policy
