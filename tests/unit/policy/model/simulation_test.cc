// SPDX-License-Identifier: Apache-2.0
#include "policy/model/simulation.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Simulation, WithoutAWishNothingHappens) {
  auto simulation = Simulation::parse("");
  ASSERT_TRUE(simulation.has_value());
  EXPECT_FALSE(simulation->hit(ExceptionCause::kFragment));
  EXPECT_FALSE(simulation->hit(Fault::kCrash));
}

TEST(Simulation, ABuildWithoutItRefuses) {
  const auto simulation = Simulation::parse("crash@1");
  EXPECT_EQ(simulation.has_value(), Simulation::kPossible);
  if (!simulation) {
    EXPECT_NE(simulation.error().what.find("cannot simulate"), std::string::npos);
  }
}

TEST(Simulation, HappensAtItsTimeOrFromThenOn) {
  if (!Simulation::kPossible) GTEST_SKIP() << "this build simulates nothing";
  auto simulation = *Simulation::parse("parking-full@2,worker-stuck@2+,crash@1");
  EXPECT_FALSE(simulation.hit(ExceptionCause::kParkingFull));
  EXPECT_TRUE(simulation.hit(ExceptionCause::kParkingFull));
  EXPECT_FALSE(simulation.hit(ExceptionCause::kParkingFull));
  EXPECT_FALSE(simulation.hit(Fault::kWorkerStuck));
  EXPECT_TRUE(simulation.hit(Fault::kWorkerStuck));
  EXPECT_TRUE(simulation.hit(Fault::kWorkerStuck));
  EXPECT_TRUE(simulation.hit(Fault::kCrash));
}

TEST(Simulation, MistakesAreNamed) {
  if (!Simulation::kPossible) GTEST_SKIP() << "this build simulates nothing";
  for (const char* text :
       {"parking-full", "parking-full@0", "parking-full@x", "nonsense@1", "crash@1,,crash@2", "crash@1+2"}) {
    EXPECT_FALSE(Simulation::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace weir
