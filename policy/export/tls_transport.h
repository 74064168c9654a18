// SPDX-License-Identifier: Apache-2.0
// Messages over TLS 1.2 or later (RFC 5425). The receiver's certificate must be signed by one of the
// authorities of `ca_file` and be for the host that the settings name; nothing switches that off.
#pragma once

#include <memory>

#include "policy/export/socket_transport.h"

struct ssl_st;
struct ssl_ctx_st;

namespace weir::output {

class TlsTransport : public SocketTransport {
 public:
  explicit TlsTransport(const OutputSettings& settings);
  ~TlsTransport() override { TlsTransport::close(); }
  TlsTransport(const TlsTransport&) = delete;
  TlsTransport& operator=(const TlsTransport&) = delete;

  [[nodiscard]] Result<void> open() override;
  [[nodiscard]] Result<void> send(std::string_view message) override;
  void close() override;

 private:
  struct Free {
    void operator()(ssl_st* session) const;
    void operator()(ssl_ctx_st* context) const;
  };
  [[nodiscard]] Result<void> make_context();
  [[nodiscard]] Result<void> handshake();

  std::string host_;
  std::string ca_file_;
  std::string certificate_file_;
  std::string key_file_;
  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::unique_ptr<ssl_st, Free> session_;
};

}  // namespace weir::output
