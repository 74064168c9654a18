// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/digest.h"

#include <gtest/gtest.h>

namespace weir::test {
namespace {

/// RFC 1321 appendix A.5; FIPS 180-4 examples.
TEST(Digest, KnownAnswers) {
  EXPECT_EQ(classifier::md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(classifier::md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(classifier::sha256_hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(classifier::sha256_hex("abc", 12), "ba7816bf8f01");
  EXPECT_EQ(classifier::sha256_hex("abc", 100).size(), 64U);
}

}  // namespace
}  // namespace weir::test
