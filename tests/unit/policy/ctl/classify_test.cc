// SPDX-License-Identifier: Apache-2.0
// weirctl classify with a data plane and a classifier played by scripts beside a copy of weirctl: what it
// prints, and that children and directories end with it on every way out.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>

#include "tests/unit/policy/ctl/weirctl.h"
#include "tests/unit/policy/engine/event_builder.h"

namespace weir::ctl {
namespace {

namespace fs = std::filesystem;

class Classify : public ::testing::Test {
 protected:
  Classify() {
    fs::create_directories(home_.file("tmp"));
    fs::copy_file(fs::read_symlink("/proc/self/exe").parent_path() / "weirctl", home_.file("weirctl"));
    for (const char* name : {"a.pcap", "b.pcap"}) std::ofstream(home_.file(name)) << "x";
    script("weir-dataplane", "exit 0");
  }
  void script(const std::string& name, const std::string& text) const {
    fs::remove(home_.file(name));
    std::ofstream(home_.file(name)) << "#!/bin/sh\n" << text << "\n";
    chmod(home_.file(name).c_str(), 0755);
  }
  /// The classifier's output: each event with its varint length before it.
  void events(const std::vector<event::FlowEvent>& events) const {
    std::ofstream out(home_.file("events"), std::ios::binary);
    for (const event::FlowEvent& event : events) {
      const std::string bytes = event.SerializeAsString();
      for (std::size_t left = bytes.size();; left >>= 7U) {
        out.put(static_cast<char>((left & 0x7fU) | (left > 0x7f ? 0x80U : 0U)));
        if (left <= 0x7f) break;
      }
      out << bytes;
    }
  }
  static event::FlowEvent final_of(std::uint64_t number, const std::string& capture) {
    event::FlowEvent event = test::flow_event(number);
    event.set_pair(capture);
    return event;
  }
  pid_t start(std::vector<std::string> words) const {
    words.insert(words.begin(),
                 {home_.file("weirctl"), "classify", home_.file("a.pcap"), home_.file("b.pcap")});
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t pid = fork();
    if (pid == 0) {
      setenv("TMPDIR", home_.file("tmp").c_str(), 1);
      dup2(open(home_.file("out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
      dup2(open(home_.file("err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    return pid;
  }
  test::Ran finish(pid_t pid) const {
    test::Ran ran;
    int status = 0;
    waitpid(pid, &status, 0);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    ran.out = test::read_whole(home_.file("out"));
    ran.err = test::read_whole(home_.file("err"));
    EXPECT_TRUE(fs::is_empty(home_.file("tmp"))) << "the temporary directory should be gone";
    return ran;
  }
  test::Ran run(const std::vector<std::string>& words = {}) const { return finish(start(words)); }
  std::string cat() const { return "cat " + home_.file("events") + "\n"; }

  test::TemporaryDirectory home_;
};

TEST_F(Classify, OneFinalEventIsOneRowNamedByItsCapture) {
  event::FlowEvent opened = final_of(1, "0");
  opened.set_kind(event::KIND_OPENED);
  test::add_hit(opened, "no-gambling", "bet.example");
  event::FlowEvent final = final_of(2, "1");
  final.set_flow_id(opened.flow_id());
  events({opened, final});
  script("weir-classifier", cat());
  const test::Ran csv = run();
  EXPECT_EQ(csv.code, 0) << csv.err;
  EXPECT_EQ(csv.out,
            "pcap,l4,addr_a,port_a,addr_b,port_b,master,app,confidence,host,action,rule,country,asn\n"
            "b.pcap,TCP,10.0.0.2,40000,93.184.216.34,443,TLS,,,bet.example,block,,,\n");
  const auto json = run({"-o", "json"}).json();
  EXPECT_EQ(json["flow_id"], opened.flow_id());
  EXPECT_EQ(json["hits"].size(), 1U) << "the whole event says every hit of the flow";
}

TEST_F(Classify, WhoSentIcmpErrorsAboutFlowsIsARowOfItsOwn) {
  std::vector<event::FlowEvent> finals{final_of(1, "0"), final_of(2, "0"), final_of(3, "1")};
  for (event::FlowEvent& final : finals) {
    final.mutable_network()->set_icmp_errors(2);
    final.mutable_network()->set_icmp_error_from("192.0.2.1");
    final.mutable_network()->set_icmp_error_to(final.initiator());
  }
  finals[2].mutable_network()->set_icmp_error_from("2001:db8::1");
  events(finals);
  script("weir-classifier", cat());
  const std::string flow = "TCP,10.0.0.2,40000,93.184.216.34,443,TLS,,,bet.example,block,,,\n";
  const test::Ran csv = run();
  EXPECT_EQ(csv.out.substr(csv.out.find('\n') + 1),
            "a.pcap," + flow + "a.pcap,ICMP,192.0.2.1,0,10.0.0.2,0,ICMP,,DPI,,block,,,\n" + "a.pcap," + flow +
                "b.pcap," + flow + "b.pcap,ICMPV6,2001:db8::1,0,10.0.0.2,0,ICMPV6,,DPI,,block,,,\n");
}

TEST_F(Classify, OptionsReachTheClassifierAndCapturesTheDataPlane) {
  script("weir-classifier", "echo \"$@\" >" + home_.file("classifier"));
  script("weir-dataplane", "echo \"$@\" >" + home_.file("dataplane"));
  std::ofstream(home_.file("p.yaml")) << "x";
  EXPECT_EQ(run({"--policy", home_.file("p.yaml"), "--asn-db", home_.file("p.yaml")}).code, 0);
  const std::string asked = test::read_whole(home_.file("classifier"));
  EXPECT_TRUE(asked.starts_with("--replay --run " + home_.file("tmp"))) << asked;
  EXPECT_NE(asked.find("--policy " + home_.file("p.yaml")), std::string::npos);
  EXPECT_NE(asked.find("--asn-db " + home_.file("p.yaml")), std::string::npos);
  EXPECT_EQ(asked.find("--country-db"), std::string::npos);
  EXPECT_TRUE(test::read_whole(home_.file("dataplane"))
                  .ends_with(home_.file("a.pcap") + " " + home_.file("b.pcap") + "\n"));
}

TEST_F(Classify, WhatDpdkLeavesGoesWithTheTemporaryDirectory) {
  script("weir-classifier", "exit 0");
  script("weir-dataplane",
         "mkdir \"$RUNTIME_DIRECTORY/dpdk\" && echo \"$RUNTIME_DIRECTORY\" >" + home_.file("where"));
  EXPECT_EQ(run().code, 0);
  EXPECT_TRUE(test::read_whole(home_.file("where")).starts_with(home_.file("tmp") + "/"));
}

TEST_F(Classify, ACrashIsNamedWithItsCapture) {
  events({final_of(1, "0"), final_of(2, "1")});
  script("weir-classifier", cat() + "kill -SEGV $$");
  const test::Ran ran = run();
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("weir-classifier died of signal 11"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("b.pcap"), std::string::npos) << ran.err;
  script("weir-classifier", cat());
  events({});
  script("weir-dataplane", "case \"$*\" in *b.pcap*) echo broke >&2; exit 5;; esac");
  const test::Ran other = run();
  EXPECT_EQ(other.code, 1);
  EXPECT_NE(other.err.find("broke\n"), std::string::npos);
  EXPECT_NE(other.err.find("weir-dataplane ended with 5, in " + home_.file("b.pcap")), std::string::npos)
      << other.err << " although no event named it";
}

TEST_F(Classify, ABrokenPolicyEndsWithThreeAndTheClassifiersWords) {
  script("weir-classifier", "echo 'p.yaml:1:1: error: no' >&2; exit 3");
  script("weir-dataplane", "exec sleep 60");
  const test::Ran ran = run();
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("p.yaml:1:1: error: no"), std::string::npos);
}

TEST_F(Classify, DamagedOutputIsNoSuccess) {
  std::ofstream(home_.file("events"), std::ios::binary) << "\xff\xff\xff\xff\xff\xff";
  script("weir-classifier", cat());
  EXPECT_EQ(run().code, 1);
  std::ofstream(home_.file("events"), std::ios::binary) << "\x50half";
  EXPECT_EQ(run().code, 1);
}

TEST_F(Classify, AReaderThatGoesAwayLeavesNothingBehind) {
  std::vector<event::FlowEvent> many;
  for (std::uint64_t i = 1; i <= 2'000; ++i) many.push_back(final_of(i, "0"));
  events(many);
  script("weir-classifier", cat());
  const std::string command = "TMPDIR=" + home_.file("tmp") + " " + home_.file("weirctl") + " classify " +
                              home_.file("a.pcap") + " | head -n 1 >" + home_.file("out");
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_TRUE(test::read_whole(home_.file("out")).starts_with("pcap,"));
  EXPECT_TRUE(fs::is_empty(home_.file("tmp")));
}

TEST_F(Classify, ASignalEndsEverything) {
  script("weir-classifier", "echo $$ >" + home_.file("pid") + "; exec sleep 60");
  script("weir-dataplane", "exec sleep 60");
  const pid_t pid = start({});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  std::string child;
  while (child.empty() && std::chrono::steady_clock::now() < deadline)
    child = test::read_whole(home_.file("pid"));
  ASSERT_FALSE(child.empty());
  kill(pid, SIGTERM);
  EXPECT_EQ(finish(pid).code, 1);
  EXPECT_NE(kill(std::stoi(child), 0), 0) << "the child should have ended";
}

}  // namespace
}  // namespace weir::ctl
