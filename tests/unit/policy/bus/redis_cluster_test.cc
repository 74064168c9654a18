// SPDX-License-Identifier: Apache-2.0
// Streams and facts over a real Redis Cluster of three masters: redirections while a slot moves, a node that
// dies, hangs, or comes back.
#include "policy/bus/redis_cluster.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "policy/bus/facts.h"
#include "policy/bus/stream_browser.h"
#include "policy/bus/stream_reader.h"
#include "policy/bus/stream_writer.h"
#include "policy/bus/streams.h"
#include "tests/support/redis_cluster_servers.h"

namespace weir::policy {
namespace {

using std::chrono::milliseconds;
using test::RedisClusterServers;

class RedisClusterTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { cluster_ = std::make_unique<RedisClusterServers>(3); }
  static void TearDownTestSuite() { cluster_.reset(); }
  void SetUp() override {
    ASSERT_TRUE(cluster_->up());
    for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(cluster_->node(i).command({"FLUSHALL"}));
    ASSERT_TRUE(cluster_->settled());
  }

  /// A stream of this appliance that node `home` had at the start.
  static std::string stream_of(std::size_t home, const std::string& appliance = "north") {
    unsigned worker = 0;
    while (cluster_->home_of(flow_stream(appliance, worker)) != home) ++worker;
    return flow_stream(appliance, worker);
  }
  static std::vector<std::string> one_of_each() { return {stream_of(0), stream_of(1), stream_of(2)}; }
  static StreamReader reader(std::vector<std::string> streams, const std::string& consumer = "engine") {
    StreamReader made{cluster_->connect(), std::string{kEngineGroup}, consumer, std::move(streams)};
    EXPECT_TRUE(made.create_group());
    return made;
  }
  static StreamReader of_all() {
    return StreamReader::of_appliances(cluster_->connect(), std::string{kEngineGroup}, "engine",
                                       Appliances{});
  }
  static void write(const std::string& stream, const std::vector<std::string>& payloads) {
    StreamWriter out{cluster_->connect(), 100'000};
    for (const std::string& payload : payloads) ASSERT_TRUE(out.append(stream, payload));
    const FlushReport report = out.flush();
    ASSERT_FALSE(report.error) << to_text(*report.error);
    ASSERT_EQ(report.acknowledged, payloads.size());
  }
  /// Payloads by stream, as far as they come within some reads.
  static std::map<std::string, std::vector<std::string>> read_all(StreamReader& from, std::size_t wanted) {
    std::map<std::string, std::vector<std::string>> seen;
    std::size_t count = 0;
    EXPECT_TRUE(RedisClusterServers::eventually([&] {
      const auto entries = from.read(10, milliseconds{20});
      if (!entries) return false;
      for (const StreamEntry& entry : *entries) seen[entry.stream].push_back(entry.payload);
      count += entries->size();
      EXPECT_TRUE(from.acknowledge(*entries));
      return count >= wanted;
    })) << count
        << " came";
    return seen;
  }
  static void set_slot(std::size_t on, const std::string& slot, const std::string& what, std::size_t node) {
    const std::string id = cluster_->id_of(node);
    ASSERT_TRUE(cluster_->node(on).command({"CLUSTER", "SETSLOT", slot, what, id}));
  }
  static bool has_said(std::size_t node, const std::string& error) {
    const auto info = cluster_->node(node).command({"INFO", "errorstats"}).value();
    return info.text.find("errorstat_" + error + ":") != std::string::npos;
  }
  static void migrate(const std::string& key, std::size_t from, std::size_t to) {
    const std::string port = std::to_string(cluster_->address(to).port);
    ASSERT_TRUE(cluster_->node(from).command({"MIGRATE", "127.0.0.1", port, key, "0", "5000"}));
  }

  static std::unique_ptr<RedisClusterServers> cluster_;
};
std::unique_ptr<RedisClusterServers> RedisClusterTest::cluster_;

TEST_F(RedisClusterTest, SlotsAreThoseOfTheServer) {
  auto server = cluster_->node(0);
  for (const std::string key : {"weir:facts", "weir:dead", "weir:streams", "weir:flows:{north:0}", "a{b}c{d}",
                                "{}x", "a{", "}{", "x{{y}}", "\xff\x80"})
    EXPECT_EQ(server.command({"CLUSTER", "KEYSLOT", key}).value().integer, key_slot(key)) << key;
}

TEST_F(RedisClusterTest, StreamsOfAllNodesAreWrittenReadClaimedAndAcknowledged) {
  const auto streams = one_of_each();
  StreamReader engine = reader(streams);
  std::map<std::string, std::vector<std::string>> written;
  for (const std::string& stream : streams) {
    written[stream] = {stream + "1", stream + "2"};
    write(stream, written[stream]);
  }
  const auto given = engine.read(10, milliseconds{1'000}).value();
  EXPECT_EQ(given.size(), 6U);
  StreamReader heir = reader(streams, "heir");
  EXPECT_TRUE(heir.claim(10, milliseconds{600'000}).value().empty());
  EXPECT_EQ(heir.claim(10, milliseconds{0}).value().size(), 6U);
  EXPECT_EQ(heir.acknowledge(given).value(), 6U);
  EXPECT_TRUE(engine.read(10, milliseconds{1}).value().empty());
  StreamBrowser browser{cluster_->connect()};
  EXPECT_TRUE(browser.follow(streams, milliseconds{1}).value().empty());
  write(streams[2], {"new"});
  EXPECT_EQ(browser.follow({}, milliseconds{5'000}).value().at(0).payload, "new");
  EXPECT_EQ(browser.length(streams[2]).value(), 3U);
}

TEST_F(RedisClusterTest, APipelineOverSeveralNodesIsAnsweredInItsOrder) {
  StreamWriter out{cluster_->connect(), 1'000};
  const auto streams = one_of_each();
  for (std::size_t i = 0; i < 300; ++i) ASSERT_TRUE(out.append(streams[i % 3], std::to_string(i)));
  EXPECT_EQ(out.flush().acknowledged, 300U);
  // One that a node refuses ends the unbroken run where it was appended, whatever other nodes say.
  ASSERT_TRUE(cluster_->connect().command({"SET", "text", "x"}));
  for (std::size_t i = 0; i < 30; ++i) ASSERT_TRUE(out.append(i == 17 ? "text" : streams[i % 3], "y"));
  const FlushReport report = out.flush();
  EXPECT_EQ(report.acknowledged, 17U);
  EXPECT_EQ(report.not_acknowledged, 13U);
  EXPECT_TRUE(out.usable());
  auto seen = reader(streams);
  const auto all = read_all(seen, 329);
  EXPECT_TRUE(std::ranges::is_sorted(std::span{all.at(streams[0])}.first(100), {},
                                     [](const std::string& text) { return std::stoi(text); }));
}

TEST_F(RedisClusterTest, AStreamMovesToAnotherNodeWhileItIsWrittenAndRead) {
  const std::string stream = stream_of(0);
  const std::string slot = std::to_string(key_slot(stream));
  StreamReader engine = reader({stream, stream_of(1)});
  StreamWriter out{cluster_->connect(), 100'000};
  int next = 0;
  const auto say = [&](int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(out.append(stream, std::to_string(next++)));
    const FlushReport report = out.flush();
    ASSERT_FALSE(report.error) << to_text(*report.error);
  };
  say(10);
  EXPECT_EQ(engine.read(4, milliseconds{1'000}).value().size(), 4U);  // given, not acknowledged
  set_slot(2, slot, "IMPORTING", 0);
  set_slot(0, slot, "MIGRATING", 2);
  say(10);  // the key is still there
  migrate(stream, 0, 2);
  say(10);  // ASK, with ASKING
  EXPECT_EQ(engine.read(3, milliseconds{1'000}).value().size(), 3U);
  EXPECT_TRUE(has_said(0, "ASK"));
  for (const std::size_t node : {2U, 0U, 1U}) set_slot(node, slot, "NODE", 2);
  say(10);
  EXPECT_TRUE(has_said(0, "MOVED"));
  ASSERT_TRUE(cluster_->node(0).command({"CONFIG", "RESETSTAT"}));
  say(10);  // known by now
  EXPECT_FALSE(has_said(0, "MOVED"));
  StreamReader again = reader({stream, stream_of(1)});  // what was owed moved along with the group
  std::vector<std::string> expected;
  for (int i = 0; i < next; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(read_all(again, 50).at(stream), expected);
  set_slot(0, slot, "IMPORTING", 2);
  set_slot(2, slot, "MIGRATING", 0);
  migrate(stream, 2, 0);
  for (const std::size_t node : {0U, 2U, 1U}) set_slot(node, slot, "NODE", 0);
  say(10);
  EXPECT_EQ(read_all(again, 10).at(stream).size(), 10U);
}

TEST_F(RedisClusterTest, NodesThatPointAtEachOtherAreNotFollowedForEver) {
  const std::string stream = stream_of(0, "loop");
  const std::string slot = std::to_string(key_slot(stream));
  auto connection = cluster_->connect();
  ASSERT_EQ(connection.command({"XLEN", stream}).value().integer, 0);
  set_slot(0, slot, "NODE", 1);
  set_slot(1, slot, "NODE", 0);
  const auto reply = connection.command({"XLEN", stream});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable) << to_text(reply.error());
  EXPECT_EQ(connection.command({"XLEN", stream_of(2)}).value().integer, 0) << "others go on";
  set_slot(0, slot, "NODE", 0);
  set_slot(1, slot, "NODE", 0);
  EXPECT_TRUE(RedisClusterServers::eventually([&] {
    return connection.command({"XLEN", stream}).has_value();
  }));
}

TEST_F(RedisClusterTest, ANodeThatDiesKeepsItsStreamsAndNoOthers) {
  const auto streams = one_of_each();
  StreamReader engine = reader(streams);
  StreamReader late = reader({});
  StreamWriter out{cluster_->connect(), 1'000};
  for (const std::string& stream : streams) write(stream, {"before"});
  cluster_->server(1).stop(SIGKILL);
  ASSERT_TRUE(out.append(streams[1], "x"));
  const FlushReport lost = out.flush();
  ASSERT_TRUE(lost.error);
  EXPECT_EQ(lost.error->code, ErrorCode::kUnavailable);
  write(streams[0], {"meanwhile"});
  write(streams[2], {"meanwhile"});
  EXPECT_EQ(read_all(engine, 4).size(), 2U);
  EXPECT_TRUE(engine.claim(10, milliseconds{0})) << "others are looked through";
  EXPECT_TRUE(engine.usable());
  cluster_->server(1).start();
  ASSERT_TRUE(cluster_->settled());
  EXPECT_EQ(read_all(engine, 1).at(streams[1]), std::vector<std::string>{"before"});
}

TEST_F(RedisClusterTest, AReaderThatStartsWhileANodeIsAwayFollowsItsStreamsLater) {
  auto admin = cluster_->connect();
  const std::string north = stream_of(0);
  const std::string south = stream_of(1, "south");
  std::size_t away = 1;
  if (cluster_->home_of(kStreamRegistry) == away) away = 0;
  ASSERT_TRUE(announce(admin, north));
  ASSERT_TRUE(announce(admin, south));
  write(north, {"n"});
  write(south, {"s"});
  cluster_->server(away).stop(SIGKILL);
  StreamReader engine = of_all();
  const auto created = engine.create_group();
  ASSERT_TRUE(created) << to_text(created.error());
  EXPECT_EQ(engine.names().size(), 1U);
  EXPECT_EQ(read_all(engine, 1).size(), 1U);
  cluster_->server(away).start();
  ASSERT_TRUE(cluster_->settled());
  EXPECT_TRUE(RedisClusterServers::eventually(
      [&] { return engine.claim(10, milliseconds{600'000}) && engine.names().size() == 2; }));
  EXPECT_EQ(read_all(engine, 1).size(), 1U);
}

TEST_F(RedisClusterTest, ANodeThatHangsHoldsOthersUpForOneTimeoutAtATime) {
  const auto streams = one_of_each();
  StreamReader engine = reader(streams);
  write(streams[0], {"a"});
  cluster_->server(1).send(SIGSTOP);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(read_all(engine, 1).size(), 1U);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds{3'000});
  cluster_->server(1).send(SIGCONT);
  ASSERT_TRUE(cluster_->settled());
  write(streams[1], {"b"});
  EXPECT_EQ(read_all(engine, 1).size(), 1U);
}

TEST_F(RedisClusterTest, AllNodesAwayIsAnErrorAndNotUsable) {
  auto connection = cluster_->connect();
  for (std::size_t i = 0; i < 3; ++i) cluster_->server(i).stop(SIGKILL);
  const auto gone = [&] {
    const auto reply = connection.command({"XLEN", stream_of(0)});
    EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
    return !connection.usable();
  };
  EXPECT_TRUE(RedisClusterServers::eventually(gone));
  EXPECT_EQ(RedisConnection::connect(cluster_->endpoint()).error().code, ErrorCode::kUnavailable);
  for (std::size_t i = 0; i < 3; ++i) cluster_->server(i).start();
  ASSERT_TRUE(cluster_->settled());
  EXPECT_EQ(cluster_->connect().command({"XLEN", stream_of(0)}).value().integer, 0);
}

TEST_F(RedisClusterTest, ASeedThatIsAwayIsPassedOver) {
  RedisEndpoint endpoint = cluster_->endpoint();
  endpoint.nodes.insert(endpoint.nodes.begin(), SocketAddress::parse("127.0.0.1:1").value());
  auto connection = RedisConnection::connect(endpoint);
  ASSERT_TRUE(connection) << to_text(connection.error());
  EXPECT_TRUE(connection->command({"XLEN", stream_of(0)}));
}

TEST_F(RedisClusterTest, NodesAreReachedOverTheirUnixSockets) {
  RedisEndpoint endpoint = cluster_->endpoint();
  endpoint.node_sockets = cluster_->node_sockets();
  auto connection = RedisConnection::connect(endpoint);
  ASSERT_TRUE(connection) << to_text(connection.error());
  for (const std::string& stream : one_of_each()) EXPECT_TRUE(connection->command({"XLEN", stream}));
  endpoint.node_sockets = "/nowhere";
  EXPECT_EQ(RedisConnection::connect(endpoint).error().code, ErrorCode::kUnavailable)
      << "it uses no TCP then";
}

TEST_F(RedisClusterTest, FactsAreToldAndHeard) {
  FactsReader classifier{cluster_->connect()};
  EXPECT_TRUE(classifier.read(milliseconds{1}).value().empty());
  FactsWriter engine{cluster_->connect()};
  const QuotaFact fact[] = {{"video", "10.0.0.2", kSecond, {}}};
  ASSERT_TRUE(engine.write(fact));
  EXPECT_EQ(classifier.read(milliseconds{5'000}).value().at(0).rule, "video");
}

TEST_F(RedisClusterTest, StreamsAreFoundByTheirAnnouncements) {
  auto connection = cluster_->connect();
  EXPECT_TRUE(announced(connection, {}).value().streams.empty());
  for (const char* name : {"weir:flows:{north:1}", "weir:flows:{south:0}", "weir:flows:{north:0}",
                           "weir:dead", "weir:flows:0", "weir:flows:{north:1}"})
    ASSERT_TRUE(announce(connection, name));
  EXPECT_THAT(announced(connection, {}).value().streams,
              ::testing::ElementsAre("weir:flows:{north:0}", "weir:flows:{north:1}", "weir:flows:{south:0}"));
  EXPECT_THAT(announced(connection, {false, {"south", "west"}}).value().streams,
              ::testing::ElementsAre("weir:flows:{south:0}"));
  StreamReader engine = of_all();
  ASSERT_TRUE(engine.create_group());
  EXPECT_EQ(engine.names().size(), 3U);
  ASSERT_TRUE(announce(connection, "weir:flows:{west:0}"));
  write("weir:flows:{west:0}", {"w"});
  EXPECT_TRUE(engine.claim(10, milliseconds{0}));
  EXPECT_EQ(read_all(engine, 1).at("weir:flows:{west:0}").size(), 1U);
}

TEST_F(RedisClusterTest, MoreStreamsThanAreReadAreCounted) {
  auto connection = cluster_->connect();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kStreamsMax + 3; ++i)
    names.push_back(flow_stream("many-" + std::to_string(i / 64), static_cast<unsigned>(i % 64)));
  for (const std::string& name : names) ASSERT_TRUE(announce(connection, name));
  const Announced found = announced(connection, {}).value();
  EXPECT_EQ(found.streams.size(), kStreamsMax);
  EXPECT_EQ(found.left_out, 3U);
  StreamReader engine = of_all();
  ASSERT_TRUE(engine.create_group());
  EXPECT_EQ(engine.names().size(), kStreamsMax);
  EXPECT_EQ(engine.left_out(), 3U);
  // A flood of names, as only a classifier in other hands says them, has an end too.
  std::vector<std::string> flood;
  std::vector<std::string_view> words{"SADD", kStreamRegistry};
  for (std::size_t i = 0; i < 2 * kAnnouncedMax; ++i) flood.push_back("x" + std::to_string(i));
  words.insert(words.end(), flood.begin(), flood.end());
  ASSERT_TRUE(connection.command(words));
  EXPECT_TRUE(announced(connection, {}));
}

TEST_F(RedisClusterTest, ConsumersThatOweNothingAreForgottenOthersAreNot) {
  const auto streams = one_of_each();
  write(streams[0], {"1"});
  StreamReader owing = reader(streams, "owing");
  ASSERT_EQ(read_all(owing, 1).size(), 1U);
  write(streams[0], {"2"});
  ASSERT_EQ(owing.read(10, milliseconds{1'000}).value().size(), 1U);
  write(streams[1], {"3"});
  StreamReader done = reader(streams, "done");
  ASSERT_EQ(read_all(done, 1).size(), 1U);
  StreamReader engine = reader(streams, "engine");
  EXPECT_EQ(engine.remove_consumers(milliseconds{600'000}).value(), 0U);
  engine.remove_consumers(milliseconds{0}).value();
  std::set<std::string> left;
  for (const std::string& stream : streams) {
    const auto consumers = cluster_->connect().command({"XINFO", "CONSUMERS", stream, kEngineGroup}).value();
    for (const RedisReply& one : consumers.items) left.insert(stream + " " + one.items.at(1).text);
  }
  EXPECT_TRUE(left.contains(streams[0] + " owing")) << "it owes";
  EXPECT_FALSE(left.contains(streams[1] + " done"));
  EXPECT_EQ(engine.claim(10, milliseconds{0}).value().size(), 1U) << "what it owes is not lost";
}

TEST(RedisNodes, OneServerWithoutAClusterIsEnough) {
  test::RedisServer server{{"--port", "0"}};
  ASSERT_TRUE(server.up());
  test::TemporaryDirectory sockets;
  std::filesystem::create_symlink(server.socket(), sockets.file("[fd00::1]:6379"));
  RedisEndpoint endpoint;
  endpoint.nodes = {SocketAddress::parse("[fd00::1]:6379").value()};
  endpoint.node_sockets = sockets.path();
  auto connection = RedisConnection::connect(endpoint);
  ASSERT_TRUE(connection) << to_text(connection.error());
  StreamWriter out{std::move(*connection), 100};
  ASSERT_TRUE(out.append(flow_stream("north", 0), "x"));
  EXPECT_EQ(out.flush().acknowledged, 1U);
}

TEST(RedisNodes, ANodeThatWasNeverJoinedIsUnavailable) {
  RedisClusterServers one{1};
  ASSERT_TRUE(one.up());
  ASSERT_TRUE(one.node(0).command({"CLUSTER", "FLUSHSLOTS"}));
  EXPECT_EQ(RedisConnection::connect(one.endpoint()).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace weir::policy
