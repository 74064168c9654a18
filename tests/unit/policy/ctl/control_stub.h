// SPDX-License-Identifier: Apache-2.0
// A daemon's control socket, as far as weirctl sees it: answers every line with what the test says.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace weir::test {

class ControlStub {
 public:
  using Answer = std::function<std::string(const std::string& line)>;

  ControlStub(const std::string& path, Answer answer) : answer_(std::move(answer)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path, address.sun_path);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    listen(listener_, 8);
    thread_ = std::thread([this] { serve(); });
  }
  ~ControlStub() {
    stop_ = true;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  ControlStub(const ControlStub&) = delete;
  ControlStub& operator=(const ControlStub&) = delete;

 private:
  void serve() {
    while (!stop_) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      std::string line;
      char byte = 0;
      while (read(client, &byte, 1) == 1 && byte != '\n') line += byte;
      const std::string reply = answer_(line) + "\n";
      static_cast<void>(!write(client, reply.data(), reply.size()));
      close(client);
    }
  }

  Answer answer_;
  int listener_ = -1;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace weir::test
