// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/line_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/temporary_directory.h"

namespace weir::dataplane {
namespace {

class LineServerTest : public testing::Test {
 protected:
  LineServerTest() : path_(directory_.file("s")) {
    server_ = std::move(
        *LineServer::listen(path_, [](std::string_view line) { return "<" + std::string(line) + ">"; }));
  }
  ~LineServerTest() override {
    for (const int fd : fds_) ::close(fd);
  }
  int connect() {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    fds_.push_back(fd);
    return fd;
  }
  void step() {
    std::vector<pollfd> set;
    server_->add_to(set);
    ASSERT_GE(::poll(set.data(), set.size(), 1'000), 0);
    server_->serve(set, 0);
  }
  static void send(int fd, const std::string& text) {
    EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  static std::string receive(int fd) {
    std::array<char, 4'096> buffer{};
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : "";
  }

  test::TemporaryDirectory directory_;
  std::string path_;
  std::unique_ptr<LineServer> server_;
  std::vector<int> fds_;
};

TEST_F(LineServerTest, AnswersLineByLineHoweverTheyArrive) {
  const int fd = connect();
  step();
  send(fd, "one\ntw");
  step();
  EXPECT_EQ(receive(fd), "<one>\n");
  send(fd, "o\n");
  step();
  EXPECT_EQ(receive(fd), "<two>\n");
}

TEST_F(LineServerTest, TurnsAwayMoreClientsThanItsLimit) {
  for (std::size_t i = 0; i < kControlClientsMax; ++i) {
    connect();
    step();
  }
  EXPECT_EQ(server_->clients(), kControlClientsMax);
  const int late = connect();
  step();
  EXPECT_NE(receive(late).find("too many"), std::string::npos);
  EXPECT_EQ(server_->clients(), kControlClientsMax);
}

TEST_F(LineServerTest, LeavesAClientWhoseRequestHasNoEnd) {
  const int fd = connect();
  step();
  const std::string chunk(4'096, 'x');
  for (std::size_t sent = 0; sent <= kRequestBytesMax; sent += chunk.size()) {
    send(fd, chunk);
    step();
  }
  EXPECT_EQ(server_->clients(), 0U);
}

TEST_F(LineServerTest, ForgetsAClientThatLeft) {
  connect();
  step();
  EXPECT_EQ(server_->clients(), 1U);
  ::close(fds_.back());
  fds_.pop_back();
  step();
  EXPECT_EQ(server_->clients(), 0U);
}

}  // namespace
}  // namespace weir::dataplane
