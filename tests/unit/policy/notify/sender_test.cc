// SPDX-License-Identifier: Apache-2.0
// Against sockets of the test's own. Mail servers, web servers and rsyslogd are met in tests/e2e/notify.
#include "policy/notify/sender.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "policy/notify/delivery.h"
#include "tests/support/temporary_directory.h"

namespace weir::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Stop kNever = [] { return false; };

/// A socket on 127.0.0.1 with a port of the kernel's choice.
class Peer {
 public:
  explicit Peer(int type) : descriptor_(socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    socklen_t length = sizeof at;
    EXPECT_EQ(getsockname(descriptor_, reinterpret_cast<sockaddr*>(&at), &length), 0);
    port_ = ntohs(at.sin_port);
    EXPECT_TRUE(type != SOCK_STREAM || listen(descriptor_, 4) == 0);
  }
  ~Peer() { close(descriptor_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] std::string at(const char* scheme) const {
    return scheme + ("127.0.0.1:" + std::to_string(port_));
  }

 private:
  int descriptor_;
  int port_ = 0;
};

NotificationReceiver syslog(const std::string& to) {
  NotificationReceiver made;
  made.name = "siem";
  made.kind = ReceiverKind::kSyslog;
  made.to = {to};
  made.timeout = 300 * kMillisecond;
  return made;
}

Message lines(const std::string& body) { return {message_key(1, "a", "siem"), "siem", 1, "t", body}; }

std::string receive(int descriptor) {
  pollfd one{descriptor, POLLIN, 0};
  if (poll(&one, 1, 5'000) <= 0) return "nothing came";
  std::string bytes(4'096, '\0');
  const ssize_t got = recv(descriptor, bytes.data(), bytes.size(), 0);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return bytes;
}

TEST(Sender, TheSignatureIsThatOfOpenssl) {
  // printf '1.what do ya want' | openssl dgst -sha256 -hmac Jefe
  EXPECT_EQ(signature_of("Jefe", 1, "what do ya want"),
            "sha256=c44c8a28337cb766024041cdda4308bcdb0224b5d068e845dc55a1c8b4c64fdc");
  EXPECT_NE(signature_of("Jefe", 2, "what do ya want"), signature_of("Jefe", 1, "what do ya want"));
  EXPECT_NE(signature_of("Jefe", 1, "what do ya wanT"), signature_of("Jefe", 1, "what do ya want"));
}

TEST(Sender, WhatAnswersMean) {
  for (const long status : {200, 204, 299}) EXPECT_EQ(outcome_of_http(status), Outcome::kSent) << status;
  for (const long status : {408, 425, 429, 500, 503})
    EXPECT_EQ(outcome_of_http(status), Outcome::kLater) << status;
  for (const long status : {100, 301, 400, 401, 404, 410})
    EXPECT_EQ(outcome_of_http(status), Outcome::kRefused) << status;
  EXPECT_EQ(outcome_of_smtp(250), Outcome::kSent);
  EXPECT_EQ(outcome_of_smtp(451), Outcome::kLater);
  EXPECT_EQ(outcome_of_smtp(0), Outcome::kLater);
  EXPECT_EQ(outcome_of_smtp(550), Outcome::kRefused);
}

TEST(Sender, UdpIsADatagramALine) {
  const Peer peer{SOCK_DGRAM};
  EXPECT_EQ(send(syslog(peer.at("udp://")), lines("<1>one\n<2>two\n"), 1, kNever).outcome, Outcome::kSent);
  EXPECT_EQ(receive(peer.get()), "<1>one");
  EXPECT_EQ(receive(peer.get()), "<2>two");
}

TEST(Sender, TcpCountsOctetsAndWaitsUntilTheyAreRead) {
  const Peer peer{SOCK_STREAM};
  std::string got;
  std::jthread server{[&] {
    const int link = accept(peer.get(), nullptr, nullptr);
    for (std::string more = receive(link); !more.empty(); more = receive(link)) got += more;
    close(link);
  }};
  EXPECT_EQ(send(syslog(peer.at("tcp://")), lines("<1>one\n<2>twelve\n"), 1, kNever).outcome, Outcome::kSent);
  server.join();
  EXPECT_EQ(got, "6 <1>one9 <2>twelve");
}

TEST(Sender, ALocalSocketIsADatagramALine) {
  const test::TemporaryDirectory home;
  const int server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  home.file("log").copy(at.sun_path, sizeof at.sun_path - 1);
  ASSERT_EQ(bind(server, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  EXPECT_EQ(send(syslog("unix:" + home.file("log")), lines("<1>one\n"), 1, kNever).outcome, Outcome::kSent);
  EXPECT_EQ(receive(server), "<1>one");
  close(server);
}

TEST(Sender, NobodyThereAndNobodyReadingIsLater) {
  const test::TemporaryDirectory home;
  const Sending nobody = send(syslog("unix:" + home.file("none")), lines("<1>one\n"), 1, kNever);
  EXPECT_EQ(nobody.outcome, Outcome::kLater);
  EXPECT_THAT(nobody.what, HasSubstr("No such file"));
  const Peer deaf{SOCK_STREAM};  // it accepts, and never reads to the end
  const Sending late = send(syslog(deaf.at("tcp://")), lines("<1>one\n"), 1, kNever);
  EXPECT_EQ(late.outcome, Outcome::kLater);
  EXPECT_THAT(late.what, HasSubstr("timed out"));
  EXPECT_THAT(send(syslog(deaf.at("tcp://")), lines("<1>one\n"), 1, [] { return true; }).what,
              HasSubstr("canceled"));
}

TEST(Sender, ASecretThatIsNotThereIsLaterAndSaid) {
  NotificationReceiver desk;
  desk.kind = ReceiverKind::kWebhook;
  desk.to = {"https://127.0.0.1:1/"};
  desk.secret_file = "/none";
  const Sending sending = send(desk, lines("{}"), 1, kNever);
  EXPECT_EQ(sending.outcome, Outcome::kLater);
  EXPECT_THAT(sending.what, HasSubstr("cannot be opened"));
}

TEST(Delivery, TheWaitDoublesUpToItsLimit) {
  EXPECT_EQ(retry_after(1), kRetryFirst);
  EXPECT_EQ(retry_after(2), 2 * kRetryFirst);
  EXPECT_EQ(retry_after(5), 16 * kRetryFirst);
  EXPECT_EQ(retry_after(11), kRetryMax);
  EXPECT_EQ(retry_after(1'000'000), kRetryMax);
}

class DeliveryTest : public ::testing::Test {
 protected:
  Message put(TimeNs made) {
    Message one{message_key(made, "a", "siem"), "siem", made, "t", "<1>at " + std::to_string(made) + "\n"};
    EXPECT_TRUE(spool_.put(one));
    return one;
  }
  bool turn(Delivery& delivery, TimeNs now) {
    const auto turned = delivery.turn(now);
    EXPECT_TRUE(turned) << to_text(turned.error());
    return turned.value_or(false);
  }
  Delivery delivery(const std::string& to) { return Delivery{syslog(to), spool_, kNever}; }

  test::TemporaryDirectory home_;
  Spool spool_{home_.file("notify")};
  const TimeNs start_ = 1'000'000 * kSecond;
};

TEST_F(DeliveryTest, InOrderOneAfterTheOther) {
  const Peer peer{SOCK_DGRAM};
  Delivery made = delivery(peer.at("udp://"));
  put(start_ + 2);
  put(start_ + 1);
  EXPECT_TRUE(turn(made, start_));
  EXPECT_TRUE(turn(made, start_));
  EXPECT_FALSE(turn(made, start_));
  EXPECT_EQ(receive(peer.get()), "<1>at " + std::to_string(start_ + 1));
  EXPECT_EQ(receive(peer.get()), "<1>at " + std::to_string(start_ + 2));
  EXPECT_EQ(spool_.progress("siem").sent, 2U);
  EXPECT_EQ(spool_.keys("siem", Box::kSent).size(), 2U);
}

TEST_F(DeliveryTest, TriedAgainWithARestAndGivenUpInTheEnd) {
  const Message one = put(start_);
  const std::string nowhere = "unix:" + home_.file("none");
  TimeNs now = start_;
  std::uint32_t tries = 0;
  for (; !spool_.keys("siem", Box::kWaiting).empty(); ++tries) {
    ASSERT_LT(tries, 200U) << "it is tried for ever";
    Delivery made = delivery(nowhere);  // another process each time
    EXPECT_FALSE(turn(made, now));
    const Progress progress = spool_.progress("siem");
    if (progress.key.empty()) break;
    EXPECT_EQ(progress.tries, tries + 1);
    EXPECT_EQ(progress.next_try, now + retry_after(tries + 1));
    EXPECT_FALSE(turn(made, progress.next_try - 1));
    EXPECT_EQ(spool_.progress("siem").tries, tries + 1);  // it was too early
    now = progress.next_try;
  }
  EXPECT_GT(tries, 100U);
  EXPECT_THAT(spool_.keys("siem", Box::kFailed), ElementsAre(one.key));
  EXPECT_EQ(spool_.progress("siem").failed, 1U);
  EXPECT_THAT(spool_.progress("siem").error, HasSubstr("No such file"));
}

TEST_F(DeliveryTest, AClockThatWasSetBackDoesNotHoldAMessage) {
  const Peer peer{SOCK_DGRAM};
  const Message one = put(start_);
  ASSERT_TRUE(spool_.save("siem", {one.key, 3, start_ + 3'600 * kSecond, "", 0, 0, 0}));
  Delivery made = delivery(peer.at("udp://"));
  EXPECT_TRUE(turn(made, start_));
  EXPECT_EQ(spool_.progress("siem").sent, 1U);
}

TEST_F(DeliveryTest, ADamagedMessageIsPutAside) {
  const Message one = put(start_);
  std::ofstream(home_.file("notify/siem/waiting/" + one.key + ".json")) << "{";
  const Peer peer{SOCK_DGRAM};
  Delivery made = delivery(peer.at("udp://"));
  EXPECT_FALSE(made.turn(start_));
  EXPECT_THAT(spool_.keys("siem", Box::kFailed), ElementsAre(one.key));
  EXPECT_FALSE(turn(made, start_));
}

}  // namespace
}  // namespace weir::notify
