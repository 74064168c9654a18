// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/cluster_slots.h"

#include <gtest/gtest.h>

#include <array>

#include "policy/bus/stream_registry.h"
#include "policy/bus/streams.h"

namespace weir::policy {
namespace {

using Kind = RedisReply::Kind;

const SocketAddress kAsked = SocketAddress::parse("10.0.0.9:6379").value();

RedisReply number(std::int64_t value) { return {Kind::kInteger, {}, value, {}}; }
RedisReply text(std::string value) { return {Kind::kText, std::move(value), 0, {}}; }
RedisReply list(std::vector<RedisReply> items) { return {Kind::kList, {}, 0, std::move(items)}; }
RedisReply error(std::string words) { return {Kind::kError, std::move(words), 0, {}}; }
RedisReply range(std::int64_t first, std::int64_t last, std::string host, std::int64_t port) {
  return list({number(first), number(last), list({text(std::move(host)), number(port), text("id"), list({})}),
               list({text("10.0.0.77"), number(6'379), text("replica")})});
}

TEST(ClusterSlots, KeysHaveTheSlotsOfTheSpecification) {
  EXPECT_EQ(key_slot("123456789"), 0x31c3 % kClusterSlots);  // the check value of CRC-16/XMODEM
  EXPECT_EQ(key_slot(""), 0);
  EXPECT_EQ(key_slot("foo{bar}zap"), key_slot("bar"));
  EXPECT_EQ(key_slot("foo{{bar}}zap"), key_slot("{bar"));
  EXPECT_EQ(key_slot("foo{bar}{zap}"), key_slot("bar"));
  EXPECT_NE(key_slot("foo{}{bar}"), key_slot("bar"));
  EXPECT_NE(key_slot("foo{bar"), key_slot("bar"));
  EXPECT_EQ(key_slot(flow_stream("north", 0)), key_slot("north:0"));
}

TEST(ClusterSlots, TheKeyOfACommandIsFound) {
  const auto key = [](std::vector<std::string_view> words) {
    return std::string{key_of(words).value_or("none")};
  };
  EXPECT_EQ(key({"XADD", "s", "*", "e", "x"}), "s");
  EXPECT_EQ(key({"XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", ">"}), "s");
  EXPECT_EQ(key({"XREAD", "BLOCK", "1", "STREAMS", "s", "0"}), "s");
  EXPECT_EQ(key({"XGROUP", "CREATE", "s", "g", "0"}), "s");
  EXPECT_EQ(key({"XINFO", "CONSUMERS", "s", "g"}), "s");
  EXPECT_EQ(key({"PING"}), "none");
  EXPECT_EQ(key({"XREAD", "STREAMS"}), "none");
  EXPECT_EQ(key({"XGROUP", "HELP"}), "none");
  EXPECT_EQ(key({}), "none");
}

TEST(ClusterSlots, AMapKnowsTheMasterOfEachSlot) {
  const auto map = SlotMap::parse(
      list({range(0, 99, "10.0.0.1", 7'000), range(100, 16'383, "fd00::2", 7'001), range(50, 60, "", 7'002)}),
      kAsked);
  ASSERT_TRUE(map) << to_text(map.error());
  EXPECT_EQ(map->master_of(0)->to_string(), "10.0.0.1:7000");
  EXPECT_EQ(map->master_of(99)->to_string(), "10.0.0.1:7000");
  EXPECT_EQ(map->master_of(100)->to_string(), "[fd00::2]:7001");
  EXPECT_EQ(map->master_of(16'383)->to_string(), "[fd00::2]:7001");
  EXPECT_EQ(map->master_of(55)->to_string(), "10.0.0.9:7002") << "no host is the one that was asked";
  EXPECT_EQ(map->master_of(16'384), nullptr);
  EXPECT_EQ(map->masters().size(), 3U);
  const auto part = SlotMap::parse(list({range(5, 5, "?", 7'000)}), kAsked);
  EXPECT_EQ(part->master_of(4), nullptr);
  EXPECT_EQ(part->master_of(5)->to_string(), "10.0.0.9:7000");
}

TEST(ClusterSlots, WhatIsNoMapIsRefused) {
  const auto code = [](const RedisReply& reply) { return SlotMap::parse(reply, kAsked).error().code; };
  EXPECT_EQ(code(list({})), ErrorCode::kUnavailable) << "a node that was joined to nobody yet";
  EXPECT_EQ(code(text("x")), ErrorCode::kCorrupt);
  EXPECT_EQ(code(list({list({number(0), number(1)})})), ErrorCode::kCorrupt);
  EXPECT_EQ(code(list({range(-1, 5, "10.0.0.1", 1)})), ErrorCode::kCorrupt);
  EXPECT_EQ(code(list({range(6, 5, "10.0.0.1", 1)})), ErrorCode::kCorrupt);
  EXPECT_EQ(code(list({range(0, 16'384, "10.0.0.1", 1)})), ErrorCode::kCorrupt);
  EXPECT_EQ(code(list({range(0, 1, "../run/x", 1)})), ErrorCode::kCorrupt);
  EXPECT_EQ(code(list({range(0, 1, "10.0.0.1", 0)})), ErrorCode::kCorrupt);
  EXPECT_EQ(code(list({range(0, 1, "10.0.0.1", 65'536)})), ErrorCode::kCorrupt);
  std::vector<RedisReply> many;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(kClusterMastersMax); ++i)
    many.push_back(range(i, i, "10.0.0.1", 1'000 + i));
  EXPECT_TRUE(SlotMap::parse(list(many), kAsked));
  many.push_back(range(300, 300, "10.0.0.2", 1));
  EXPECT_EQ(code(list(many)), ErrorCode::kCorrupt);
}

TEST(ClusterSlots, RedirectionsAreRead) {
  const auto said = [](std::string words) {
    const Redirect redirect = redirect_of(error(std::move(words)), kAsked);
    constexpr std::array kWords{"none", "moved ", "ask ", "later"};
    std::string read = kWords[static_cast<std::size_t>(redirect.kind)];
    if (redirect.to.port != 0) read += redirect.to.to_string();
    return read;
  };
  EXPECT_EQ(said("MOVED 3999 127.0.0.1:6381"), "moved 127.0.0.1:6381");
  EXPECT_EQ(said("MOVED 3999 fd00::1:6381"), "moved [fd00::1]:6381");
  EXPECT_EQ(said("MOVED 3999 :6381"), "moved 10.0.0.9:6381");
  EXPECT_EQ(said("ASK 3999 ?:6381"), "ask 10.0.0.9:6381");
  for (const char* later : {"TRYAGAIN Multiple keys", "CLUSTERDOWN The cluster is down", "LOADING Redis is",
                            "MASTERDOWN Link", "NOREPLICAS Not enough", "UNBLOCKED force", "MOVED 3999",
                            "MOVED 3999 127.0.0.1", "MOVED 3999 127.0.0.1:0", "ASK 1 host.example:6379"})
    EXPECT_EQ(said(later), "later") << later;
  EXPECT_EQ(said("ERR unknown command"), "none");
  EXPECT_EQ(said("NOGROUP No such key"), "none");
  EXPECT_EQ(redirect_of(text("MOVED 3999 127.0.0.1:6381"), kAsked).kind, Redirect::Kind::kNone);
}

TEST(ClusterSlots, OnlyNamesOfFlowStreamsNameAnAppliance) {
  EXPECT_EQ(appliance_of("weir:flows:{north:0}"), "north");
  EXPECT_EQ(appliance_of("weir:flows:{a-1:63}"), "a-1");
  for (const char* other :
       {"weir:flows:0", "weir:flows:{north:64}", "weir:flows:{north:00}", "weir:flows:{north:}",
        "weir:flows:{:0}", "weir:flows:{No:0}", "weir:flows:{north:0", "weir:flows:north:0}", "weir:dead",
        "weir:flows:{north:0}x", "weir:flows:{north:-1}", "weir:flows:{}", "weir:flows:", ""})
    EXPECT_EQ(appliance_of(other), "") << other;
  EXPECT_EQ(appliance_of("weir:flows:{" + std::string(32, 'a') + ":0}").size(), 32U);
  EXPECT_EQ(appliance_of("weir:flows:{" + std::string(33, 'a') + ":0}"), "");
}

}  // namespace
}  // namespace weir::policy
