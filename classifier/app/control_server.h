// SPDX-License-Identifier: Apache-2.0
// A Unix socket on which one JSON object a line comes in and one goes out. No thread: whoever owns it polls
// it, and a poll never blocks. Who may connect is decided by the socket file's rights.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "policy/model/error.h"

namespace weir::classifier {

inline constexpr std::size_t kControlLineBytesMax = 65'536;
inline constexpr std::size_t kControlClientsMax = 16;

class ControlServer {
 public:
  enum class ClientId : std::uint64_t {};
  /// Called for each line; the answer is given with `reply`, then or later.
  using Handler = std::function<void(ClientId, std::string_view line)>;

  /// Replaces a socket file that a dead process left behind.
  [[nodiscard]] static Result<ControlServer> listen(const std::string& path);
  ControlServer(ControlServer&& other) noexcept;
  ControlServer& operator=(ControlServer&&) = delete;
  ~ControlServer();

  /// Accepts, reads what is there, calls the handler for each whole line, writes what can be written.
  void poll(const Handler& handler);
  /// Ignored when that client is gone.
  void reply(ClientId client, std::string_view line);
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }

 private:
  struct Client {
    int fd = -1;
    std::string in;
    std::string out;
  };
  explicit ControlServer(int fd) : listener_(fd) {}
  void accept_all();
  [[nodiscard]] static bool read_from(Client& client);
  [[nodiscard]] static bool write_to(Client& client);

  int listener_ = -1;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, Client> clients_;
};

}  // namespace weir::classifier
