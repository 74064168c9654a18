// SPDX-License-Identifier: Apache-2.0
// A Unix socket on which clients send one JSON object a line and get one back. It knows sockets and lines;
// what a request means is its owner's. Bounded: clients, bytes of a request, bytes of an answer not yet read.
//
// Threads: the control thread.
#pragma once

#include <poll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"

namespace weir::dataplane {

inline constexpr std::size_t kControlClientsMax = 16;
inline constexpr std::size_t kRequestBytesMax = 64U << 10U;
inline constexpr std::size_t kAnswerBytesMax = 8U << 20U;

class LineServer {
 public:
  /// Answers one line; the answer is one line without its end.
  using Handler = std::function<std::string(std::string_view)>;

  [[nodiscard]] static Result<std::unique_ptr<LineServer>> listen(const std::string& path, Handler handler);
  ~LineServer();
  LineServer(const LineServer&) = delete;
  LineServer& operator=(const LineServer&) = delete;

  /// Adds what it waits for; afterwards `serve` looks at the same entries, from `first` on.
  void add_to(std::vector<pollfd>& set) const;
  void serve(const std::vector<pollfd>& set, std::size_t first);
  /// Whose line the handler is answering.
  [[nodiscard]] std::uint32_t asking_uid() const { return asking_uid_; }
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }

 private:
  struct Client {
    int fd = -1;
    std::uint32_t uid = 0;
    std::string in;
    std::string out;
    bool gone = false;
  };
  LineServer(int listener, std::string path, Handler handler)
      : listener_(listener), path_(std::move(path)), handler_(std::move(handler)) {}
  void accept_client();
  void read_from(Client& client);
  static void write_to(Client& client);

  int listener_;
  std::string path_;
  Handler handler_;
  std::uint32_t asking_uid_ = 0;
  std::vector<Client> clients_;
};

}  // namespace weir::dataplane
