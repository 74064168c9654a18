// SPDX-License-Identifier: Apache-2.0
// The handshake over a Unix socket, and the channel between two processes.
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "tests/unit/dataplane/channel/channel_fixture.h"

namespace weir::channel {
namespace {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-channel-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

int accept_within(int listener, int timeout_ms) {
  pollfd ready{listener, POLLIN, 0};
  return ::poll(&ready, 1, timeout_ms) == 1 ? ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC) : -1;
}

/// The classifier of the two-process test: echoes every packet's number and size until the peer hangs up.
int run_echo_classifier(const std::string& path) {
  auto attachment = connect_to_dataplane(path);
  if (!attachment) return 10;
  auto end = ClassifierEnd::attach(attachment->fds);
  if (!end) return 11;
  ClassifierEnd& channel = **end;
  while (channel.wait(attachment->connection, 60'000)) {
    while (const Request* request = channel.next()) {
      if (request->packet.size() != request->head.number % 3'000) return 12;
      for (const std::uint8_t byte : request->packet) {
        if (byte != static_cast<std::uint8_t>(request->head.number)) return 13;
      }
      while (!channel.try_answer(release(request->flow.slot, request->head.number))) {
        if (!channel.ok()) return 14;
        std::this_thread::yield();
      }
    }
  }
  return channel.ok() ? 0 : 15;
}

TEST(Attach, ListensWithRightsForOwnerAndGroupOnly) {
  const TemporaryFolder folder;
  const std::string path = folder.file("channel-0.sock");
  const auto first = listen_for_classifier(path);
  ASSERT_TRUE(first.has_value());
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
  ::close(*first);
  const auto again = listen_for_classifier(path);
  ASSERT_TRUE(again.has_value()) << "the socket file of an earlier process is replaced";
  ::close(*again);
}

TEST(Attach, NeverRemovesAFileThatIsNoSocket) {
  const TemporaryFolder folder;
  const std::string path = folder.file("precious");
  ::close(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  EXPECT_FALSE(listen_for_classifier(path).has_value());
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(Attach, SaysWhyItCannotConnect) {
  const TemporaryFolder folder;
  const auto nobody = connect_to_dataplane(folder.file("nobody.sock"));
  ASSERT_FALSE(nobody.has_value());
  EXPECT_EQ(nobody.error().code, ErrorCode::kUnavailable);
  const auto too_long = connect_to_dataplane(std::string(200, 'x'));
  ASSERT_FALSE(too_long.has_value());
  EXPECT_EQ(too_long.error().code, ErrorCode::kInvalid);
}

TEST(Attach, RefusesAHandshakeWithoutDescriptors) {
  const TemporaryFolder folder;
  const std::string path = folder.file("c.sock");
  const auto listener = listen_for_classifier(path);
  ASSERT_TRUE(listener.has_value());
  for (const bool says_something : {true, false}) {
    std::thread peer([&] {
      const int connection = accept_within(*listener, 10'000);
      const char byte = 1;
      if (says_something) {
        EXPECT_EQ(::send(connection, &byte, 1, MSG_NOSIGNAL), 1);
      }
      ::close(connection);
    });
    EXPECT_FALSE(connect_to_dataplane(path).has_value());
    peer.join();
  }
  ::close(*listener);
}

TEST(Attach, SendToAPeerThatIsGoneIsAnError) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  ::close(pair[1]);
  const Pair channel;
  EXPECT_FALSE(send_channel(pair[0], channel.dataplane->fds()).has_value());
  ::close(pair[0]);
}

TEST(Attach, TwoProcessesPassAMillionMessages) {
#ifdef __SANITIZE_THREAD__
  constexpr std::uint32_t kMessages = 50'000;  // each access costs a hundred times as much
#else
  constexpr std::uint32_t kMessages = 1'000'000;
#endif
  const TemporaryFolder folder;
  const std::string path = folder.file("channel-0.sock");
  const auto listener = listen_for_classifier(path);
  ASSERT_TRUE(listener.has_value());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(*listener);
    ::_exit(run_echo_classifier(path));
  }
  const int connection = accept_within(*listener, 30'000);
  ASSERT_GE(connection, 0);
  auto end = DataplaneEnd::create({.requests = 1'024, .answers = 256, .slots = 1'000});
  ASSERT_TRUE(end.has_value());
  ASSERT_TRUE(send_channel(connection, (*end)->fds()).has_value());

  std::uint32_t sent = 0;
  std::uint32_t answered = 0;
  std::array<Answer, 64> answers;
  std::vector<std::uint8_t> packet;
  while (answered < kMessages && (*end)->ok()) {
    for (int burst = 0; burst < 32 && sent < kMessages; ++burst) {
      packet.assign((sent + 1) % 3'000, static_cast<std::uint8_t>(sent + 1));
      PacketHead head;
      head.number = sent + 1;
      if (!(*end)->try_packet({sent % 1'000, 1}, head, packet, 0)) break;
      ++sent;
    }
    (*end)->publish();
    const std::size_t count = (*end)->drain(answers);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(answers[i].through, ++answered);
    if (count == 0) (*end)->wait(100);
  }
  EXPECT_EQ(answered, kMessages);
  ::close(connection);  // the classifier sees the hang-up and ends
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ::close(*listener);
}

TEST(Attach, KilledClassifierIsSeenOnTheConnection) {
  const TemporaryFolder folder;
  const std::string path = folder.file("channel-0.sock");
  const auto listener = listen_for_classifier(path);
  ASSERT_TRUE(listener.has_value());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(*listener);
    ::_exit(run_echo_classifier(path));
  }
  const int connection = accept_within(*listener, 30'000);
  ASSERT_GE(connection, 0);
  auto end = DataplaneEnd::create({});
  ASSERT_TRUE(send_channel(connection, (*end)->fds()).has_value());
  ::kill(child, SIGKILL);
  pollfd hang_up{connection, POLLIN, 0};
  ASSERT_EQ(::poll(&hang_up, 1, 30'000), 1);
  EXPECT_NE(hang_up.revents & POLLHUP, 0);
  PacketHead head;
  while ((*end)->try_packet({1, 1}, head, packet_of(64), 0)) {
  }
  (*end)->publish();
  EXPECT_TRUE((*end)->ok()) << "a full ring is not a corrupt one";
  ::waitpid(child, nullptr, 0);
  ::close(connection);
  ::close(*listener);
}

}  // namespace
}  // namespace weir::channel
