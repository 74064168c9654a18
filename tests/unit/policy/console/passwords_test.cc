// SPDX-License-Identifier: Apache-2.0
#include "policy/console/passwords.h"

#include <gtest/gtest.h>

#include "policy/audit/password_hash.h"

namespace weir::console {
namespace {

bool taken(std::string_view password) { return wrong_with_password(password, "amelie", "east-gate").empty(); }

TEST(Passwords, LengthAloneIsAskedFor) {
  EXPECT_FALSE(taken("korrekte-pf"));
  EXPECT_TRUE(taken("korrekte-pfe"));
  EXPECT_TRUE(taken("correct horse battery"));
  EXPECT_TRUE(taken("un cheval de trait sous la pluie"));
  std::string longest;
  while (longest.size() < policy::kPasswordBytesMax) longest += "the rain in march ";
  longest.resize(policy::kPasswordBytesMax);
  EXPECT_TRUE(taken(longest));
  EXPECT_FALSE(taken(longest + "x"));
}

TEST(Passwords, WhatGuessersTryIsRefused) {
  for (const char* const guessed :
       {"aaaaaaaaaaaa", "123456789012", "passwordpassword", "Password12345678", "amelie-amelie",
        "AmelieAmelie1", "east-gate-2026", "weirweirweirweir", "qwertyuiop123", "azertyuiop9876",
        "abcdefghijklmnop", "xyxyxyxyxyxyxyxy", "admin-admin-admin", "MotDePasse2026"}) {
    EXPECT_FALSE(taken(guessed)) << guessed << " leaves '"
                                 << without_guessable(guessed, "amelie", "east-gate") << "'";
  }
}

TEST(Passwords, WhatIsLeftIsWhatNobodyKnows) {
  EXPECT_EQ(without_guessable("Amelie7kWz1234", "amelie", "weir"), "7kwz");
  EXPECT_EQ(without_guessable("kW7kW7kW7", "amelie", "weir"), "kw7");
  EXPECT_EQ(without_guessable("al al al", "al", "x"), "al ") << "a short name is part of many words";
}

}  // namespace
}  // namespace weir::console
