// SPDX-License-Identifier: Apache-2.0
// Keys about what a request, a reply, a hello or a message says. What is not known yet does not match.
#include <gtest/gtest.h>

#include "tests/unit/policy/decide/policy_text.h"

namespace weir::policy {
namespace {

std::string judged(const std::string& match, const Flow& flow, const char* section = "web") {
  return in_short(
      judge(policy_of(std::string(section) + ":\n  - {rule: r, match: " + match + ", then: block}\n"), flow));
}

Flow request(const char* method, const char* path) {
  Flow flow;
  flow.http("our.example");
  flow.facts.http.method = method;
  flow.facts.http.url_path = path;
  return flow;
}

Flow message() {
  Flow flow;
  flow.mail("smtp", "a@our.example", "b@friend.example");
  flow.facts.mail.message.emplace_back();
  return flow;
}

TEST(ContentKeys, PathAndMethodOfARequest) {
  EXPECT_EQ(judged("{path: /admin/*, method: post}", request("POST", "/admin/users")),
            "block r [r our.example]");
  EXPECT_EQ(judged("{path: /admin/*, method: post}", request("GET", "/admin/users")), "allow");
  EXPECT_EQ(judged("{path: /admin/*}", request("GET", "/Admin")), "allow");
  EXPECT_EQ(judged("{path: \"*\"}", Flow().tls("our.example")), "allow");  // nobody saw a path
}

TEST(ContentKeys, TheNameOfAFileIsTheRepliesElseThePathsEnd) {
  Flow flow = request("GET", "/get/setup.exe");
  EXPECT_EQ(judged("{file: \"*.exe\"}", flow), "block r [r setup.exe]");
  flow.facts.http.file_name = "notes.txt";
  EXPECT_EQ(judged("{file: \"*.exe\"}", flow), "allow");
  EXPECT_EQ(judged("{file: \"*\"}", request("GET", "/")), "allow");
}

TEST(ContentKeys, WhatTheReplySays) {
  Flow flow = request("GET", "/x");
  EXPECT_EQ(judged("{content_type: video/*}", flow), "allow");
  EXPECT_EQ(judged("{download_over: 1 kB}", flow), "allow");
  flow.facts.http.content_type = "video/mp4; codecs=x";
  flow.facts.http.content_length = 1'000;
  EXPECT_EQ(judged("{content_type: video/mp4}", flow), "block r [r our.example]");
  EXPECT_EQ(judged("{download_over: 1 kB}", flow), "allow");
  flow.facts.http.content_length = 1'001;
  EXPECT_EQ(judged("{download_over: 1 kB}", flow), "block r [r our.example]");
}

TEST(ContentKeys, WhatAHelloSays) {
  Flow flow;
  flow.facts.tls.seen = true;
  flow.facts.tls.version = 0x0304;
  flow.facts.tls.ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";
  EXPECT_EQ(judged("{name: none}", flow), "block r [r 203.0.113.5]");
  EXPECT_EQ(judged("{name: none}", Flow().tls("our.example")), "allow");
  EXPECT_EQ(judged("{ja4: t13d1516h2_*}", flow), "block r [r 203.0.113.5]");
  EXPECT_EQ(judged("{ja4: t12*}", flow), "allow");
  EXPECT_EQ(judged("{tls_below: 1.2}", flow), "allow");
  flow.facts.tls.server_version = 0x0302;  // it offered more, and the server took less
  EXPECT_EQ(judged("{tls_below: 1.2}", flow), "block r [r 203.0.113.5]");
  EXPECT_EQ(judged("{tls_below: 1.1}", flow), "allow");
}

TEST(ContentKeys, HeadersOfAMessage) {
  Flow flow = message();
  EXPECT_EQ(judged("{subject: \"*\"}", flow, "email"), "allow");  // its headers are not through
  flow.facts.mail.message.front().headers_done = true;
  flow.facts.mail.message.front().subject = "Your Bill";
  flow.facts.mail.message.front().from = "ceo@our.example";
  EXPECT_EQ(judged("{subject: \"*bill*\"}", flow, "email"), "block r [r b@friend.example]");
  EXPECT_EQ(judged("{from: our.example, sender: our.example}", flow, "email"), "block r [r a@our.example]");
  EXPECT_EQ(judged("{from: ceo@our.example}", flow, "email"), "block r [r b@friend.example]");
  EXPECT_EQ(judged("{from: other.example}", flow, "email"), "allow");
}

TEST(ContentKeys, RecipientsAreCountedWithTheOneThatIsBeingNamed) {
  Flow flow = message();
  flow.facts.mail.recipients = {"c@friend.example"};
  EXPECT_EQ(judged("{recipients_over: 2}", flow, "email"), "allow");
  EXPECT_EQ(judged("{recipients_over: 1}", flow, "email"), "block r [r b@friend.example]");
}

TEST(ContentKeys, AllKeysOfAnAttachmentHoldOfTheSameOne) {
  Flow flow = message();
  auto& message = flow.facts.mail.message.front();
  message.bytes = 5'000;
  EXPECT_EQ(judged("{message_over: 5 kB}", flow, "email"), "allow");
  message.bytes = 5'001;
  EXPECT_EQ(judged("{message_over: 5 kB}", flow, "email"), "block r [r b@friend.example]");
  message.attachments.push_back({.name = "bill.PDF", .type = "pe", .bytes = 2'000});
  message.attachments.push_back({.name = "all.zip", .type = "zip", .bytes = 10, .encrypted = true});
  EXPECT_EQ(judged("{attachment: {type: pe}}", flow, "email"), "block r [r bill.PDF]");
  EXPECT_EQ(judged("{attachment: {type: pdf}}", flow, "email"), "block r [r bill.PDF]");  // by its ending
  EXPECT_EQ(judged("{attachment: {type: exe}}", flow, "email"), "allow");
  EXPECT_EQ(judged("{attachment: {name: \"all.*\", encrypted: true}}", flow, "email"), "block r [r all.zip]");
  EXPECT_EQ(judged("{attachment: {type: pe, encrypted: true}}", flow, "email"), "allow");
  EXPECT_EQ(judged("{attachment: {type: zip, over: 1 kB}}", flow, "email"), "allow");
  EXPECT_EQ(judged("{attachment: {over: 1 kB}}", flow, "email"), "block r [r bill.PDF]");
}

TEST(ContentKeys, AnExplanationSaysWhatWasFound) {
  const auto policy = policy_of("web:\n  - {rule: r, match: {path: /admin}, then: block}\n");
  const Decision decision = judge(policy, request("GET", "/other"), kSundayNoon, Trace::kOn);
  std::string all;
  for (const DecisionStep& step : decision.path) all += step.why + "\n";
  EXPECT_NE(all.find("the path is /other"), std::string::npos) << all;
}

}  // namespace
}  // namespace weir::policy
