// SPDX-License-Identifier: Apache-2.0
// The shipped redis.conf and users.acl.in, run as they are: what each user may do, and that it may do nothing
// else.
#include <gmock/gmock.h>
#include <poll.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "policy/bus/facts.h"
#include "policy/bus/stream_browser.h"
#include "policy/bus/stream_groups.h"
#include "policy/bus/stream_reader.h"
#include "policy/bus/stream_trimmer.h"
#include "policy/bus/stream_writer.h"
#include "policy/bus/streams.h"
#include "tests/support/redis_server.h"

namespace weir::policy {
namespace {

using std::chrono::milliseconds;
using ::testing::StartsWith;

const std::string kShipped = std::string{WEIR_SOURCE_DIR} + "/images/overlay/etc/weir/redis/";
// SHA-256 of "secret".
constexpr const char* kSecretSha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

/// The commands that each user of an ACL file may give; an appliance's users in a cluster have its name
/// behind theirs.
std::map<std::string, std::set<std::string>> commands_of(const std::string& path) {
  std::map<std::string, std::set<std::string>> all;
  std::ifstream in{path};
  for (std::string line; std::getline(in, line);) {
    std::istringstream words{line};
    std::string word, user;
    words >> word >> user;
    user = user.substr(0, user.find("-@"));
    while (words >> word) {
      std::erase_if(word, [](char c) { return c == '(' || c == ')'; });
      if (word.starts_with('+')) all[user].insert(word);
    }
  }
  return all;
}

TEST(AclFiles, AClustersUsersMayWhatThoseOfAnApplianceMay) {
  const auto cluster = commands_of(std::string{WEIR_SOURCE_DIR} + "/images/cluster/users.acl.in");
  const auto appliance = commands_of(kShipped + "users.acl.in");
  EXPECT_EQ(appliance.size(), 5U);
  for (const auto& [user, commands] : appliance) {
    ASSERT_TRUE(cluster.contains(user)) << user;
    for (const std::string& command : commands)
      EXPECT_TRUE(cluster.at(user).contains(command)) << user << " " << command;
  }
}

class Acl : public ::testing::Test {
 protected:
  Acl() {
    std::ofstream(home_.file("password")) << "secret\n";
    std::stringstream text;
    text << std::ifstream(kShipped + "users.acl.in").rdbuf();
    std::string acl = text.str();
    for (const std::string place :
         {"@CLASSIFIER_SHA256@", "@ENGINE_SHA256@", "@READER_SHA256@", "@EXPORT_SHA256@"}) {
      const std::size_t at = acl.find(place);
      EXPECT_NE(at, std::string::npos) << place;
      if (at != std::string::npos) acl.replace(at, place.size(), kSecretSha256);
    }
    std::ofstream(home_.file("users.acl")) << acl;
    server_.emplace(std::vector<std::string>{"--aclfile", home_.file("users.acl"), "--supervised", "no"},
                    kShipped + "redis.conf");
  }
  void SetUp() override { ASSERT_TRUE(server_->up()); }

  RedisConnection as(const std::string& user) {
    RedisEndpoint endpoint = server_->endpoint();
    endpoint.user = user;
    endpoint.password_file = home_.file("password");
    return RedisConnection::connect(endpoint).value();
  }
  static bool refused(RedisConnection& connection, std::initializer_list<std::string_view> command) {
    const auto reply = connection.command(command);
    return !reply && reply.error().what.starts_with("NOPERM");
  }
  /// Started again over what it had written; true when that is read (before, it answers everybody "LOADING").
  bool killed_and_back() {
    server_->stop(SIGKILL);
    server_->start();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (server_->up() && std::chrono::steady_clock::now() < deadline) {
      if (as("weir-engine").command({"PING"})) return true;
      poll(nullptr, 0, 5);
    }
    return false;
  }
  void publish() {
    StreamWriter writer{as("weir-classifier"), 1'000};
    ASSERT_TRUE(writer.append(flow_stream(0), "event"));
    const FlushReport report = writer.flush();
    ASSERT_FALSE(report.error) << to_text(*report.error);
  }

  test::TemporaryDirectory home_;
  std::optional<test::RedisServer> server_;
};

TEST_F(Acl, NobodyGetsInWithoutAPassword) {
  auto connection = server_->connect();
  const auto refusal = [&](std::initializer_list<std::string_view> command) {
    const auto reply = connection.command(command);
    return reply ? "none" : reply.error().what;
  };
  EXPECT_THAT(refusal({"PING"}), StartsWith("NOAUTH"));
  EXPECT_THAT(refusal({"XLEN", flow_stream(0)}), StartsWith("NOAUTH")) << "what replaying needs";
  EXPECT_THAT(refusal({"AUTH", "secret"}), StartsWith("WRONGPASS"));
  EXPECT_THAT(refusal({"AUTH", "default", ""}), StartsWith("WRONGPASS"));
}

TEST_F(Acl, WhatTheEngineOwesOutlivesTheServer) {
  // Several at once: Redis writes down what one command gave out as a transaction, and when it reads that
  // back it asks the ACL of `default` whether it may.
  for (int i = 0; i < 3; ++i) publish();
  const auto reader = [this](std::string_view consumer) {
    return StreamReader{
        as("weir-engine"), std::string{kEngineGroup}, std::string{consumer}, {flow_stream(0)}};
  };
  std::string owed;
  {
    StreamReader before = reader("engine-1");
    ASSERT_TRUE(before.create_group());
    const auto given = before.read(2, milliseconds{1'000});
    ASSERT_TRUE(given && given->size() == 2);
    ASSERT_TRUE(before.acknowledge({given->front()}));
    owed = given->back().id;
  }
  ASSERT_TRUE(killed_and_back());
  StreamReader after = reader("engine-1");
  const auto again = after.read(10, milliseconds{1});
  ASSERT_TRUE(again) << to_text(again.error());
  ASSERT_EQ(again->size(), 1U) << "neither what it acknowledged, nor what it was never given";
  EXPECT_EQ(again->front().id, owed);
  const auto fresh = reader("engine-2").read(10, milliseconds{1});
  ASSERT_TRUE(fresh) << to_text(fresh.error());
  EXPECT_EQ(fresh->size(), 1U) << "what nobody was given before the server died";
}

TEST_F(Acl, TheClassifierAppendsAndSeesFactsAlone) {
  publish();
  auto connection = as("weir-classifier");
  FactsReader facts{as("weir-classifier")};
  const auto none = facts.read(milliseconds{1});
  ASSERT_TRUE(none) << to_text(none.error());
  FactsWriter engine{as("weir-engine")};
  const QuotaFact one[] = {{"video", "all", kSecond, {}}};
  const auto written = engine.write(one);
  ASSERT_TRUE(written) << to_text(written.error());
  EXPECT_EQ(facts.read(milliseconds{1}).value().size(), 1U);
  EXPECT_TRUE(refused(connection, {"XADD", "weir:facts", "*", "e", "forged"}));
  EXPECT_TRUE(refused(connection, {"XTRIM", "weir:facts", "MAXLEN", "0"}));
  EXPECT_TRUE(refused(connection, {"XREAD", "STREAMS", "weir:flows:0", "0"}));
  EXPECT_TRUE(refused(connection, {"XREAD", "STREAMS", "weir:facts", "weir:flows:0", "0", "0"}));
  EXPECT_TRUE(refused(connection, {"XREAD", "STREAMS", "weir:dead", "0"}));
  EXPECT_TRUE(refused(connection, {"XADD", "weir:dead", "*", "e", "x"}));
  EXPECT_TRUE(refused(connection, {"XADD", "other", "*", "e", "x"}));
  EXPECT_TRUE(refused(connection, {"XREVRANGE", "weir:flows:0", "+", "-"}));
  EXPECT_TRUE(refused(connection, {"DEL", "weir:flows:0"}));
  EXPECT_TRUE(refused(connection, {"KEYS", "*"}));
  EXPECT_TRUE(refused(connection, {"CONFIG", "GET", "*"}));
}

TEST_F(Acl, TheEngineConsumesAndBuries) {
  publish();
  StreamReader reader{as("weir-engine"), std::string{kEngineGroup}, "engine-1", {flow_stream(0)}};
  const auto created = reader.create_group();
  ASSERT_TRUE(created) << to_text(created.error());
  const auto entries = reader.read(10, milliseconds{1'000});
  ASSERT_TRUE(entries) << to_text(entries.error());
  EXPECT_EQ(entries->size(), 1U);
  EXPECT_TRUE(reader.claim(10, milliseconds{0}));
  EXPECT_TRUE(reader.acknowledge(*entries));
  const auto removed = reader.remove_consumers(milliseconds{0});
  EXPECT_TRUE(removed) << to_text(removed.error());
  StreamWriter letters{as("weir-engine"), 1'000};
  ASSERT_TRUE(letters.append(kDeadStream, "x"));
  EXPECT_FALSE(letters.flush().error);
  auto connection = as("weir-engine");
  EXPECT_TRUE(refused(connection, {"XADD", "weir:flows:0", "*", "e", "forged"}));
  EXPECT_TRUE(refused(connection, {"XREAD", "STREAMS", "weir:facts", "0"})) << "it tells and does not ask";
  EXPECT_TRUE(refused(connection, {"XGROUP", "DESTROY", "weir:flows:0", kEngineGroup}));
  EXPECT_TRUE(refused(connection, {"FLUSHALL"}));
  EXPECT_TRUE(refused(connection, {"XTRIM", "weir:facts", "MINID", "9-0"}));
  EXPECT_TRUE(refused(connection, {"XTRIM", "weir:dead", "MAXLEN", "0"}));
  EXPECT_TRUE(refused(connection, {"XINFO", "STREAM", "weir:facts"}));
  EXPECT_TRUE(refused(connection, {"MEMORY", "PURGE"}));
  EXPECT_TRUE(refused(connection, {"XDEL", "weir:flows:0", "1-0"}));
  EXPECT_TRUE(refused(connection, {"XSETID", "weir:flows:0", "9-0"}));
}

TEST_F(Acl, TheEngineTrimsBehindTheSlowestGroup) {
  publish();
  publish();
  StreamReader reader{as("weir-engine"), std::string{kEngineGroup}, "engine-1", {flow_stream(0)}};
  ASSERT_TRUE(reader.create_group());
  const auto entries = reader.read(10, milliseconds{1'000});
  ASSERT_TRUE(entries && entries->size() == 2);
  const auto owed = as("weir-engine").command({"XPENDING", flow_stream(0), kEngineGroup, "-", "+", "10"});
  ASSERT_TRUE(owed) << to_text(owed.error());
  ASSERT_TRUE(reader.acknowledge(*entries));
  StreamTrimmer trimmer{as("weir-engine"), {flow_stream(0)}, std::chrono::seconds{0}};
  const auto trimmed = trimmer.trim(4'000'000'000 * kSecond);
  ASSERT_TRUE(trimmed) << to_text(trimmed.error());
  EXPECT_EQ(*trimmed, 1U);
  StreamTrimmer classifiers{as("weir-classifier"), {flow_stream(0)}, std::chrono::seconds{0}};
  EXPECT_FALSE(classifiers.trim(0));
  ASSERT_TRUE(killed_and_back()) << "what was trimmed is read back as well";
  EXPECT_EQ(StreamBrowser{as("weir-reader")}.length(flow_stream(0)).value(), 1U);
}

TEST_F(Acl, ATornFileIsReadToItsLastWholeCommand) {
  for (int i = 0; i < 5; ++i) publish();
  server_->stop(SIGKILL);
  std::uintmax_t torn = 0;
  for (const auto& file : std::filesystem::directory_iterator{server_->home() + "/appendonlydir"}) {
    if (file.path().string().ends_with(".incr.aof")) {
      torn = file.file_size() - 10;
      std::filesystem::resize_file(file.path(), torn);
    }
  }
  ASSERT_GT(torn, 0U);
  ASSERT_TRUE(killed_and_back());
  EXPECT_EQ(StreamBrowser{as("weir-reader")}.length(flow_stream(0)).value(), 4U);
}

TEST_F(Acl, RedisRefusesRatherThanForgets) {
  std::stringstream text;
  text << std::ifstream(kShipped + "redis.conf").rdbuf();
  const std::string conf = text.str();
  for (const char* line : {"port 0\n", "unixsocketperm 660\n", "protected-mode yes\n", "appendonly yes\n",
                           "appendfsync everysec\n", "aof-use-rdb-preamble yes\n", "aof-load-truncated yes\n",
                           "maxmemory-policy noeviction\n", "stop-writes-on-bgsave-error no\n",
                           "enable-debug-command no\n", "enable-module-command no\n"}) {
    EXPECT_NE(conf.find(line), std::string::npos) << line;
  }
  EXPECT_NE(conf.find("\nmaxmemory "), std::string::npos);
}

TEST_F(Acl, NobodyMayHarmTheServer) {
  const std::vector<std::vector<std::string_view>> harms{{"CONFIG", "SET", "maxmemory", "1"},
                                                         {"SHUTDOWN", "NOSAVE"},
                                                         {"BGREWRITEAOF"},
                                                         {"SAVE"},
                                                         {"REPLICAOF", "NO", "ONE"},
                                                         {"MODULE", "LIST"},
                                                         {"EVAL", "return 1", "0"},
                                                         {"CLIENT", "KILL", "TYPE", "normal"},
                                                         {"ACL", "SETUSER", "x"},
                                                         {"MONITOR"},
                                                         {"KEYS", "*"},
                                                         {"SET", "weir:flows:0", "x"}};
  for (const char* user : {"weir-classifier", "weir-engine", "weir-reader"}) {
    auto connection = as(user);
    for (const auto& harm : harms) {
      const auto reply = connection.command(harm);
      ASSERT_FALSE(reply) << user << " " << harm.front();
      EXPECT_THAT(reply.error().what, StartsWith("NOPERM")) << user << " " << harm.front();
    }
  }
}

TEST_F(Acl, TheExporterConsumesInAGroupOfItsOwn) {
  publish();
  StreamReader reader{as("weir-export"), "weir-export-siem", "weir-export", {flow_stream(0)}};
  ASSERT_TRUE(reader.create_group());
  const auto entries = reader.read(10, milliseconds{1'000});
  ASSERT_TRUE(entries) << to_text(entries.error());
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_TRUE(reader.acknowledge(*entries));
  auto connection = as("weir-export");
  EXPECT_EQ(groups_of(connection, flow_stream(0)).value(), std::vector<std::string>{"weir-export-siem"});
  EXPECT_TRUE(groups_of(connection, flow_stream(1)).value().empty()) << "there is no such stream";
  EXPECT_TRUE(remove_group(connection, flow_stream(0), "weir-export-siem"));
  EXPECT_TRUE(refused(connection, {"XADD", "weir:flows:0", "*", "e", "forged"}));
  EXPECT_TRUE(refused(connection, {"XTRIM", "weir:flows:0", "MAXLEN", "0"}));
  EXPECT_TRUE(refused(connection, {"XREAD", "STREAMS", "weir:facts", "0"}));
  EXPECT_TRUE(refused(connection, {"XADD", "weir:dead", "*", "e", "x"}));
  EXPECT_TRUE(refused(connection, {"DEL", "weir:flows:0"}));
}

TEST_F(Acl, TheReaderOnlyLooks) {
  publish();
  StreamBrowser browser{as("weir-reader")};
  EXPECT_EQ(browser.length(flow_stream(0)).value(), 1U);
  EXPECT_EQ(browser.scan_backwards(flow_stream(0), 5, [](const StreamEntry&) { return true; }).value(), 1U);
  EXPECT_TRUE(browser.follow({flow_stream(0)}, milliseconds{1}));
  auto connection = as("weir-reader");
  EXPECT_TRUE(refused(connection, {"XADD", "weir:flows:0", "*", "e", "x"}));
  EXPECT_TRUE(refused(connection, {"XTRIM", "weir:flows:0", "MAXLEN", "0"}));
  EXPECT_TRUE(refused(connection, {"XREAD", "STREAMS", "weir:facts", "0"}));
  EXPECT_TRUE(refused(connection, {"ACL", "LIST"}));
}

}  // namespace
}  // namespace weir::policy
