// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/track.h"

#include <functional>

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

TEST(Track, BothDirectionsAreOneFlow) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  bench.run(kInsidePort, from_client("S", 100));
  bench.run(kOutsidePort, from_server("SA", 500));
  EXPECT_EQ(bench.counters().flows, 1U);
  const auto seen = bench.requests(RequestType::kPacket);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].head.direction, Direction::kFromInitiator);
  EXPECT_EQ(seen[1].head.direction, Direction::kFromResponder);
}

TEST(Track, ASynAckAsTheFirstPacketSwapsTheRoles) {
  PipelineBench bench;
  bench.run(kOutsidePort, from_server("SA", 500));
  const auto opened = bench.requests()[0].opened;
  EXPECT_EQ(opened.initiator_port, 40'000);
  EXPECT_EQ(opened.initiator_inside, 1);
}

TEST(Track, AFlowFromOutsideKeepsItsInsideEndAsTheClient) {
  PipelineBench bench;
  bench.run(kOutsidePort,
            ipv4(kServer, kClient).macs("02:00:00:00:00:0a", "02:00:00:00:00:0b").tcp(5'000, 22).flags("S"));
  const auto opened = bench.requests()[0].opened;
  EXPECT_EQ(opened.initiator_inside, 0);
  EXPECT_EQ(opened.initiator_port, 5'000);
  EXPECT_EQ(opened.client_mac, (std::array<std::uint8_t, 6>{2, 0, 0, 0, 0, 0x0b}));
}

TEST(Track, PairsAndVlansAreApart) {
  PipelineBench bench;
  bench.run(0, from_client("S", 100));
  bench.run(2, from_client("S", 100));
  bench.run(0, from_client("S", 100).vlan(30));
  EXPECT_EQ(bench.counters().flows, 3U);
  const auto opened = bench.requests(RequestType::kFlowOpened);
  EXPECT_EQ(opened[1].opened.pair, 1);
  EXPECT_EQ(opened[2].opened.vlan, 30);
}

TEST(Track, PacketsOfANewFlowInOneBurstFindIt) {
  PipelineBench bench;
  bench.run(kInsidePort,
            {from_client("S", 100).bytes(), from_client("A", 101).bytes(), from_client("A", 101).bytes()});
  EXPECT_EQ(bench.counters().flows_opened, 1U);
}

TEST(Track, ADamagedPacketChangesNoState) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  bench.run(kInsidePort, from_client("S", 100).bad_l4_checksum());
  EXPECT_EQ(bench.counters().flows, 0U);
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  const auto flow = bench.requests()[0].flow;
  bench.run(kOutsidePort, from_server("R", 501).bad_l4_checksum());
  bench.decide(flow, VerdictAction::kForward);
  bench.run(kOutsidePort, from_server("R", 501).bad_l4_checksum());
  EXPECT_EQ(bench.pipeline->path().flows.hot(flow.slot).tcp_state, channel::TcpState::kMidstream);
  EXPECT_EQ(bench.dropped(kOutsidePort, DropReason::kL4Checksum), 2U);
  bench.run(kOutsidePort, from_server("A", 501, "data").bad_l4_checksum());  // its receiver refuses it
  EXPECT_EQ(bench.left_at(kInsidePort).size(), 1U);
  bench.set_revision(1);
  bench.run(kOutsidePort, from_server("A", 501, "data").bad_l4_checksum());  // would be shown: verified again
  EXPECT_EQ(bench.dropped(kOutsidePort, DropReason::kL4Checksum), 3U);
}

TEST(Track, AnIcmpErrorGoesTheWayOfItsFlowAndIsNotedThere) {
  PipelineBench bench;
  const auto query = ipv4(kClient, kServer).udp(5'000, 53).payload("query");
  const auto error = [&](std::uint8_t code) {
    const Frame frame = query.bytes();
    return ipv4("192.0.2.1", kClient).icmp(3, code).payload(std::string(frame.begin() + 14, frame.end()));
  };
  bench.run(kOutsidePort, error(3));  // nobody's: a flow of its own, which waits for an answer
  EXPECT_EQ(bench.counters().flows, 1U);
  bench.run(kInsidePort, query);
  const auto flow = bench.requests(RequestType::kPacket).back().flow;
  bench.decide(flow, VerdictAction::kForward);
  const FlowCold before = bench.pipeline->path().flows.cold(flow.slot);
  bench.run(kOutsidePort, error(3));
  bench.run(kOutsidePort, error(1).bad_l4_checksum());
  bench.run(kOutsidePort, error(13));
  EXPECT_EQ(bench.left_at(kInsidePort).size(), 2U);
  EXPECT_EQ(bench.dropped(kOutsidePort, DropReason::kL4Checksum), 1U);
  const FlowRest& rest = bench.pipeline->path().flows.rest(flow.slot);
  EXPECT_EQ(rest.icmp_errors, 2U);
  EXPECT_EQ(rest.icmp_error, IcmpError::kProhibited);
  EXPECT_EQ(bench.pipeline->path().flows.cold(flow.slot).packets, before.packets);
  EXPECT_EQ(bench.counters().icmp_errors, 2U);
  EXPECT_EQ(bench.counters().flows, 2U);
  for (int i = 0; i < 300; ++i) bench.run(kOutsidePort, error(0));
  EXPECT_EQ(rest.icmp_errors, UINT8_MAX);
  bench.decide(flow, VerdictAction::kDrop);
  bench.run(kOutsidePort, error(3));
  EXPECT_EQ(bench.dropped(kOutsidePort, DropReason::kPolicyDrop), 1U);
}

TEST(Track, AFullTableIsTheExceptionTables) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass, .flows = 64, .parked = 256, .requests = 512});
  for (std::uint16_t i = 0; i < 80; ++i) {
    const auto port = static_cast<std::uint16_t>(1'000 + i);
    bench.run(kInsidePort, ipv4(kClient, kServer).udp(port, 53).payload("q"));
    bench.run(kOutsidePort, ipv4(kServer, kClient).udp(53, port).payload("r"));  // nobody's who was answered
  }
  const auto counters = bench.counters();
  EXPECT_LE(counters.flows, 64U);
  EXPECT_EQ(bench.excepted(ExceptionCause::kFlowTableFull, ExceptionAction::kPass),
            2 * (80U - counters.flows));
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 80U - counters.flows);
}

TEST(Track, AFloodOfSynsKeepsNoRealConnectionOut) {
  constexpr std::uint32_t kFlows = 1'024;
  PipelineBench bench({.flows = kFlows, .requests = 1'024});
  const auto syn = [](std::uint32_t i) {
    return ipv4("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), kServer)
        .tcp(static_cast<std::uint16_t>(50'000 + i % 7), 443)
        .flags("S")
        .bytes();
  };
  bench.run(kInsidePort, ipv4("10.9.9.9", kServer).udp(1, 53).payload("before"));
  bench.run(kOutsidePort, ipv4(kServer, "10.9.9.9").udp(53, 1).payload("answered"));
  std::uint32_t sent = 0;
  TimeNs now = kStart;
  const auto flood = [&](std::uint32_t count) {
    for (std::vector<Frame> burst; count > 0; burst.clear()) {
      for (; count > 0 && burst.size() < kBatchMax; --count) burst.push_back(syn(sent++));
      bench.run(kInsidePort, burst, now += kBatchMax * kEvictionForConnectionEvery);
      static_cast<void>(bench.requests());
    }
  };
  flood(2 * kFlows);
  bench.run(kInsidePort, from_client("S", 100), now += kEvictionForConnectionEvery);
  flood(kFlows / 8);  // between its packets; a handshake has the time of kFlows SYNs
  bench.run(kOutsidePort, from_server("SA", 500), now += kEvictionForConnectionEvery);
  flood(kFlows / 8);
  bench.run(kInsidePort, from_client("A", 101), now += kEvictionForConnectionEvery);
  flood(2 * kFlows);
  bench.run(kInsidePort, from_client("PA", 101, "hello"), now += kEvictionForConnectionEvery);
  EXPECT_EQ(bench.counters().flows, kFlows);
  EXPECT_GT(bench.counters().unanswered_evicted, 3 * kFlows);
  EXPECT_EQ(bench.counters().exceptions[static_cast<std::size_t>(ExceptionCause::kFlowTableFull)],
            (std::array<std::uint64_t, kExceptionActions>{}));
  EXPECT_EQ(bench.counters().ports[kInsidePort].dropped_total(), 0U);
  EXPECT_EQ(bench.excepted(ExceptionCause::kMidstream, ExceptionAction::kPass), 0U);
  EXPECT_EQ(bench.counters().parked, 3U);  // the two datagrams of before, and the real connection's payload
}

TEST(Track, AFloodOfDatagramsKeepsNobodyOutAndEvictsNobodyWhoWasAnswered) {
  constexpr std::uint32_t kFlows = 256;
  PipelineBench bench({.flows = kFlows, .parked = 1'024, .requests = 1'024, .buffers = 4'096});
  const auto lone = [](std::uint32_t i) {
    return ipv4("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), kServer)
        .udp(static_cast<std::uint16_t>(50'000 + i % 7), 9'999)
        .payload("lone");
  };
  const auto query = [](std::uint16_t port) { return ipv4("10.9.9.9", kServer).udp(port, 53).payload("q"); };
  const auto reply = [](std::uint16_t port) { return ipv4(kServer, "10.9.9.9").udp(53, port).payload("r"); };
  bench.run(kInsidePort, query(1));
  bench.run(kOutsidePort, reply(1));
  std::uint32_t sent = 0;
  TimeNs now = kStart;
  const auto flood = [&](std::uint32_t count) {
    for (; count > 0; --count) {
      bench.run(kInsidePort, lone(sent++), now += kEvictionForDatagramEvery);
      static_cast<void>(bench.requests());
    }
  };
  flood(3 * kFlows);
  bench.run(kInsidePort, query(2), now += kEvictionForDatagramEvery);
  flood(kFlows / 2);
  bench.run(kOutsidePort, reply(2), now);
  flood(3 * kFlows);
  bench.run(kInsidePort, std::vector<Frame>{query(1).bytes(), query(2).bytes()}, now);
  EXPECT_EQ(bench.counters().flows, kFlows);
  EXPECT_EQ(bench.counters().flows_opened, 2 + sent) << "the answered ones were opened once";
  EXPECT_EQ(bench.counters().unanswered_evicted, 2 + sent - kFlows);
  EXPECT_EQ(bench.counters().exceptions[static_cast<std::size_t>(ExceptionCause::kFlowTableFull)],
            (std::array<std::uint64_t, kExceptionActions>{}));
}

/// How many flows a full table gives up: at once, at the next packets, after three times `every`, and when
/// the clock was set back since.
void expect_evictions(TimeNs every, const std::function<Frame(std::uint16_t)>& newcomer) {
  constexpr std::uint32_t kFlows = 1'024;
  PipelineBench bench({.flows = kFlows, .parked = 2'048, .requests = 4'096, .buffers = 4'096});
  std::uint16_t number = 1;
  TimeNs now = kStart;
  const auto newcomers = [&](std::size_t count) {
    std::vector<Frame> burst;
    while (burst.size() < count) burst.push_back(newcomer(number++));
    bench.run(kInsidePort, burst, now);
    static_cast<void>(bench.requests());
    return bench.counters().unanswered_evicted;
  };
  for (std::uint32_t sent = 0; sent < kFlows; sent += 32) newcomers(32);
  EXPECT_EQ(newcomers(8), 8U);
  EXPECT_EQ(newcomers(64), kEvictionsSavedMax + 1);  // and the one that is due
  EXPECT_EQ(newcomers(8), kEvictionsSavedMax + 1);
  now += 3 * every;
  EXPECT_EQ(newcomers(8), kEvictionsSavedMax + 4);
  now -= kSecond;  // the clock was set back
  EXPECT_EQ(newcomers(8), kEvictionsSavedMax + 12);
}

TEST(Track, AFullTableGivesUpSoManyFlowsAtOnceForDatagramsAndThenOneInAWhile) {
  expect_evictions(kEvictionForDatagramEvery, [](std::uint16_t port) {
    return ipv4("10.9.9.9", kServer).udp(port, 53).payload("q").bytes();
  });
}

TEST(Track, AFullTableGivesUpSoManyFlowsAtOnceForConnectionsAndThenOneInAWhile) {
  expect_evictions(kEvictionForConnectionEvery, [](std::uint16_t port) {
    return ipv4("10.9.9.9", kServer).tcp(port, 443).flags("S").bytes();
  });
}

}  // namespace
}  // namespace weir::dataplane
