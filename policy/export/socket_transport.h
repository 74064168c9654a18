// SPDX-License-Identifier: Apache-2.0
// Messages over a socket: Unix or Internet, stream or datagram.
#pragma once

#include "policy/export/transport.h"

namespace weir::output {

inline constexpr int kDatagramsAtOnce =
    32;  // then a millisecond's pause, so that a receiver's buffer holds them
inline constexpr std::chrono::milliseconds kDatagramPause{1};
inline constexpr std::chrono::seconds kDeliverWait{
    10};  // for a receiver that takes nothing; then the session ends

class SocketTransport : public Transport {
 public:
  explicit SocketTransport(const OutputSettings& settings);
  ~SocketTransport() override { SocketTransport::close(); }
  SocketTransport(const SocketTransport&) = delete;
  SocketTransport& operator=(const SocketTransport&) = delete;

  [[nodiscard]] Result<void> open() override;
  [[nodiscard]] Result<void> send(std::string_view message) override;
  [[nodiscard]] Result<void> deliver() override;
  void close() override;

 protected:
  [[nodiscard]] int descriptor() const { return socket_; }
  [[nodiscard]] tl::unexpected<Error> failed(std::string_view what) const;
  [[nodiscard]] const std::string& to() const { return to_; }

 private:
  [[nodiscard]] Result<void> open_unix();
  [[nodiscard]] Result<void> open_internet();
  [[nodiscard]] Result<void> alive() const;

  std::string to_;
  Carrier carrier_;
  std::string path_;
  std::string host_;
  std::string port_;
  bool datagrams_;
  int socket_ = -1;
  int burst_ = 0;  // datagrams since the last pause
};

}  // namespace weir::output
