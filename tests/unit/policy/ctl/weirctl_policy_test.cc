// SPDX-License-Identifier: Apache-2.0
// weirctl's command line, `config check` and `policy ...`, run as a program.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "policy/ctl/policy_files.h"
#include "tests/unit/policy/ctl/control_stub.h"
#include "tests/unit/policy/ctl/weirctl.h"

namespace weir::ctl {
namespace {

constexpr const char* kGood =
    "weir-policy: 1\nweb:\n  - {rule: no-bets, match: {domain: bet.example}, then: block}\n";
constexpr const char* kBroken =
    "weir-policy: 1\nweb:\n  - {rule: no-bets, match: {domain: bet.example}, then: blok}\n";

class WeirctlPolicy : public ::testing::Test {
 protected:
  std::string current() const { return test::read_whole(weirctl_.file("policy/current.yaml")); }
  std::string revision() const { return test::read_whole(weirctl_.file("policy/current.revision")); }
  test::ControlStub classifier(std::function<std::string(const std::string&)> answer) const {
    return test::ControlStub{weirctl_.file("run/classifier-0.sock"), std::move(answer)};
  }
  test::Weirctl weirctl_;
};

TEST_F(WeirctlPolicy, WrongCommandLinesEndWithTwo) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"bogus"},
                                             {"status", "--bogus"},
                                             {"policy"},
                                             {"policy", "check"},
                                             {"policy", "check", "/none"},
                                             {"-o", "xml", "status"},
                                             {"violation", "show", "abc"},
                                             {"classify"},
                                             {"classify", "/none"},
                                             {"explain", "tcp", "10.0.0.1"},
                                             {"explain", "tcp", "10.0.0.1", "1", "10.0.0.2", "70000"}}) {
    EXPECT_EQ(weirctl_(words).code, 2) << (words.empty() ? "nothing" : words.back());
  }
  EXPECT_EQ(weirctl_({"--help"}).code, 0);
  EXPECT_NE(weirctl_({"--help"}).out.find("4  a part of Weir does not answer"), std::string::npos);
  EXPECT_EQ(weirctl_({"--version"}).code, 0);
}

TEST_F(WeirctlPolicy, FormatWritesOneFormOfWhatIsSaid) {
  weirctl_.write("new.yaml",
                 "weir-policy: 1\nweb:  # a comment\n- rule: no-bets\n  match:\n    domain: [bet.example]\n"
                 "  then: block\n");
  const test::Ran ran = weirctl_({"policy", "format", weirctl_.file("new.yaml")});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "weir-policy: 1\nweb:\n  - {rule: no-bets, match: {domain: [bet.example]}, then: block}\n");
  weirctl_.write("again.yaml", ran.out);
  EXPECT_EQ(weirctl_({"policy", "format", weirctl_.file("again.yaml")}).out, ran.out);
  weirctl_.write("bad.yaml", "weir-policy: 1\nweb: [{rule: x}]\n");
  EXPECT_EQ(weirctl_({"policy", "format", weirctl_.file("bad.yaml")}).code, 3);
}

TEST_F(WeirctlPolicy, ConfigCheckPrintsEveryMistakeWithItsPlace) {
  EXPECT_EQ(weirctl_({"config", "check"}).code, 0);
  weirctl_.write("weir.yaml", "weir: 1\nbogus: 1\nworkers: many\n");
  const test::Ran ran = weirctl_({"config", "check"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("weir.yaml:2:1: error: "), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("weir.yaml:3:"), std::string::npos) << ran.err;
  EXPECT_EQ(weirctl_({"status"}).code, 3);
  EXPECT_EQ(weirctl_.plain({"--config", "/none.yaml", "config", "check"}).code, 3);
}

TEST_F(WeirctlPolicy, ConfigCheckReadsTheFilesByWhichThingsAreRecognised) {
  std::string settings = weirctl_.settings();
  const std::string key = "classifier:\n";
  const std::size_t at = settings.find(key);
  ASSERT_NE(at, std::string::npos);
  settings.insert(at + key.size(), "  catalogue: " + weirctl_.file("software.yaml") +
                                       "\n  signatures: " + weirctl_.file("signatures.yaml") + "\n");
  weirctl_.write("weir.yaml", settings);
  EXPECT_EQ(weirctl_({"config", "check"}).code, 0) << "neither is there";
  weirctl_.write("software.yaml", "weir-software: 1\nproducts: [{id: A}]\n");
  weirctl_.write("signatures.yaml", "weir-signatures: 1\nsignatures: [{app: a, ports: [0]}]\n");
  const test::Ran ran = weirctl_({"config", "check"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("software.yaml:2:17: error: "), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("signatures.yaml:2:31: error: "), std::string::npos) << ran.err;
}

TEST_F(WeirctlPolicy, CheckPrintsEveryMistakeWithItsPlace) {
  weirctl_.write("good.yaml", kGood);
  weirctl_.write("broken.yaml", std::string{kBroken} + "bogus: 1\n");
  EXPECT_EQ(weirctl_({"policy", "check", weirctl_.file("good.yaml")}).code, 0);
  const test::Ran ran = weirctl_({"policy", "check", weirctl_.file("broken.yaml")});
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("broken.yaml:3:"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("broken.yaml:4:1: error: "), std::string::npos) << ran.err;
}

TEST_F(WeirctlPolicy, ATestThatDoesNotHoldIsAMistake) {
  const std::string test =
      "tests:\n  - {test: bets, flow: {client: 10.0.0.1, host: www.bet.example}, expect: ";
  weirctl_.write("good.yaml", kGood + test + "block, rule: no-bets}\n");
  weirctl_.write("broken.yaml", kGood + test + "allow}\n");
  const std::string broken = weirctl_.file("broken.yaml");
  const test::Ran checked = weirctl_({"policy", "check", weirctl_.file("good.yaml")});
  EXPECT_TRUE(checked.out.ends_with("no mistakes, 1 rules, 1 tests hold\n")) << checked.out;
  for (const char* command : {"check", "apply"}) {
    const test::Ran ran = weirctl_({"policy", command, broken});
    EXPECT_EQ(ran.code, 3) << command;
    EXPECT_EQ(ran.err,
              broken +
                  ":5:5: error: test bets expects allow, and the policy says block by no-bets: no-bets: the "
                  "rule's domains has www.bet.example (mend the rules, or the test)\n");
  }
  EXPECT_FALSE(std::filesystem::exists(weirctl_.file("policy/current.yaml")));
  const test::Ran shown = weirctl_({"policy", "test", broken, "-o", "json"});
  EXPECT_EQ(shown.code, 1);
  EXPECT_EQ(shown.json()[0]["holds"], "NO") << shown.out;
  weirctl_.write("policy/current.yaml", kGood);
  EXPECT_NE(weirctl_({"policy", "test"}).out.find("has no tests"), std::string::npos);
}

TEST_F(WeirctlPolicy, ApplyInstallsTellsEveryWorkerAndKeepsWhatWasBefore) {
  weirctl_.write("good.yaml", kGood);
  const auto stub = classifier([&](const std::string& line) {
    if (line != R"({"op":"reload"})") return R"({"ok":false,"error":"asked for )" + line + "\"}";
    return R"({"ok":true,"revision":)" + std::to_string(std::stoi(revision())) + "}";
  });
  test::Ran ran = weirctl_({"policy", "apply", weirctl_.file("good.yaml")});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "revision 1 in force on 1 of 1 workers\n");
  EXPECT_EQ(current(), kGood);
  weirctl_.write("next.yaml", std::string{kGood} + "# next\n");
  ran = weirctl_({"policy", "apply", weirctl_.file("next.yaml"), "-o", "json"});
  EXPECT_EQ(ran.json(), (nlohmann::json{{"revision", 2}, {"in_force", 1}, {"workers", 1}}));
  EXPECT_EQ(revision(), "2\n");
  EXPECT_EQ(test::read_whole(weirctl_.file("policy/revision-1.yaml")), kGood);
}

TEST_F(WeirctlPolicy, ABrokenPolicyChangesNothing) {
  weirctl_.write("policy/current.yaml", kGood);
  weirctl_.write("policy/current.revision", "7\n");
  weirctl_.write("broken.yaml", kBroken);
  const test::Ran ran = weirctl_({"policy", "apply", weirctl_.file("broken.yaml")});
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("broken.yaml:3:"), std::string::npos);
  EXPECT_EQ(current(), kGood);
  EXPECT_EQ(revision(), "7\n");
}

TEST_F(WeirctlPolicy, ARefusalByAWorkerPutsTheOldPolicyBack) {
  weirctl_.write("policy/current.yaml", kGood);
  weirctl_.write("policy/current.revision", "7\n");
  weirctl_.write("next.yaml", std::string{kGood} + "# next\n");
  const auto stub = classifier([&](const std::string&) {
    return std::string{R"({"ok":false,"error":"current.yaml:1:1: error: cannot be read"})"};
  });
  const test::Ran ran = weirctl_({"policy", "apply", weirctl_.file("next.yaml")});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("cannot be read"), std::string::npos);
  EXPECT_NE(ran.err.find("revision 7 stays in force"), std::string::npos);
  EXPECT_EQ(current(), kGood);
  EXPECT_EQ(revision(), "7\n");
}

TEST_F(WeirctlPolicy, WithoutClassifiersThePolicyIsInPlaceAndTheEndIsFour) {
  weirctl_.write("good.yaml", kGood);
  const test::Ran ran = weirctl_({"policy", "apply", weirctl_.file("good.yaml")});
  EXPECT_EQ(ran.code, 4);
  EXPECT_EQ(ran.out, "revision 1 in force on 0 of 1 workers\n");
  EXPECT_EQ(current(), kGood);
}

TEST_F(WeirctlPolicy, EveryRevisionIsInTheLogAndCanBePutBack) {
  std::atomic<bool> refuse = false;
  const auto stub = classifier([&](const std::string&) {
    if (refuse) return std::string{R"({"ok":false,"error":"no"})"};
    return R"({"ok":true,"revision":)" + std::to_string(std::stoi(revision())) + "}";
  });
  weirctl_.write("one.yaml", kGood);
  weirctl_.write("two.yaml",
                 "weir-policy: 1\nweb:\n  - {rule: no-bets, match: {domain: bet.example}, then: report}\n");
  EXPECT_EQ(weirctl_({"policy", "rollback"}).code, 1) << "there is none";
  EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("one.yaml"), "--reason", "ticket 1"}).code, 0);
  EXPECT_EQ(weirctl_({"policy", "rollback"}).code, 1) << "there is none before the first";
  EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("two.yaml"), "--reason", "ticket 2"}).code, 0);
  refuse = true;
  EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("one.yaml"), "--reason", "ticket 3"}).code, 1);
  refuse = false;
  const test::Ran diff = weirctl_({"policy", "diff", "1"});
  EXPECT_EQ(diff.code, 0) << diff.err;
  EXPECT_TRUE(diff.out.starts_with("from revision 2 to revision 1\n")) << diff.out;
  EXPECT_NE(diff.out.find("then: report -> block"), std::string::npos) << diff.out;
  EXPECT_EQ(weirctl_({"policy", "diff", "1", weirctl_.file("one.yaml")}).out,
            weirctl_.file("one.yaml") + " says what revision 1 says\n");
  const test::Ran back = weirctl_({"policy", "rollback", "--reason", "too quiet"});
  EXPECT_EQ(back.out, "revision 3 in force on 1 of 1 workers\n") << back.err;
  EXPECT_EQ(current(), kGood);
  const auto log = weirctl_({"policy", "log", "-o", "json"}).json();
  ASSERT_EQ(log.size(), 4U) << log.dump();
  EXPECT_EQ(log[0]["revision"], 3);
  EXPECT_EQ(log[0]["state"], "in force");
  EXPECT_EQ(log[0]["reason"], "back to revision 1: too quiet");
  EXPECT_FALSE(log[0]["author"].get<std::string>().empty());
  EXPECT_EQ(log[1]["state"], "refused");
  EXPECT_EQ(log[2]["reason"], "ticket 2");
  EXPECT_EQ(log[2]["state"], "kept");
  EXPECT_EQ(weirctl_({"policy", "diff", "99"}).code, 1);
  EXPECT_EQ(weirctl_({"policy", "rollback", "99"}).code, 1);
  EXPECT_EQ(weirctl_({"policy", "rollback", "3"}).code, 1) << "it is in force";
  EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("one.yaml"), "--reason", std::string(301, 'x')}).code,
            2);
}

TEST_F(WeirctlPolicy, ARevisionThatNobodyConfirmsGoesBackByItself) {
  std::mutex mutex;
  std::condition_variable told;
  int reloads = 0;
  std::atomic<bool> refuse = false;
  const auto stub = classifier([&](const std::string&) {
    const std::lock_guard lock{mutex};
    ++reloads;
    told.notify_all();
    if (refuse) return std::string{R"({"ok":false,"error":"no"})"};
    return R"({"ok":true,"revision":)" + std::to_string(std::stoi(revision())) + "}";
  });
  const std::string next = std::string{kGood} + "# next\n";
  weirctl_.write("one.yaml", kGood);
  weirctl_.write("next.yaml", next);
  const auto apply = [&](const std::string& within) {
    return weirctl_({"policy", "apply", weirctl_.file("next.yaml"), "--confirm-within", within});
  };
  EXPECT_EQ(apply("10s").code, 1) << "nothing could come back";
  EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("one.yaml")}).code, 0);
  EXPECT_EQ(apply("soon").code, 2);
  EXPECT_EQ(weirctl_({"policy", "confirm"}).code, 1) << "nothing waits";

  const test::Ran waits = apply("1h");
  EXPECT_EQ(waits.out,
            "revision 2 in force on 1 of 1 workers\n"
            "weirctl policy confirm within 1h, or revision 1 comes back\n");
  EXPECT_EQ(weirctl_({"policy", "log", "-o", "json"}).json()[0]["state"], "to be confirmed");
  EXPECT_EQ(apply("1h").code, 1) << "another one waits";
  EXPECT_EQ(weirctl_({"policy", "confirm"}).out, "revision 2 is confirmed\n");
  EXPECT_EQ(current(), next);

  EXPECT_EQ(apply("1h").code, 0);
  refuse = true;
  EXPECT_EQ(weirctl_({"policy", "rollback", "1"}).code, 1);
  EXPECT_EQ(weirctl_({"policy", "log", "-o", "json"}).json()[1]["state"], "to be confirmed")
      << "a rollback that is refused confirms nothing";
  refuse = false;
  EXPECT_EQ(weirctl_({"policy", "rollback", "1"}).code, 0) << "rollback does not wait";
  EXPECT_EQ(weirctl_({"policy", "confirm"}).code, 1);

  {
    std::unique_lock lock{mutex};
    reloads = 0;
  }
  EXPECT_EQ(apply("1s").code, 0);
  {
    std::unique_lock lock{mutex};
    EXPECT_TRUE(told.wait_for(lock, std::chrono::seconds{30}, [&] { return reloads == 2; }));
  }
  EXPECT_EQ(current(), kGood);
  EXPECT_EQ(revision(), "6\n");
  const auto newest = weirctl_({"policy", "log", "-o", "json"}).json()[0];
  EXPECT_EQ(newest["reason"], "back to revision 4: revision 5 was not confirmed in time");
  EXPECT_EQ(newest["state"], "in force");
}

TEST_F(WeirctlPolicy, WhatWasBrokenOffIsTakenBackByTheNextChange) {
  const std::string half = std::string{kGood} + "# half\n";
  weirctl_.write("policy/revision-7.yaml", kGood);
  weirctl_.write("policy/current.yaml", half);
  weirctl_.write("policy/current.revision", "7\n");
  weirctl_.write("policy/pending", "8 7 0 boot\n");
  EXPECT_EQ(weirctl_({"policy", "show", "--text"}).out, kGood);
  weirctl_.write("broken.yaml", kBroken);
  EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("broken.yaml")}).code, 3);
  EXPECT_EQ(current(), kGood);
  EXPECT_EQ(revision(), "7\n");
  EXPECT_FALSE(std::filesystem::exists(weirctl_.file("policy/revision-7.yaml")));
  EXPECT_FALSE(std::filesystem::exists(weirctl_.file("policy/pending")));
}

TEST_F(WeirctlPolicy, TheHistoryKeepsItsNewestLines) {
  std::string lines = "damaged\n";
  for (std::size_t i = 1; i <= kHistoryLinesMax; ++i) {
    lines += R"({"revision":)" + std::to_string(i) +
             R"(,"time_ns":1,"author":"a","reason":"r","taken_back":false})" + "\n";
  }
  weirctl_.write("policy/history", lines);
  weirctl_.write("policy/current.yaml", kGood);
  weirctl_.write("policy/current.revision", std::to_string(kHistoryLinesMax) + "\n");
  weirctl_.write("next.yaml", kGood);
  EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("next.yaml")}).code, 4);
  const auto log = weirctl_({"policy", "log", "-o", "json"}).json();
  ASSERT_EQ(log.size(), kHistoryLinesMax);
  EXPECT_EQ(log.front()["revision"], kHistoryLinesMax + 1);
  EXPECT_EQ(log.back()["revision"], 2);
}

TEST_F(WeirctlPolicy, ShowGivesRulesOrText) {
  EXPECT_EQ(weirctl_({"policy", "show"}).code, 1);
  weirctl_.write("policy/current.yaml", kGood);
  weirctl_.write("policy/current.revision", "7\n");
  const test::Ran ran = weirctl_({"policy", "show"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("revision 7"), std::string::npos);
  EXPECT_NE(ran.out.find("no-bets"), std::string::npos);
  EXPECT_EQ(weirctl_({"policy", "show", "--text"}).out, kGood);
  EXPECT_EQ(weirctl_({"policy", "show", "-o", "json"}).json()["rules"][0]["rule"], "no-bets");
}

}  // namespace
}  // namespace weir::ctl
