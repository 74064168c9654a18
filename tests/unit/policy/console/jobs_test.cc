// SPDX-License-Identifier: Apache-2.0
// Jobs: one account's own, so many at a time, cancelled and forgotten.
#include "policy/console/jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>

namespace weir::console {
namespace {

using ctl::Json;
using testing::HasSubstr;

constexpr TimeNs kNow = 1'800'000'000 * kSecond;
constexpr std::chrono::seconds kDeadline{10};

/// Opens once.
class Gate {
 public:
  void open() {
    const std::scoped_lock lock{mutex_};
    open_ = true;
    changed_.notify_all();
  }
  bool wait() {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, kDeadline, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

std::string state_of(Jobs& jobs, const std::string& owner, const std::string& id) {
  const auto job = jobs.show(owner, id);
  return job ? (*job)["state"].get<std::string>() : "none";
}

/// The state at the end of it.
std::string ended(Jobs& jobs, const std::string& owner, const std::string& id) {
  const auto begun = std::chrono::steady_clock::now();
  while (state_of(jobs, owner, id) == "running" && std::chrono::steady_clock::now() - begun < kDeadline)
    std::this_thread::yield();
  return state_of(jobs, owner, id);
}

Result<Json> until_cancelled(const Jobs::Control& control) {
  while (control.goes_on()) std::this_thread::yield();
  return Json("nobody reads this");
}

TEST(Jobs, SayHowFarTheyAreAndThenTheirResult) {
  Gate told, go;
  Jobs jobs;
  const auto id = jobs.start("ada", "what-if", kNow, [&](const Jobs::Control& control) -> Result<Json> {
    control.tell({.done = 1, .of = 4, .events = 10, .seconds = 2.0, .recorded = 0});
    told.open();
    return go.wait() ? Result<Json>{Json{{"changed", 3}}} : failure(ErrorCode::kSystem, "waited too long");
  });
  ASSERT_TRUE(id.has_value());
  ASSERT_TRUE(told.wait());
  const Json tick = jobs.ticks("ada").at(0);
  EXPECT_EQ(tick["state"], "running");
  EXPECT_EQ(tick["done"], 1);
  EXPECT_EQ(tick["of"], 4);
  EXPECT_EQ(tick["left_s"], 6.0);
  EXPECT_TRUE(jobs.ticks("bruno").empty());
  EXPECT_FALSE(jobs.show("bruno", *id).has_value()) << "it is another's";
  EXPECT_FALSE(jobs.cancel("bruno", *id));
  go.open();
  EXPECT_EQ(ended(jobs, "ada", *id), "done");
  EXPECT_EQ((*jobs.show("ada", *id))["result"]["changed"], 3);
  EXPECT_EQ(jobs.ticks("ada").at(0)["left_s"], nullptr);
}

TEST(Jobs, SayWhyTheyFailed) {
  Jobs jobs;
  const auto id = jobs.start("ada", "what-if", kNow, [](const Jobs::Control&) -> Result<Json> {
    return failure(ErrorCode::kUnavailable, "Redis does not answer");
  });
  EXPECT_EQ(ended(jobs, "ada", *id), "failed");
  EXPECT_THAT((*jobs.show("ada", *id))["why"].get<std::string>(), HasSubstr("Redis does not answer"));
}

TEST(Jobs, AtMostSoManyRunAndACancelMakesRoom) {
  Jobs jobs;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < kJobsRunningMax; ++i)
    ids.push_back(jobs.start("ada", "what-if", kNow, until_cancelled).value());
  const auto more = jobs.start("bruno", "what-if", kNow, until_cancelled);
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().code, ErrorCode::kLimit);
  EXPECT_TRUE(jobs.cancel("ada", ids[0]));
  EXPECT_EQ(ended(jobs, "ada", ids[0]), "cancelled");
  EXPECT_EQ((*jobs.show("ada", ids[0]))["result"], nullptr);
  EXPECT_TRUE(jobs.start("bruno", "what-if", kNow, until_cancelled).has_value());
}  // what runs is cancelled when they go

TEST(Jobs, TheOldestThatEndedAreForgotten) {
  Jobs jobs;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i <= kJobsKept; ++i) {
    ids.push_back(
        jobs.start("ada", "what-if", kNow, [](const Jobs::Control&) -> Result<Json> { return Json(1); })
            .value());
    ASSERT_EQ(ended(jobs, "ada", ids.back()), "done");
  }
  EXPECT_EQ(state_of(jobs, "ada", ids[0]), "none");
  EXPECT_EQ(state_of(jobs, "ada", ids[1]), "done");
  EXPECT_EQ(jobs.ticks("ada").size(), kJobsKept);
}

}  // namespace
}  // namespace weir::console
