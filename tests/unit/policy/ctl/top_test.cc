// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "policy/ctl/top_rates.h"
#include "policy/ctl/top_screen.h"
#include "tests/unit/policy/ctl/control_stub.h"
#include "tests/unit/policy/ctl/weirctl.h"

namespace weir::ctl {
namespace {

/// The data plane after `n` seconds of 1,000 packets of 125 bytes a second.
Json status(std::uint64_t n) {
  const Json counters{{"received", 1'000 * n},
                      {"received_bytes", 125'000 * n},
                      {"parked", 2U},
                      {"dropped", {{"runt", 3 * n}, {"policy-drop", 0U}}}};
  const Json worker{{"flows_opened", 10 * n},
                    {"flows_closed", 9 * n},
                    {"decided", 8 * n},
                    {"flows_judged", 4U},
                    {"exceptions", {{"channel-full", {{"pass", 2 * n}, {"drop", 0U}}}}},
                    {"stages", {{"parse", {{"cycles", 20'000 * n}, {"packets", 1'000 * n}}}}}};
  return {{"ok", true},
          {"appliance", "box"},
          {"channel", "attached"},
          {"uptime_s", 3'661U + n},
          {"revision", 7U},
          {"flows", 12U},
          {"parked", 2U},
          {"ports", {{{"pair", "lan-wan"}, {"side", "inside"}, {"counters", counters}}}},
          {"workers", {worker, worker}}};
}

Json flow(std::uint64_t number, const char* client, std::uint64_t packets, std::uint64_t bytes) {
  return {{"worker", 0U},
          {"number", number},
          {"protocol", 6U},
          {"initiator", client},
          {"initiator_port", 40'000U},
          {"responder", "2001:db8::1"},
          {"responder_port", 443U},
          {"initiator_inside", true},
          {"state", "decided"},
          {"verdict", "forward"},
          {"packets", {packets, packets}},
          {"bytes", {bytes, bytes}}};
}
Json flows(std::uint64_t n) {
  Json list{flow(1, "10.0.0.1", 10 * n, 5'000 * n), flow(2, "10.0.0.2", 500 * n, 1'000 * n)};
  if (n > 1) list.push_back(flow(3, "10.0.0.2", 1, 10));
  return {{"ok", true}, {"flows", list}};
}

TEST(TopRates, AreDifferencesOverTime) {
  const Json rates = top_rates({status(2), flows(2)}, {status(6), flows(6)}, 2.0, "bytes");
  EXPECT_EQ(rates["ports"][0]["name"], "lan-wan/inside");
  EXPECT_DOUBLE_EQ(rates["ports"][0]["packets_s"], 2'000);
  EXPECT_DOUBLE_EQ(rates["ports"][0]["bits_s"], 2'000'000);
  EXPECT_DOUBLE_EQ(rates["ports"][0]["dropped_s"], 6);
  EXPECT_EQ(rates["drops_s"].dump(), R"({"runt":6.0})");
  EXPECT_DOUBLE_EQ(rates["opened_s"], 40);  // both workers
  EXPECT_DOUBLE_EQ(rates["verdicts_s"], 32);
  EXPECT_EQ(rates["flows_judged"], 8);
  EXPECT_EQ(rates["exceptions_s"].dump(), R"({"channel-full pass":8.0})");
  EXPECT_DOUBLE_EQ(rates["stage_cycles"]["parse"], 20);
}

TEST(TopRates, PutsTheBusiestFirst) {
  const Json bytes = top_rates({status(1), flows(1)}, {status(2), flows(2)}, 1.0, "bytes");
  EXPECT_EQ(bytes["busiest_flows"][0]["who"], "tcp 10.0.0.1:40000 > [2001:db8::1]:443");
  EXPECT_DOUBLE_EQ(bytes["busiest_flows"][0]["bits_s"], 80'000);
  const Json packets = top_rates({status(1), flows(1)}, {status(2), flows(2)}, 1.0, "packets");
  EXPECT_EQ(packets["busiest_clients"][0]["who"], "10.0.0.2");
  EXPECT_EQ(packets["busiest_clients"][0]["flows"], 2);
  EXPECT_DOUBLE_EQ(packets["busiest_clients"][0]["packets_s"], 1'002);
}

TEST(TopRates, ARestartCountsFromZero) {
  const Json rates = top_rates({status(9), flows(9)}, {status(1), flows(1)}, 1.0, "bytes");
  EXPECT_DOUBLE_EQ(rates["ports"][0]["packets_s"], 1'000);
}

TEST(TopRates, WhatIsMissingOrOfAnotherTypeIsZero) {
  const Json rates =
      top_rates({Json(), Json()}, {{{"ports", {1, "x"}}}, {{"flows", {Json()}}}}, 1.0, "bytes");
  EXPECT_DOUBLE_EQ(rates["ports"][1]["packets_s"], 0);
  EXPECT_FALSE(top_screen(rates, {}).empty());
}

TEST(TopScreen, FitsTheTerminal) {
  Json many = flows(3);
  for (std::uint64_t i = 10; i < 200; ++i) many["flows"].push_back(flow(i, "10.0.0.9", i, i));
  const Json rates = top_rates({status(1), flows(1)}, {status(3), many}, 2.0, "bytes");
  for (const ScreenSize size : {ScreenSize{}, ScreenSize{40, 10}, ScreenSize{200, 60}, ScreenSize{1, 1}}) {
    std::istringstream lines(top_screen(rates, size));
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(line.size(), size.columns) << line;
    EXPECT_LE(count, size.rows);
  }
  const std::string screen = top_screen(rates, {});
  for (const char* part : {"weir box  up 0d 01:01:04  channel attached  policy revision 7", "lan-wan/inside",
                           "1.00 M", "opened/s 20", "runt 3.0", "channel-full pass 4.0", "parse 20  = 20",
                           "tcp 10.0.0.1:40000 > [2001:db8::1]:443", "forward", "BUSIEST CLIENTS"}) {
    EXPECT_NE(screen.find(part), std::string::npos) << part << " is not in\n" << screen;
  }
}

TEST(TopScreen, NumbersAreShort) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(0.5), "0.5");
  EXPECT_EQ(short_number(999), "999");
  EXPECT_EQ(short_number(1'234'567), "1.23 M");
  EXPECT_EQ(short_number(12'345), "12.3 k");
  EXPECT_EQ(short_number(999'999), "1.00 M");
  for (double value = 0.01; value < 1e20; value *= 3) EXPECT_LE(short_number(value).size(), 7U) << value;
}

TEST(WeirctlTop, OnceShowsOneScreen) {
  test::Weirctl weirctl;
  EXPECT_EQ(weirctl({"top", "--once", "--interval", "0.1"}).code, 4);
  std::uint64_t n = 0;
  const test::ControlStub dataplane(weirctl.file("run/dataplane.sock"), [&n](const std::string& line) {
    return line.find("status") != std::string::npos ? status(++n).dump() : flows(n).dump();
  });
  const test::Ran ran = weirctl({"top", "--once", "--interval", "0.1"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out.find('\x1b'), std::string::npos);
  EXPECT_NE(ran.out.find("lan-wan/inside"), std::string::npos) << ran.out;
  const Json rates = Json::parse(weirctl({"top", "--once", "--interval", "0.1", "-o", "json"}).out);
  EXPECT_GT(rates["ports"][0]["packets_s"], 0);
}

}  // namespace
}  // namespace weir::ctl
