// SPDX-License-Identifier: Apache-2.0
// weirctl on what Weir recorded: status, flow watch, violation, software, explain; with a Redis and a store
// of its own.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "policy/bus/stream_writer.h"
#include "policy/bus/streams.h"
#include "policy/engine/engine.h"
#include "tests/support/redis_server.h"
#include "tests/unit/policy/ctl/control_stub.h"
#include "tests/unit/policy/ctl/weirctl.h"
#include "tests/unit/policy/engine/event_builder.h"

namespace weir::ctl {
namespace {

using std::chrono::milliseconds;

class WeirctlRecords : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(redis_.up());
    weirctl_.write("weir.yaml", weirctl_.settings(redis_.socket()));
  }
  void publish(const std::vector<event::FlowEvent>& events) {
    policy::StreamWriter out{redis_.connect(), 100'000};
    for (const event::FlowEvent& event : events)
      ASSERT_TRUE(out.append("weir:flows:0", event.SerializeAsString()));
    ASSERT_FALSE(out.flush().error);
  }
  static event::FlowEvent blocked(std::uint64_t sequence) {
    event::FlowEvent event = test::flow_event(sequence);
    event.set_rule("no-gambling");
    event.set_host_source("tls-sni");
    event.set_group("staff");
    test::add_hit(event, "no-gambling", "bet.example");
    test::add_software(event, "firefox", "115.0");
    event::Step* step = event.add_path();
    step->set_section("web");
    step->set_rule("no-gambling");
    step->set_matched(true);
    step->set_why("category gambling has bet.example");
    return event;
  }
  void run_engine() {
    policy::StreamReader reader{
        redis_.connect(), std::string{policy::kEngineGroup}, "engine-1", {"weir:flows:0"}};
    ASSERT_TRUE(reader.create_group());
    policy::Engine engine{
        std::move(reader),
        policy::StreamWriter{redis_.connect(), 1'000},
        policy::Store::open(weirctl_.file("weir.db"), policy::StoreAccess::kWrite).value(),
        [](const auto&, const auto&) { return std::optional{policy::SoftwareState::kAuthorised}; },
        policy::QuotaLedger{[] { return nullptr; }, policy::FactsWriter{redis_.connect()}},
        policy::Tries{redis_.connect(), std::string{policy::kEngineGroup}}};
    ASSERT_TRUE(engine.run_once(milliseconds{100}, kSecond));
  }
  test::RedisServer redis_;
  test::Weirctl weirctl_;
};

TEST_F(WeirctlRecords, WhatIfJudgesRecordedFlowsByAnotherPolicy) {
  const auto now =
      static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());  // nanoseconds
  std::vector<event::FlowEvent> events;
  const auto say = [&](std::uint64_t flow, event::Kind kind, const std::string& host, std::uint64_t ago_s) {
    event::FlowEvent event = test::flow_event(events.size() + 1, kind);
    event.set_flow_id("0000000000abcdef-0-" + std::to_string(flow));
    event.set_host(host);
    event.set_host_source("tls-sni");
    event.set_time_ns(now - ago_s * 1'000'000'000);
    if (kind == event::KIND_FINAL) event.mutable_counters()->set_bytes_from_responder(1'000);
    events.push_back(event);
  };
  say(1, event::KIND_FINAL, "bet.example", 7'200);  // before what is asked for
  const std::string long_ago = std::to_string(now / 1'000'000 - 7'200'000) + "-1";
  ASSERT_TRUE(redis_.connect().command(
      {"XADD", "weir:flows:0", long_ago, policy::kPayloadField, events.front().SerializeAsString()}));
  events.clear();
  say(2, event::KIND_OPENED, "bet.example", 60);
  say(2, event::KIND_FINAL, "bet.example", 50);
  say(3, event::KIND_OPENED, "bet.example", 40);  // one connection, two requests
  say(3, event::KIND_FINAL, "news.example", 30);
  say(4, event::KIND_OPENED, "news.example", 20);  // goes on
  publish(events);
  const std::string rules = "weir-policy: 1\nweb:\n  - {rule: no-bets, match: {domain: ";
  weirctl_.write("policy/current.yaml", rules + "bet.example}, then: block}\n");
  weirctl_.write("next.yaml", rules + "news.example}, then: block}\n");
  const std::vector<std::string> words{"policy", "what-if", weirctl_.file("next.yaml"), "--hours", "1",
                                       "-o",     "json"};
  const test::Ran ran = weirctl_(words);
  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto json = ran.json();
  EXPECT_EQ(json["flows"], 3) << ran.out;
  EXPECT_EQ(json["changed"], 2);
  EXPECT_EQ(json["changes"][0]["change"], "newly blocked");
  EXPECT_EQ(json["changes"][0]["by_name"][0]["name"], "news.example");
  EXPECT_EQ(json["changes"][1]["change"], "no longer blocked");
  EXPECT_EQ(json["changes"][1]["bytes"], 1'000);
  const test::Ran same = weirctl_({"policy", "what-if", weirctl_.file("policy/current.yaml"), "-o", "json"});
  EXPECT_EQ(same.json()["changed"], 0) << "the running policy changes nothing";
  EXPECT_EQ(same.json()["flows"], 4);
  const test::Ran list = weirctl_({"policy", "what-if", weirctl_.file("next.yaml"), "--list", "-o", "csv"});
  EXPECT_NE(list.out.find(
                "newly blocked,10.0.0.2,news.example,TLS,allow,block by no-bets,0,0000000000abcdef-0-4\n"),
            std::string::npos)
      << list.out;
  EXPECT_EQ(weirctl_({"policy", "what-if"}).code, 2);
  weirctl_.write("broken.yaml", "weir-policy: 2\n");
  EXPECT_EQ(weirctl_({"policy", "what-if", weirctl_.file("broken.yaml")}).code, 3);
}

TEST_F(WeirctlRecords, UsageCountsFlowsByTheRulesThatMatchedThem) {
  std::vector<event::FlowEvent> events;
  const auto say = [&](std::uint64_t flow, event::Kind kind, const std::string& host, const std::string& rule,
                       const std::string& hit = "") {
    event::FlowEvent event = test::flow_event(events.size() + 1, kind);
    event.set_flow_id("0000000000abcdef-0-" + std::to_string(flow));
    event.set_host(host);
    event.set_rule(rule);
    event.set_time_ns(events.size() * 1'000'000'000);
    if (!hit.empty()) test::add_hit(event, hit, host);
    if (kind == event::KIND_FINAL) event.mutable_counters()->set_bytes_from_responder(1'000);
    events.push_back(event);
  };
  say(1, event::KIND_OPENED, "", "");
  say(1, event::KIND_UPDATE, "bet.example", "no-bets", "no-bets");
  say(1, event::KIND_FINAL, "bet.example", "no-bets");
  say(2, event::KIND_UPDATE, "news.example", "",
      "watched");  // said once, and another rule decides in the end
  say(2, event::KIND_FINAL, "news.example", "news");
  say(3, event::KIND_FINAL, "old.example", "of-another-revision");
  say(4, event::KIND_FINAL, "bet.example", "no-bets");
  say(5, event::KIND_FINAL, "none.example", "");
  publish(events);
  weirctl_.write("policy/current.yaml",
                 "weir-policy: 1\nnetwork:\n  - {rule: watched, then: report}\nweb:\n"
                 "  - {rule: no-bets, match: {domain: bet.example}, then: block, mode: monitor}\n"
                 "  - {rule: news, match: {domain: news.example}, then: allow}\n"
                 "  - {rule: never, match: {domain: x.example}, then: page}\n"
                 "software: {unknown: report}\n");
  const test::Ran csv = weirctl_({"policy", "usage", "-o", "csv"});
  EXPECT_EQ(
      csv.out,
      "rule,section,then,flows,bytes,clients,first,last\n"
      "watched,network,report,1,1000,1,1970-01-01T00:00:03.000Z,1970-01-01T00:00:03.000Z\n"
      "no-bets,web,block (monitor),2,2000,1,1970-01-01T00:00:01.000Z,1970-01-01T00:00:06.000Z\n"
      "news,web,allow,1,1000,1,1970-01-01T00:00:04.000Z,1970-01-01T00:00:04.000Z\n"
      "never,web,page,0,0,0,-,-\n"
      "unknown-software,software,report,0,0,0,-,-\n"
      "of-another-revision,not in this policy,,1,1000,1,1970-01-01T00:00:05.000Z,1970-01-01T00:00:05.000Z\n")
      << csv.err;
  const test::Ran table = weirctl_({"policy", "usage"});
  EXPECT_NE(table.out.find("; 2 of 5 rules matched nothing\n"), std::string::npos) << table.out;
  const test::Ran one = weirctl_({"policy", "usage", "no-bets"});
  EXPECT_NE(
      one.out.find(": no-bets: 2 flows, 2.0 kB, from 1970-01-01T00:00:01.000Z to 1970-01-01T00:00:06.000Z\n"
                   "  by client       10.0.0.2 (2)\n"
                   "  by name         bet.example (2)\n"),
      std::string::npos)
      << one.out;
  EXPECT_EQ(weirctl_({"policy", "usage", "no-bets", "-o", "json"}).json()["by_name"][0]["bytes"], 2'000);
  EXPECT_NE(weirctl_({"policy", "usage", "no-bets", "-o", "csv"}).out.find("name,bet.example,2,2000\n"),
            std::string::npos);
  const test::Ran unknown = weirctl_({"policy", "usage", "no-bet"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_NE(unknown.err.find("no rule is called no-bet (weirctl policy usage names them)"), std::string::npos)
      << unknown.err;
  EXPECT_EQ(weirctl_({"policy", "usage", "--hours", "0"}).code, 2);
}

TEST_F(WeirctlRecords, ViolationsAreListedAndShown) {
  EXPECT_EQ(weirctl_({"violation", "list"}).code, 4) << "no store yet";
  publish({blocked(1), blocked(2)});
  run_engine();
  const test::Ran table = weirctl_({"violation", "list"});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_NE(table.out.find("high      no-gambling  block   10.0.0.2  bet.example  2"), std::string::npos)
      << table.out;
  const auto rows = weirctl_({"violation", "list", "-o", "json"}).json();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["count"], 2);
  EXPECT_EQ(rows[0]["flows"].size(), 2U);
  const test::Ran csv = weirctl_({"-o", "csv", "violation", "list"});
  EXPECT_TRUE(csv.out.starts_with(
      "id,severity,rule,action,subject,object,count,last_seen,state,assignee,due\n1,high,no-gambling,"));
  const test::Ran one = weirctl_({"violation", "show", "1"});
  EXPECT_EQ(one.code, 0);
  EXPECT_NE(one.out.find("0000000000abcdef-0-2 0000000000abcdef-0-1"), std::string::npos) << one.out;
  EXPECT_EQ(weirctl_({"violation", "show", "1", "-o", "json"}).json()["rule"], "no-gambling");
  EXPECT_EQ(weirctl_({"violation", "show", "99"}).code, 1);
}

TEST_F(WeirctlRecords, SoftwareIsListed) {
  publish({blocked(1)});
  run_engine();
  const auto rows = weirctl_({"software", "list", "-o", "json"}).json();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["product"], "firefox");
  EXPECT_EQ(rows[0]["version"], "115.0");
  EXPECT_EQ(rows[0]["state"], "authorised");
  EXPECT_EQ(weirctl_({"software", "list", "--client", "10.9.9.9", "-o", "json"}).json().size(), 0U);
}

TEST_F(WeirctlRecords, ExplainSaysWhoWhatWhichRuleAndWhy) {
  event::FlowEvent opened = blocked(1);
  opened.set_kind(event::KIND_OPENED);
  event::FlowEvent final = blocked(2);
  final.set_flow_id(opened.flow_id());
  final.clear_hits();
  publish({opened, final, blocked(3)});
  const test::Ran by_id = weirctl_({"explain", opened.flow_id()});
  EXPECT_EQ(by_id.code, 0) << by_id.err;
  for (const char* words : {"client 10.0.0.2", "group staff", "named bet.example by its tls-sni",
                            "Decision: block, by rule no-gambling of policy revision 7",
                            "1. web: rule no-gambling matched: category gambling has bet.example",
                            "Recorded: rule no-gambling"}) {
    EXPECT_NE(by_id.out.find(words), std::string::npos) << words << "\n" << by_id.out;
  }
  const test::Ran by_ends = weirctl_({"explain", "tcp", "93.184.216.34", "443", "10.0.0.2", "40000"});
  EXPECT_EQ(by_ends.code, 0) << by_ends.err;
  EXPECT_NE(by_ends.out.find("0000000000abcdef-0-3"), std::string::npos) << "the newest between these ends";
  EXPECT_EQ(weirctl_({"explain", opened.flow_id(), "-o", "json"}).json()["hits"].size(), 1U);
}

TEST_F(WeirctlRecords, ExplainSaysThatTheClientClickedThrough) {
  event::FlowEvent passed = blocked(1);
  passed.set_action("allow");
  passed.clear_rule();
  event::ClickThrough* const click = passed.add_clicked_through();
  click->set_rule("ask-first");
  click->set_until_ns(1'795'348'800'000'000'000);
  passed.mutable_hits(0)->set_action("continue");
  publish({passed});
  const test::Ran said = weirctl_({"explain", passed.flow_id()});
  for (const char* words :
       {"Decision: allow; the client clicked through rule ask-first of policy revision 7, "
        "until 2026-11-22",
        "asks about bet.example"}) {
    EXPECT_NE(said.out.find(words), std::string::npos) << words << "\n" << said.out;
  }
}

TEST_F(WeirctlRecords, ExplainFallsBackToTheStoreThenSaysNo) {
  publish({blocked(1)});
  run_engine();
  auto admin = redis_.connect();
  ASSERT_TRUE(admin.command({"DEL", "weir:flows:0"}));
  const std::string flow = blocked(1).flow_id();
  EXPECT_EQ(weirctl_({"explain", flow}).code, 0);
  EXPECT_EQ(weirctl_({"explain", "tcp", "10.0.0.2", "40000", "93.184.216.34", "443"}).code, 0);
  EXPECT_EQ(weirctl_({"explain", "0000000000000000-0-9"}).code, 1);
  redis_.stop(SIGKILL);
  EXPECT_EQ(weirctl_({"explain", flow}).code, 0) << "the store has it";
  EXPECT_EQ(weirctl_({"explain", "0000000000000000-0-9"}).code, 4) << "Redis might have it";
}

TEST_F(WeirctlRecords, FlowWatchFollows) {
  const test::Ran nothing = weirctl_({"flow", "watch", "--count", "1", "--timeout", "0.2"});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_EQ(weirctl_({"flow", "watch", "--timeout", "0.1"}).code, 0);
  std::atomic<bool> done{false};
  std::thread publisher([&] {
    for (std::uint64_t i = 1; !done; ++i) {
      publish({blocked(i)});
      poll(nullptr, 0, 20);
    }
  });
  const test::Ran ran = weirctl_({"flow", "watch", "--count", "2", "--timeout", "20", "-o", "json"});
  const test::Ran line = weirctl_({"flow", "watch", "--count", "1", "--timeout", "20"});
  done = true;
  publisher.join();
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::string first = ran.out.substr(0, ran.out.find('\n'));
  EXPECT_EQ(nlohmann::json::parse(first)["host"], "bet.example");
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 2);
  EXPECT_NE(line.out.find("10.0.0.2:40000  93.184.216.34:443  TLS  bet.example  block  no-gambling"),
            std::string::npos)
      << line.out;
}

TEST_F(WeirctlRecords, StatusNamesEveryPart) {
  publish({blocked(1)});
  run_engine();
  const test::Ran alone = weirctl_({"status", "-o", "json"});
  EXPECT_EQ(alone.code, 4);
  EXPECT_EQ(alone.json()["redis"]["entries"]["weir:flows:0"], 1);
  EXPECT_EQ(alone.json()["engine"]["events_applied"], 1);
  const test::ControlStub classifier{weirctl_.file("run/classifier-0.sock"),
                                     [](const std::string&) { return R"({"ok":true,"revision":7})"; }};
  EXPECT_EQ(weirctl_({"status", "-o", "json"}).json()["classifiers"][0]["revision"], 7);
}

TEST_F(WeirctlRecords, StatusShowsPortsAndChecks) {
  const test::ControlStub dataplane{
      weirctl_.file("run/dataplane.sock"), [](const std::string&) {
        return R"({"ok":true,"channel":"attached","ports":[{"pair":"lan-wan","side":"inside","counters":)"
               R"({"received":5,"transmitted":3,"parked":1,"dropped":{"a":1}}}]})";
      }};
  const auto status = weirctl_({"status", "-o", "json"});
  EXPECT_EQ(status.code, 0);
  EXPECT_EQ(status.json()["channel"], "attached");
  EXPECT_EQ(status.json()["ports"][0]["name"], "lan-wan/inside");
  EXPECT_EQ(status.json()["ports"][0]["received"], 5);
  const auto table = weirctl_({"status"});
  EXPECT_NE(table.out.find("received 5 = transmitted 3 + dropped 1 + parked 1"), std::string::npos)
      << table.out;
  EXPECT_EQ(weirctl_({"status", "--check"}).code, 1) << "the classifier is silent";
}

}  // namespace
}  // namespace weir::ctl
