// SPDX-License-Identifier: Apache-2.0
// The service over a real channel: this test is the data plane.
#include "classifier/app/service.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "policy/lang/pending.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier {
namespace {

using nlohmann::json;

constexpr const char* kAllow = "weir-policy: 1\n";
constexpr const char* kBlockNet =
    "weir-policy: 1\nnetwork: [{rule: no-net, match: {destination: 192.0.2.0/24}, then: block}]\n";

template <typename Condition>
bool eventually(Condition&& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

/// A control client: one line out, one line in.
std::string ask(const std::string& path, const std::string& line) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  std::string reply;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string out = line + "\n";
    EXPECT_EQ(send(fd, out.data(), out.size(), 0), static_cast<ssize_t>(out.size()));
    char byte = 0;
    while (recv(fd, &byte, 1, 0) == 1 && byte != '\n') reply.push_back(byte);
  }
  close(fd);
  return reply;
}

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    write_policy(kAllow, 1);
    classifier_.emplace(ClassifierOptions{},
                        ClassifierParts{*labeler_, *geo_, software_, builder_, sink_, identity_},
                        *load_policy(home_.file("current.yaml")));
    service_.emplace(ServiceOptions{.channel_path = home_.file("channel-0.sock"),
                                    .policy_path = home_.file("current.yaml")},
                     *classifier_, sink_, std::move(*ControlServer::listen(control_)), signals_);
    listener_ = *channel::listen_for_classifier(home_.file("channel-0.sock"));
  }
  ~ServiceTest() override {
    stop();
    close(listener_);
  }
  void start() {
    thread_ = std::thread{[this] { ended_well_ = service_->run(); }};
  }
  void stop() {
    signals_.stop = true;
    if (thread_.joinable()) thread_.join();
  }
  void write_policy(const std::string& text, int revision) {
    std::ofstream{home_.file("current.yaml")} << text;
    std::ofstream{home_.file("current.revision")} << revision << '\n';
  }
  /// Accepts the classifier and gives it a new channel.
  bool attach() {
    if (connection_ >= 0) close(connection_);  // the data plane before this one is gone
    int fd = -1;
    if (!eventually([&] { return (fd = accept(listener_, nullptr, nullptr)) >= 0; })) return false;
    connection_ = fd;
    auto made = channel::DataplaneEnd::create({.requests = 64, .answers = 64, .slots = 16, .worker = 0});
    if (!made) return false;
    dataplane_ = std::move(*made);
    return channel::send_channel(connection_, dataplane_->fds()).has_value();
  }
  bool open_flow() {
    channel::FlowOpened opened;
    opened.initiator = IpAddress::parse("10.0.0.1")->bytes();
    opened.responder = IpAddress::parse("192.0.2.1")->bytes();
    opened.protocol = kProtocolTcp;
    const bool sent = dataplane_->try_open({1, 1}, opened, 1);
    dataplane_->publish();
    return sent;
  }
  /// Waits for the next answer.
  std::optional<channel::Answer> answer() {
    channel::Answer one;
    return eventually([&] { return dataplane_->drain({&one, 1}) == 1; }) ? std::optional{one} : std::nullopt;
  }

  test::KeepingSink sink_;
  ::weir::test::TemporaryDirectory home_;
  std::string control_ = home_.file("classifier-0.sock");
  std::unique_ptr<NdpiLabeler> labeler_ = std::move(*NdpiLabeler::create({}));
  std::unique_ptr<GeoLookup> geo_ = std::make_unique<GeoLookup>(std::move(*GeoLookup::open("", "")));
  SoftwareIdentifier software_{{}};
  EventBuilder builder_{{"test", 1, 0}, {}};
  Signals signals_;
  IdentityTables identity_;
  std::optional<Classifier> classifier_;
  std::optional<Service> service_;
  std::unique_ptr<channel::DataplaneEnd> dataplane_;
  std::thread thread_;
  int listener_ = -1;
  int connection_ = -1;
  bool ended_well_ = false;
};

TEST_F(ServiceTest, AttachesAnswersAndAttachesAgain) {
  start();
  for (int life = 0; life < 2; ++life) {
    ASSERT_TRUE(attach());
    const auto first = answer();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->type, channel::AnswerType::kPolicyRevision);
    ASSERT_TRUE(open_flow());
    EXPECT_TRUE(eventually([&] { return dataplane_->all_consumed(); }));
  }
  stop();
  EXPECT_TRUE(ended_well_);
  EXPECT_EQ(sink_.events.size(), 2U);  // each life's flow got its end
}

TEST_F(ServiceTest, ReloadsAPolicyOnRequestAndKeepsTheOldOneOnAMistake) {
  start();
  ASSERT_TRUE(attach());
  ASSERT_TRUE(answer());
  write_policy("weir-policy: 1\nnetwork: [{rule: x, match: {colour: red}, then: block}]\nwep: []\n", 2);
  json reply = json::parse(ask(control_, R"({"op":"reload"})"), nullptr, false);
  EXPECT_EQ(reply["ok"], false);
  EXPECT_NE(reply["error"].get<std::string>().find("colour"), std::string::npos);
  EXPECT_NE(reply["error"].get<std::string>().find("wep"), std::string::npos);  // all mistakes, not the first
  EXPECT_EQ(json::parse(ask(control_, R"({"op":"status"})"))["revision"], 1);
  write_policy(kBlockNet, 3);
  reply = json::parse(ask(control_, R"({"op":"reload"})"), nullptr, false);
  EXPECT_EQ(reply["ok"], true);
  EXPECT_EQ(reply["revision"], 3);
  const auto revision = answer();
  ASSERT_TRUE(revision);
  EXPECT_EQ(revision->type, channel::AnswerType::kPolicyRevision);
  EXPECT_EQ(revision->policy_revision, 3U);
  ASSERT_TRUE(open_flow());
  const auto verdict = answer();
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->action, channel::VerdictAction::kReset);
}

TEST_F(ServiceTest, HangupReloads) {
  start();
  ASSERT_TRUE(attach());
  ASSERT_TRUE(answer());
  write_policy(kBlockNet, 9);
  signals_.reload = true;
  const auto revision = answer();
  ASSERT_TRUE(revision);
  EXPECT_EQ(revision->policy_revision, 9U);
}

TEST_F(ServiceTest, IsAskedWhileTheDataPlaneIsAway) {
  unlink(home_.file("channel-0.sock").c_str());
  start();
  const json status = json::parse(ask(control_, R"({"op":"status"})"), nullptr, false);
  EXPECT_EQ(status["ok"], true);
  EXPECT_EQ(status["channel"]["attached"], false);
  for (const char* nonsense : {"", "{", "[]", "7", R"({"op":7})", R"({"op":"halt"})", "\xff"}) {
    EXPECT_EQ(json::parse(ask(control_, nonsense))["ok"], false) << nonsense;
  }
}

TEST(ControlServerTest, AnEndlessLineAndTooManyClientsAreRefused) {
  ::weir::test::TemporaryDirectory home;
  auto server = ControlServer::listen(home.file("c.sock"));
  ASSERT_TRUE(server);
  std::vector<int> clients;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  home.file("c.sock").copy(address.sun_path, sizeof(address.sun_path) - 1);
  for (std::size_t i = 0; i < kControlClientsMax + 4; ++i) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    static_cast<void>(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
    clients.push_back(fd);
  }
  const auto ignore = [](ControlServer::ClientId, std::string_view) { FAIL() << "no line was sent"; };
  server->poll(ignore);
  EXPECT_EQ(server->clients(), kControlClientsMax);
  const std::string endless(8'192, 'x');
  ASSERT_TRUE(eventually([&] {
    static_cast<void>(send(clients[0], endless.data(), endless.size(), MSG_NOSIGNAL));
    server->poll(ignore);
    char byte = 0;
    const ssize_t got = recv(clients[0], &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }));
  for (const int fd : clients) close(fd);
}

TEST(PolicyLoader, TheRevisionIsBesideTheFile) {
  ::weir::test::TemporaryDirectory home;
  const std::string path = home.file("current.yaml");
  EXPECT_EQ(revision_beside(path), kRevisionWithoutSidecar);
  for (const auto& [text, revision] : std::vector<std::pair<std::string, std::uint32_t>>{
           {"12\n", 12}, {"x", 1}, {"0", 1}, {"", 1}, {"99999999999", 1}}) {
    std::ofstream{home.file("current.revision")} << text;
    EXPECT_EQ(revision_beside(path), revision) << text;
  }
}

TEST(PolicyLoader, ACanaryComesWithThePolicyOfTheOthers) {
  ::weir::test::TemporaryDirectory home;
  const std::string path = home.file("current.yaml");
  std::ofstream{path} << "weir-policy: 1\nnetwork: [{rule: new, then: block}]\n";
  std::ofstream{home.file("current.revision")} << "8\n";
  std::ofstream{home.file("revision-7.yaml")} << "weir-policy: 1\ngroups: {staff: {vlans: [7]}}\n";
  std::ofstream{home.file("pending")}
      << policy::to_text({8, 7, policy::boot_time_now() + 60 * kSecond, policy::boot_id(), "staff", true});
  const auto loaded = load_policy(path);
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->revision, 8U);
  EXPECT_EQ(loaded->canary, "staff");
  ASSERT_NE(loaded->others, nullptr);
  EXPECT_EQ(loaded->others->parts().revision, 7U);
  std::ofstream{home.file("revision-7.yaml")} << "weir-policy: 1\nnonsense: 1\n";
  EXPECT_FALSE(load_policy(path).has_value()) << "half of it is nothing";
}

TEST(PolicyLoader, ExceptionsBesideThePolicyAreInForceButNotInAReplay) {
  ::weir::test::TemporaryDirectory home;
  const std::string path = home.file("current.yaml");
  std::ofstream{path} << "weir-policy: 1\nnetwork: [{rule: r, then: block}]\n";
  std::ofstream{home.file("exceptions.yaml")}
      << "weir-exceptions: 1\njudged: 2026-11-22T12:00:00Z\nexceptions:\n"
         "  - {exception: e, client: 10.0.0.1, rule: r, until: 2199-01-01T00:00:00Z, owner: o, reason: r}\n";
  const auto live = load_policy(path);
  ASSERT_TRUE(live.has_value());
  EXPECT_EQ(live->policy->parts().exceptions.size(), 1U);
  const auto replayed = load_policy(path, true);
  ASSERT_TRUE(replayed.has_value());
  EXPECT_TRUE(replayed->policy->parts().exceptions.empty());
}

}  // namespace
}  // namespace weir::classifier
