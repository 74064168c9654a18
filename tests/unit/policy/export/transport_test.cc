// SPDX-License-Identifier: Apache-2.0
// Files that are put aside and hold whole lines, and sockets whose receivers go away.
#include "policy/export/transport.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "policy/export/file_transport.h"
#include "policy/export/sender.h"
#include "tests/support/temporary_directory.h"

namespace weir::output {
namespace {

using ::testing::HasSubstr;

std::string whole(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class FileOutput : public ::testing::Test {
 protected:
  test::TemporaryDirectory home_;
  const std::string path_ = home_.file("eve.json");
};

TEST_F(FileOutput, IsPutAsideWhenItIsFull) {
  FileTransport file{path_, 25, 2};
  ASSERT_TRUE(file.open());
  for (const char* line : {"first-line\n", "second-line\n", "third-line\n", "fourth-line\n", "fifth-line\n",
                           "sixth-line\n", "seventh-line\n"})
    ASSERT_TRUE(file.send(line));
  ASSERT_TRUE(file.deliver());
  EXPECT_EQ(whole(path_), "seventh-line\n");
  EXPECT_EQ(whole(path_ + ".1"), "fifth-line\nsixth-line\n");
  EXPECT_EQ(whole(path_ + ".2"), "third-line\nfourth-line\n");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".3")) << "the oldest goes";
  ASSERT_TRUE(file.send(std::string(100, 'x') + "\n")) << "longer than the limit: a file of its own";
  EXPECT_EQ(whole(path_).size(), 101U);
}

TEST_F(FileOutput, ALineThatACrashCutOffIsRemoved) {
  std::ofstream(path_) << "whole\n" << std::string(10'000, 'x');
  FileTransport file{path_, 1U << 20U, 2};
  ASSERT_TRUE(file.open());
  ASSERT_TRUE(file.send("next\n"));
  file.close();
  EXPECT_EQ(whole(path_), "whole\nnext\n");
  std::ofstream(path_) << "no line at all";
  ASSERT_TRUE(file.open());
  EXPECT_EQ(whole(path_), "");
}

TEST_F(FileOutput, IsOfItsGroupAloneAndNoLink) {
  const mode_t before = umask(0);
  FileTransport file{path_, 1U << 20U, 2};
  ASSERT_TRUE(file.open());
  umask(before);
  struct stat about {};
  ASSERT_EQ(stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0640U);
  std::filesystem::create_symlink("/etc/passwd", home_.file("link"));
  FileTransport link{home_.file("link"), 1U << 20U, 2};
  EXPECT_FALSE(link.open());
  FileTransport device{"/dev/null", 1U << 20U, 2};
  EXPECT_FALSE(device.open());
  FileTransport nowhere{home_.file("none/eve.json"), 1U << 20U, 2};
  EXPECT_THAT(to_text(nowhere.open().error()), HasSubstr("No such file"));
}

TEST_F(FileOutput, AFullDiskLeavesWholeLines) {
  signal(SIGXFSZ, SIG_IGN);
  const rlimit small{16, 16};
  const pid_t child = fork();
  if (child == 0) {  // a file that may not grow beyond 16 bytes is a disk that is full
    setrlimit(RLIMIT_FSIZE, &small);
    FileTransport file{path_, 1U << 20U, 2};
    const bool right = file.open() && file.send("first-line\n") && !file.send("second-line\n");
    _exit(right ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(whole(path_), "first-line\n");
}

/// A socket that listens on a free port of the loopback, or on a path.
class Listener {
 public:
  explicit Listener(const std::string& path = {}, int kind = SOCK_STREAM) {
    if (path.empty()) {
      socket_ = socket(AF_INET, kind, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      socklen_t length = sizeof address;
      EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address), length), 0);
      EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length), 0);
      port_ = ntohs(address.sin_port);
    } else {
      socket_ = socket(AF_UNIX, kind, 0);
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      path.copy(address.sun_path, sizeof(address.sun_path) - 1);
      EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    if (kind == SOCK_STREAM) {
      EXPECT_EQ(listen(socket_, 4), 0);
    }
  }
  ~Listener() { end(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  [[nodiscard]] int take() const { return accept(socket_, nullptr, nullptr); }
  [[nodiscard]] std::string datagram() const {
    std::string text(1U << 16U, '\0');
    const ssize_t got = recv(socket_, text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  void end() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

OutputSettings to(Carrier carrier, std::uint16_t port, const std::string& path = {}) {
  OutputSettings settings;
  settings.carrier = carrier;
  settings.host = "127.0.0.1";
  settings.port = port;
  settings.path = path;
  settings.to = path.empty() ? "the test" : path;
  return settings;
}

Records one_record(const std::string& body) {
  return {{RecordType::kAlert, Severity::kHigh, 1'000'000'000, "weir", body, {}}};
}

TEST(SocketOutput, CountsOctetsOverTcpAndConnectsAgain) {
  Listener listener;
  Counters counters;
  const OutputSettings settings = to(Carrier::kSyslogTcp, listener.port());
  Sender sender{settings, counters};
  ASSERT_TRUE(sender.deliver(one_record("first"), 1));
  EXPECT_TRUE(counters.connected);
  const int first = listener.take();
  char text[200] = {};
  const ssize_t got = read(first, text, sizeof text);
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(got)),
            "56 <131>1 1970-01-01T00:00:01.000000Z weir weir - alert - first");
  close(first);
  EXPECT_FALSE(sender.deliver(one_record("second"), 2))
      << "the receiver has hung up: nobody knows whether it has it";
  EXPECT_FALSE(counters.connected);
  EXPECT_EQ(counters.failures, 1U);
  EXPECT_TRUE(sender.deliver(one_record("second"), 3));
  EXPECT_EQ(counters.records, 2U);
  listener.end();
  sender.disconnect();
  EXPECT_THAT(to_text(sender.deliver({}, 4).error()), HasSubstr("Connection refused"));
}

TEST(SocketOutput, ADatagramThatNobodyTakesIsAFailure) {
  Counters counters;
  auto listener = std::make_unique<Listener>("", SOCK_DGRAM);
  const OutputSettings settings = to(Carrier::kSyslogUdp, listener->port());
  Sender sender{settings, counters};
  ASSERT_TRUE(sender.deliver(one_record("first"), 1));
  EXPECT_THAT(listener->datagram(), HasSubstr("alert - first"));
  listener.reset();
  EXPECT_FALSE(sender.deliver(one_record("second"), 2));
  EXPECT_EQ(counters.records, 1U);
}

TEST(SocketOutput, ARecordThatNoDatagramHoldsIsCountedAndTheRestGoesOn) {
  Counters counters;
  const Listener listener{"", SOCK_DGRAM};
  const OutputSettings settings = to(Carrier::kSyslogUdp, listener.port());
  Sender sender{settings, counters};
  Records records = one_record(std::string(70'000, 'x'));
  records.push_back(one_record("small").front());
  ASSERT_TRUE(sender.deliver(records, 1));
  EXPECT_THAT(listener.datagram(), HasSubstr("small"));
  EXPECT_EQ(counters.records, 1U);
  EXPECT_EQ(counters.lost[static_cast<std::size_t>(Loss::kTooLong)], 1U);
}

TEST(SocketOutput, UnixSocketsTakeBareLines) {
  const test::TemporaryDirectory home;
  Counters counters;
  const Listener datagrams{home.file("dgram"), SOCK_DGRAM};
  const OutputSettings dgram = to(Carrier::kUnixDatagram, 0, home.file("dgram"));
  Sender sender{dgram, counters};
  ASSERT_TRUE(sender.deliver(one_record("{}"), 1));
  EXPECT_EQ(datagrams.datagram(), "{}");
  const OutputSettings nobody = to(Carrier::kUnixStream, 0, home.file("nobody"));
  Sender to_nobody{nobody, counters};
  EXPECT_FALSE(to_nobody.deliver({}, 1));
}

TEST(Metrics, HaveEachOutputAndReason) {
  Counters counters;
  OutputSettings settings = to(Carrier::kFile, 0, "/a");
  settings.name = "siem";
  counters.records = 7;
  counters.lose(Loss::kTrimmed, 3);
  const CountedOutput one[] = {{&settings, &counters}};
  const std::string text = metrics_text(one);
  EXPECT_THAT(text, HasSubstr("weir_export_records_total{output=\"siem\",format=\"eve\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("weir_export_lost_total{output=\"siem\",reason=\"trimmed\"} 3\n"));
  const test::TemporaryDirectory home;
  ASSERT_TRUE(write_metrics(home.file("metrics"), text));
  EXPECT_EQ(whole(home.file("metrics")), text);
  EXPECT_FALSE(write_metrics(home.file("none/metrics"), text));
}

}  // namespace
}  // namespace weir::output
