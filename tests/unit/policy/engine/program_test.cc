// SPDX-License-Identifier: Apache-2.0
// weir-engine as a program: killed again and again it loses and doubles nothing; told to stop it works off
// the rest.
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>

#include "policy/bus/facts.h"
#include "policy/bus/stream_writer.h"
#include "policy/bus/streams.h"
#include "policy/model/wall_clock.h"
#include "policy/store/store.h"
#include "tests/support/redis_server.h"
#include "tests/support/stored_violations.h"
#include "tests/unit/policy/engine/event_builder.h"

namespace weir::policy {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kEvents = 1'000;
constexpr int kKills = 12;

class EngineProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(redis_.up());
    const passwd* self = getpwuid(geteuid());
    ASSERT_NE(self, nullptr);
    std::ofstream(home_.file("weir.yaml"))
        << "weir: 1\nappliance: test\nrun_directory: " << home_.path()
        << "\npairs:\n  - {name: lan-wan, inside: \"net_null0\", outside: \"net_null1\", mode: strict}\n"
        << "redis: {socket: " << redis_.socket() << "}\n"
        << "classifier: {policy: " << home_.file("current.yaml") << "}\n"
        << "engine: {store: " << home_.file("weir.db") << ", user: " << self->pw_name << "}\n";
    std::ofstream(home_.file("current.yaml"))
        << "weir-policy: 1\nweb:\n  - {rule: video, match: {domain: video.example}, quota: {flows: "
        << kEvents << ", every: month}, then: block}\n";
    StreamWriter out{redis_.connect(), 1'000'000};
    for (std::uint64_t i = 1; i <= kEvents; ++i) {
      event::FlowEvent event = test::flow_event(i);
      test::add_hit(event, "no-gambling", "bet.example");
      event.set_time_ns(static_cast<std::uint64_t>(begun_));
      event::QuotaUse& use = *event.add_quota_uses();
      use.set_rule("video");
      use.set_subject("10.0.0.2");
      use.set_flows(1);
      ASSERT_TRUE(out.append(flow_stream(0), event.SerializeAsString()));
      if (out.pending() == kPipelineEntriesMax || i == kEvents) {
        ASSERT_FALSE(out.flush().error);
      }
    }
  }
  pid_t start() const {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "weir-engine";
    const std::string config = home_.file("weir.yaml");
    const pid_t pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
      execl(program.c_str(), program.c_str(), "--config", config.c_str(), nullptr);
      _exit(127);
    }
    return pid;
  }
  std::int64_t applied() const {
    auto store = Store::open(home_.file("weir.db"), StoreAccess::kRead);
    if (!store) return 0;
    const auto state = store->engine_state();
    if (!state) return 0;
    const auto found = state->find("events_applied");
    return found == state->end() ? 0 : found->second;
  }
  bool applied_within(std::int64_t count, std::chrono::seconds longest) const {
    const auto deadline = Clock::now() + longest;
    while (applied() < count && Clock::now() < deadline) poll(nullptr, 0, 10);
    return applied() >= count;
  }
  QuotaRecord quota() const {
    Store store = Store::open(home_.file("weir.db"), StoreAccess::kRead).value();
    const auto records = store.quotas({}, 10).value();
    return records.size() == 1 ? records.front() : QuotaRecord{};
  }
  /// The last one of the stream, which a classifier holds on to.
  QuotaFact last_fact() const {
    QuotaFact last;
    FactsReader reader{redis_.connect()};
    for (auto facts = reader.read(std::chrono::milliseconds{0}); facts && !facts->empty();
         facts = reader.read(std::chrono::milliseconds{0}))
      last = facts->back();
    return last;
  }
  const TimeNs begun_ = wall_clock();
  test::RedisServer redis_;
  test::TemporaryDirectory home_;
};

TEST_F(EngineProgram, KilledAtAnyMomentItLosesAndDoublesNothing) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random{seed};
  for (int i = 0; i < kKills; ++i) {
    const pid_t pid = start();
    poll(nullptr, 0, static_cast<int>(random() % 60));  // the moment of death, not a wait for something
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  const pid_t pid = start();
  EXPECT_TRUE(applied_within(kEvents, std::chrono::seconds{60}));
  kill(pid, SIGTERM);
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(applied(), static_cast<std::int64_t>(kEvents));
  const auto violations =
      test::violations(Store::open(home_.file("weir.db"), StoreAccess::kRead).value(), true, 10).value();
  const auto hits = std::ranges::find(violations, "no-gambling", &Violation::rule);
  ASSERT_NE(hits, violations.end());
  EXPECT_EQ(hits->count, kEvents);
  EXPECT_EQ(quota().used, (QuotaUse{0, 0, kEvents, 0}));
  EXPECT_EQ(std::ranges::count(violations, "video", &Violation::rule), 2) << "the warning and the end";
  if (quota().ends > wall_clock()) {  // else the month ended meanwhile, and nobody is told
    EXPECT_EQ(last_fact().used, quota().used);
  }
}

TEST_F(EngineProgram, ToldToStopAtOnceItStillWorksOffWhatIsThere) {
  const pid_t pid = start();
  ASSERT_TRUE(applied_within(1, std::chrono::seconds{60}));
  kill(pid, SIGTERM);
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(applied(), static_cast<std::int64_t>(kEvents));
}

TEST_F(EngineProgram, RedisMayGoAndComeBack) {
  redis_.stop(SIGKILL);
  const pid_t pid = start();
  poll(nullptr, 0, 50);
  redis_.start();
  ASSERT_TRUE(redis_.up());
  EXPECT_TRUE(applied_within(kEvents, std::chrono::seconds{60}));
  kill(pid, SIGTERM);
  waitpid(pid, nullptr, 0);
}

}  // namespace
}  // namespace weir::policy
