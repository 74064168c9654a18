// SPDX-License-Identifier: Apache-2.0
// `weirctl exception ...`, run as a program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/ctl/control_stub.h"
#include "tests/unit/policy/ctl/weirctl.h"

namespace weir::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kPolicy =
    "weir-policy: 1\ngroups: {lab: {hosts: [10.0.0.1]}}\n"
    "web:\n  - {rule: no-bets, match: {domain: bet.example}, then: block}\n"
    "exceptions: [{exception: of-text, group: lab, rule: no-bets, until: 2199-12-31, owner: o, reason: r}]\n";

class WeirctlException : public ::testing::Test {
 protected:
  WeirctlException() {
    weirctl_.write("policy/current.yaml", kPolicy);
    weirctl_.write("policy/current.revision", "1\n");
  }
  [[nodiscard]] std::string file() const { return test::read_whole(weirctl_.file("policy/exceptions.yaml")); }
  [[nodiscard]] std::string revision() const {
    return test::read_whole(weirctl_.file("policy/current.revision"));
  }
  [[nodiscard]] test::Ran add(std::vector<std::string> more, const std::string& name = "trial") const {
    std::vector<std::string> words{"exception", "add", name, "--reason", "a trial"};
    words.insert(words.end(), more.begin(), more.end());
    return weirctl_(words);
  }
  [[nodiscard]] test::ControlStub classifier(std::function<std::string(const std::string&)> answer) const {
    return test::ControlStub{weirctl_.file("run/classifier-0.sock"), std::move(answer)};
  }
  test::Weirctl weirctl_;
};

TEST_F(WeirctlException, IsPutInForceAsARevisionOfTheSameTextAndIsInTheLog) {
  const auto stub = classifier(
      [this](const std::string&) { return "{\"ok\":true,\"revision\":" + revision().substr(0, 1) + "}"; });
  const test::Ran ran = add({"--client", "10.0.0.7", "--domain", "a.example,b.example", "--domain",
                             "c.example", "--for", "2h", "--owner", "it-desk"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "revision 2 in force on 1 of 1 workers\n");
  EXPECT_EQ(test::read_whole(weirctl_.file("policy/current.yaml")), kPolicy);
  EXPECT_THAT(file(), HasSubstr(R"("domain":["a.example","b.example","c.example"])"));
  const auto rows = weirctl_({"-o", "json", "exception", "list"}).json();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["exception"], "of-text");
  EXPECT_EQ(rows[0]["allows"], "rule no-bets");
  EXPECT_EQ(rows[0]["for"], "group lab");
  EXPECT_EQ(rows[1]["for"], "client 10.0.0.7");
  EXPECT_EQ(rows[1]["state"], "in force");
  EXPECT_EQ(rows[1]["owner"], "it-desk");
  const auto log = weirctl_({"-o", "json", "policy", "log"}).json();
  EXPECT_EQ(log[0]["revision"], 2);
  EXPECT_EQ(log[0]["reason"], "exception trial added: a trial");
}

TEST_F(WeirctlException, RemovedItIsGoneAndTheLogSaysWhy) {
  EXPECT_EQ(add({"--group", "lab", "--app", "BitTorrent", "--until", "2199-01-01"}).code, 4)
      << "in place, although no classifier answers";
  const test::Ran ran = weirctl_({"exception", "remove", "trial", "--reason", "is over"});
  EXPECT_EQ(ran.code, 4) << ran.err;
  EXPECT_THAT(file(), HasSubstr("exceptions: []\nended:\n"));
  EXPECT_EQ(weirctl_({"-o", "json", "exception", "list"}).json().size(), 1U);
  EXPECT_EQ(weirctl_({"-o", "json", "exception", "list", "--ended"}).json()[1]["removed_because"], "is over");
  EXPECT_EQ(weirctl_({"-o", "json", "policy", "log"}).json()[0]["reason"],
            "exception trial removed: is over");
  const test::Ran again = weirctl_({"exception", "remove", "trial"});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("no exception is called trial"));
  EXPECT_THAT(weirctl_({"exception", "remove", "of-text"}).err, HasSubstr("stands in the policy, line 5"));
}

TEST_F(WeirctlException, MistakesAreToldAndChangeNothing) {
  const auto refused = [&](std::vector<std::string> words, int code, const char* what) {
    const test::Ran ran = add(std::move(words));
    EXPECT_EQ(ran.code, code) << what << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(what));
  };
  refused({"--client", "10.0.0.7", "--domain", "a.example"}, 2, "does not say when it ends");
  refused({"--client", "10.0.0.7", "--domain", "a.example", "--for", "400d"}, 3, "no time from 1d to 366d");
  refused({"--client", "10.0.0.7", "--domain", "a.example", "--until", "friday"}, 3, "2027-06-30");
  refused({"--client", "10.0.0.7", "--domain", "a.example", "--until", "2020-01-01"}, 3, "has passed");
  refused({"--client", "10.0.0.7", "--for", "1h"}, 3, "does not say what it allows");
  refused({"--domain", "a.example", "--for", "1h"}, 3, "does not say for whom");
  refused({"--group", "labb", "--domain", "a.example", "--for", "1h"}, 3, "did you mean lab?");
  refused({"--group", "lab", "--rule", "no-bet", "--for", "1h"}, 3, "did you mean no-bets?");
  EXPECT_EQ(revision(), "1\n");
  EXPECT_EQ(file(), "");
}

TEST_F(WeirctlException, ARefusalByAWorkerTakesItBack) {
  const auto stub = classifier([](const std::string&) { return R"({"ok":false,"error":"no"})"; });
  const test::Ran ran = add({"--group", "lab", "--domain", "a.example", "--for", "1h"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(file(), HasSubstr("exceptions: []"));
  EXPECT_EQ(revision(), "1\n");
}

TEST_F(WeirctlException, ARollbackGoesToAnotherTextAndLeavesThem) {
  weirctl_.write("new.yaml", "weir-policy: 1\ngroups: {lab: {hosts: [10.0.0.1]}}\n");
  EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("new.yaml")}).code, 4);
  EXPECT_EQ(add({"--group", "lab", "--domain", "a.example", "--for", "1h"}).code, 4);
  EXPECT_EQ(revision(), "3\n");
  EXPECT_EQ(weirctl_({"policy", "rollback"}).code, 4);
  EXPECT_EQ(test::read_whole(weirctl_.file("policy/current.yaml")), kPolicy) << "not the same text again";
  EXPECT_THAT(file(), HasSubstr("trial"));
}

TEST_F(WeirctlException, TestsOfThePolicyJudgeItsTextAlone) {
  const std::string tested =
      std::string(kPolicy) +
      "tests: [{test: t, flow: {client: 10.0.0.9, host: bet.example}, expect: block}]\n";
  weirctl_.write("new.yaml", tested);
  EXPECT_EQ(add({"--client", "10.0.0.9", "--domain", "bet.example", "--for", "1h"}).code, 4);
  EXPECT_EQ(weirctl_({"policy", "apply", weirctl_.file("new.yaml")}).code, 4);
  EXPECT_EQ(test::read_whole(weirctl_.file("policy/current.yaml")), tested);
  EXPECT_EQ(weirctl_({"policy", "test"}).code, 0);
}

TEST_F(WeirctlException, WhatHasEndedIsWrittenDownOnce) {
  weirctl_.write(
      "policy/exceptions.yaml",
      "weir-exceptions: 1\njudged: 2026-01-01T00:00:00Z\nexceptions:\n"
      "  - {exception: old, group: lab, rule: no-bets, until: 2026-02-01T00:00:00Z, owner: o, reason: r}\n");
  EXPECT_EQ(weirctl_({"-o", "json", "exception", "list"}).json()[1]["state"], "ended");
  EXPECT_EQ(weirctl_({"exception", "expire"}).out, "ended: exception old\n");
  EXPECT_THAT(file(), HasSubstr("exceptions: []\nended:\n"));
  EXPECT_THAT(file(), Not(HasSubstr("judged: 2026-01-01")));
  EXPECT_EQ(revision(), "1\n") << "nothing changes on the wire";
  EXPECT_EQ(weirctl_({"exception", "expire"}).out, "no exception has ended\n");
  EXPECT_EQ(weirctl_({"-o", "json", "policy", "log"}).json()[0]["reason"], "ended: exception old");
}

TEST_F(WeirctlException, ADamagedFileIsNotOverwritten) {
  weirctl_.write("policy/exceptions.yaml", "something else\n");
  const test::Ran ran = add({"--group", "lab", "--domain", "a.example", "--for", "1h"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err,
              HasSubstr("exceptions.yaml:1:1: error: the file is not as weirctl exception writes it"));
  EXPECT_EQ(file(), "something else\n");
}

TEST_F(WeirctlException, OneThatDoesNotFitIsListedWithItsReason) {
  EXPECT_EQ(add({"--group", "lab", "--domain", "a.example", "--for", "1h"}).code, 4);
  weirctl_.write("new.yaml", "weir-policy: 1\n");
  const test::Ran applied = weirctl_({"policy", "apply", weirctl_.file("new.yaml")});
  EXPECT_THAT(applied.err, HasSubstr("no group is called \"lab\"")) << "whoever removes the group is warned";
  const test::Ran listed = weirctl_({"-o", "json", "exception", "list"});
  EXPECT_EQ(listed.json()[0]["state"], "lifts nothing");
  EXPECT_THAT(listed.err, HasSubstr("no group is called \"lab\""));
}

}  // namespace
}  // namespace weir::ctl
