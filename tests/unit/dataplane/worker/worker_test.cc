// SPDX-License-Identifier: Apache-2.0
// A worker on two null ports, its control server, and classifiers that come and go.
#include "dataplane/worker/worker.h"

#include <gtest/gtest.h>
#include <rte_mbuf.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "dataplane/control/control_server.h"
#include "dataplane/io/eal.h"
#include "dataplane/io/packet_pool.h"
#include "tests/support/temporary_directory.h"

namespace weir::dataplane {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

bool until(const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

class WorkerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    eal_ = std::move(*Eal::start({.hugepages = false, .megabytes = 64, .cores = {}, .workers = 0}, {}));
    pool_ = std::move(*PacketPool::create("packets", 4'096));
  }
  static void TearDownTestSuite() {
    pool_.reset();
    eal_.reset();
  }

  void SetUp() override {
    // Whatever comes from the null port is a frame of zeros: bridged, never a flow.
    const std::string number = std::to_string(made_++);
    for (const PortSide side : {PortSide::kInside, PortSide::kOutside}) {
      const std::string name =
          side == PortSide::kInside ? "net_null_in" + number : "net_null_out" + number + ",no-rx=1";
      auto port = Port::open(name, side, pool_->get());
      ASSERT_TRUE(port) << to_text(port.error());
      ports_.push_back(std::move(*port));
    }
    settings_.run_directory = directory_.path();
    settings_.state_directory = directory_.path();
    settings_.pairs.emplace_back();
    settings_.memory.flows = 1'024;
    PipelineOptions options = pipeline_options(settings_);
    options.packets = pool_->get();
    workers_.push_back(std::make_unique<Worker>(options, ports_));
    bypasses_ = std::make_unique<PairBypasses>(settings_);
    auto control = ControlServer::start({settings_, ports_, workers_, *bypasses_});
    ASSERT_TRUE(control) << to_text(control.error());
    control_ = std::move(*control);
    stop_fd_ = eventfd(0, EFD_CLOEXEC);
    worker_thread_ = std::thread([this] { workers_[0]->run(); });
    control_thread_ = std::thread([this] { control_->run(stop_fd_); });
  }
  void TearDown() override {
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(stop_fd_, &one, sizeof(one)), static_cast<ssize_t>(sizeof(one)));
    control_thread_.join();
    workers_[0]->stop();
    if (worker_thread_.joinable()) worker_thread_.join();
    control_.reset();
    workers_.clear();
    ports_.clear();
    ::close(stop_fd_);
    EXPECT_EQ(pool_->in_use(), 0U);
  }

  json ask(const std::string& line) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    control_socket(settings_).copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::send(fd, (line + "\n").data(), line.size() + 1, 0), static_cast<ssize_t>(line.size() + 1));
    std::string answer;
    char byte = 0;
    while (::recv(fd, &byte, 1, 0) == 1 && byte != '\n') answer.push_back(byte);
    ::close(fd);
    return json::parse(answer, nullptr, false);
  }

  static inline std::unique_ptr<Eal> eal_;
  static inline std::unique_ptr<PacketPool> pool_;
  static inline int made_ = 0;
  test::TemporaryDirectory directory_;
  Settings settings_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<PairBypasses> bypasses_;
  std::unique_ptr<ControlServer> control_;
  int stop_fd_ = -1;
  std::thread worker_thread_;
  std::thread control_thread_;
};

TEST_F(WorkerTest, ForwardsAndItsStatusAddsUp) {
  ASSERT_TRUE(until([this] { return workers_[0]->board().read().ports[0].received > 10'000; }));
  const json status = ask(R"({"op":"status"})");
  EXPECT_EQ(status["ok"], true);
  EXPECT_EQ(status["channel"], "none");
  ASSERT_EQ(status["ports"].size(), 2U);
  const json& inside = status["ports"][0]["counters"];
  EXPECT_GT(inside["received"], 10'000);
  EXPECT_EQ(inside["received"], inside["transmitted"]);
  EXPECT_EQ(status["ports"][1]["side"], "outside");
  EXPECT_EQ(status["workers"][0]["flows_max"], 1'024);
}

TEST_F(WorkerTest, AClassifierComesGoesAndIsReplaced) {
  const auto attached = [this] { return workers_[0]->board().read().channel_attached == 1; };
  auto first = channel::connect_to_dataplane(channel_socket(settings_, 0));
  ASSERT_TRUE(first) << to_text(first.error());
  auto end = channel::ClassifierEnd::attach(first->fds);
  ASSERT_TRUE(end);
  EXPECT_EQ((*end)->shape().slots, 1'024U);
  ASSERT_TRUE(until(attached));
  EXPECT_EQ(ask(R"({"op":"status"})")["channel"], "attached");
  ::close(first->connection);  // as a killed process does
  ASSERT_TRUE(until([&] { return !attached(); }));

  auto second = channel::connect_to_dataplane(channel_socket(settings_, 0));
  ASSERT_TRUE(second);
  ASSERT_TRUE(until(attached));
  EXPECT_EQ(workers_[0]->board().read().channel_epoch, 2U);
  auto third = channel::connect_to_dataplane(channel_socket(settings_, 0));
  ASSERT_TRUE(third);
  ASSERT_TRUE(until([this] { return workers_[0]->board().read().channel_epoch == 3; }));
  for (const auto* other : {&second, &third}) {
    ::close((*other)->connection);
    ::close((*other)->fds.memory);
    ::close((*other)->fds.request_event);
    ::close((*other)->fds.answer_event);
  }
}

TEST_F(WorkerTest, ClassifiersThatComeAgainAndAgainAreServedAtAPace) {
  constexpr int kTimes = 5;
  const auto start = Clock::now();
  for (int i = 0; i < kTimes; ++i) {
    auto one = channel::connect_to_dataplane(channel_socket(settings_, 0));
    ASSERT_TRUE(one) << to_text(one.error());
    for (const int fd : {one->connection, one->fds.memory, one->fds.request_event, one->fds.answer_event})
      ::close(fd);
  }
  EXPECT_GE(Clock::now() - start, std::chrono::nanoseconds((kTimes - 1) * kAttachEvery));
}

TEST_F(WorkerTest, AWorkerThatStopsGoingRoundIsSeenWithin500Ms) {
  ASSERT_TRUE(until([this] { return workers_[0]->turns() > 0; }));
  EXPECT_EQ(ask(R"({"op":"status"})")["workers"][0]["state"], "alive");
  workers_[0]->stop();
  worker_thread_.join();
  const auto stopped = Clock::now();
  json worker;
  ASSERT_TRUE(until([&] {
    worker = ask(R"({"op":"status"})")["workers"][0];
    return worker["state"] == "stuck";
  }));
  EXPECT_LE(Clock::now() - stopped, std::chrono::milliseconds(500));
  EXPECT_EQ(worker["stuck_times"], 1);
  EXPECT_GE(worker["still_ms"], kWorkerStuckMs);
}

TEST_F(WorkerTest, InBypassItForwardsUnseenAndCountsIt) {
  const auto bypassed = [this] { return workers_[0]->board().read().ports[0].bypassed; };
  EXPECT_EQ(ask(R"({"op":"bypass","do":"on","for_s":60,"reason":"test"})")["ok"], true);
  ASSERT_TRUE(until([&] { return bypassed() > 1'000; }));
  const json status = ask(R"({"op":"status"})");
  EXPECT_EQ(status["pairs"][0]["by_hand"], "on");
  EXPECT_GT(status["pairs"][0]["bypass_frames"], 1'000);
  const json& inside = status["ports"][0]["counters"];
  EXPECT_EQ(inside["received"], inside["transmitted"]);
  EXPECT_EQ(ask(R"({"op":"bypass","do":"off"})")["ok"], true);
  // Off once two turns began after the answer.
  const std::uint64_t turns = workers_[0]->turns();
  ASSERT_TRUE(until([&] { return workers_[0]->turns() > turns + 2; }));
  EXPECT_EQ(ask(R"({"op":"status"})")["pairs"][0]["by_hand"], "off");
}

TEST_F(WorkerTest, ItsMetricsAreOnePage) {
  ASSERT_TRUE(until([this] { return workers_[0]->board().read().stages[0].packets_total() > 0; }));
  const json reply = ask(R"({"op":"metrics"})");
  EXPECT_EQ(reply["ok"], true);
  const std::string text = reply["text"];
  EXPECT_NE(text.find("\nweir_port_link_up{pair=\"lan-wan\",side=\"inside\",device=\"net_null_in"),
            std::string::npos);
  EXPECT_EQ(text.find("weir_stage_packet_cycles_count{worker=\"0\",stage=\"parse\"} 0\n"), std::string::npos);
  EXPECT_GT(ask(R"({"op":"status"})")["workers"][0]["stages"]["parse"]["packets"], 0);
}

TEST_F(WorkerTest, RefusesWhatItDoesNotKnowInOneSentence) {
  EXPECT_EQ(ask("no json")["ok"], false);
  EXPECT_EQ(ask(R"({"op":"dance"})")["ok"], false);
  EXPECT_EQ(ask(R"({"op":"flows","limit":"many"})")["ok"], false);
  EXPECT_EQ(ask(R"({"op":"flows","address":"nowhere"})")["ok"], false);
  const json flows = ask(R"({"op":"flows","address":"10.0.0.1","state":"decided"})");
  EXPECT_EQ(flows["ok"], true);
  EXPECT_TRUE(flows["flows"].empty());
}

}  // namespace
}  // namespace weir::dataplane
