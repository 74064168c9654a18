// SPDX-License-Identifier: Apache-2.0
// Each message of a session is said as it ends, since the next one takes its place in the facts.
#include <gtest/gtest.h>

#include "classifier/engine/flow_context.h"
#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier::test {
namespace {

std::string message(const std::string& subject) {
  return "+OK\r\nSubject: " + subject + "\r\nContent-Type: a/b; name=" + subject + "\r\n\r\nx\r\n.\r\n";
}

std::vector<std::string> subjects_said(const KeepingSink& sink) {
  std::vector<std::string> out;
  for (const event::FlowEvent& event : sink.events) {
    if (!event.mail().message().done()) continue;
    EXPECT_EQ(event.mail().message().attachments_size(), 1);
    if (event.kind() != event::KIND_FINAL) out.push_back(event.mail().message().subject());
  }
  return out;
}

TEST(MailEvents, EachMessageOfOnePacket) {
  Bench bench("");
  bench.handshake(110);
  const std::string greeting = "+OK ready\r\n";
  bench.packet(kServer, greeting, 2'000);
  const std::string commands = "RETR 1\r\nRETR 2\r\n";
  bench.packet(kClient, commands, 1'000);
  bench.packet(kServer, message("one") + message("two"), 2'000 + static_cast<std::uint32_t>(greeting.size()));
  EXPECT_EQ(subjects_said(bench.sink), (std::vector<std::string>{"one", "two"}));
  bench.close();
  EXPECT_EQ(bench.sink.events.back().kind(), event::KIND_FINAL);
  EXPECT_EQ(bench.sink.events.back().mail().message().subject(), "two");
}

TEST(MailEvents, AreBounded) {
  Bench bench("");
  bench.handshake(110);
  std::string text = "+OK ready\r\n";
  std::uint32_t client = 1'000;
  std::uint32_t server = 2'000;
  for (std::uint32_t i = 0; i < kMessagesSaidMax + 5; ++i) {
    bench.packet(kServer, text, server);
    server += static_cast<std::uint32_t>(text.size());
    bench.packet(kClient, "RETR 1\r\n", client);
    client += 8;
    text = message("s" + std::to_string(i));
  }
  EXPECT_EQ(subjects_said(bench.sink).size(), kMessagesSaidMax);
}

}  // namespace
}  // namespace weir::classifier::test
