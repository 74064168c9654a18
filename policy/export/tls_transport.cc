// SPDX-License-Identifier: Apache-2.0
#include "policy/export/tls_transport.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace weir::output {
namespace {

std::string openssl_words() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return errno != 0 ? std::strerror(errno) : "the receiver hung up";
  const char* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("OpenSSL error {:x}", code);
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

tl::unexpected<Error> refused(std::string what) {
  return failure(ErrorCode::kUnavailable, fmt::format("{}: {}", what, openssl_words()));
}

}  // namespace

void TlsTransport::Free::operator()(ssl_st* session) const { SSL_free(session); }
void TlsTransport::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

TlsTransport::TlsTransport(const OutputSettings& settings)
    : SocketTransport(settings),
      host_(settings.host),
      ca_file_(settings.ca_file),
      certificate_file_(settings.certificate_file),
      key_file_(settings.key_file) {}

// Made at each connect: a new authority or certificate counts without a restart.
Result<void> TlsTransport::make_context() {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = context_.get();
  if (context == nullptr) return refused("no TLS");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(context, ca_file_.c_str(), nullptr) != 1)
    return refused(fmt::format("no authorities in ca_file {}", ca_file_));
  if (certificate_file_.empty()) return {};
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file_.c_str()) != 1)
    return refused(fmt::format("no certificate in {}", certificate_file_));
  if (SSL_CTX_use_PrivateKey_file(context, key_file_.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    return refused(fmt::format("no key of the certificate in {}", key_file_));
  return {};
}

Result<void> TlsTransport::open() {
  errno = 0;
  ERR_clear_error();
  if (auto made = make_context(); !made) return made;
  if (auto opened = SocketTransport::open(); !opened) return opened;
  auto shaken = handshake();
  if (!shaken) close();
  return shaken;
}

Result<void> TlsTransport::handshake() {
  session_.reset(SSL_new(context_.get()));
  SSL* const session = session_.get();
  if (session == nullptr || SSL_set_fd(session, descriptor()) != 1) return refused("no TLS");
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(session);
  const bool by_address = is_address(host_);
  const bool named = by_address ? X509_VERIFY_PARAM_set1_ip_asc(wanted, host_.c_str()) == 1
                                : SSL_set1_host(session, host_.c_str()) == 1;
  if (!named) return refused(fmt::format("{} is no name for a certificate", host_));
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // What the macro SSL_set_tlsext_host_name says.
  if (!by_address) SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host_.data());
  errno = 0;
  if (SSL_connect(session) == 1) return {};
  const long verdict = SSL_get_verify_result(session);
  if (verdict != X509_V_OK) {
    ERR_clear_error();
    return failure(
        ErrorCode::kUnavailable,
        fmt::format("the certificate of {} is refused: {}", to(), X509_verify_cert_error_string(verdict)),
        "ca_file must hold its authority, and it must be for the host in `to`");
  }
  return refused(fmt::format("no TLS with {}", to()));
}

Result<void> TlsTransport::send(std::string_view message) {
  if (!session_) return failure(ErrorCode::kUnavailable, fmt::format("{} is not connected", to()));
  errno = 0;
  ERR_clear_error();
  std::size_t written = 0;
  if (SSL_write_ex(session_.get(), message.data(), message.size(), &written) == 1) return {};
  return refused(fmt::format("cannot send to {}", to()));
}

void TlsTransport::close() {
  if (session_ && SSL_is_init_finished(session_.get()) == 1) SSL_shutdown(session_.get());
  ERR_clear_error();
  session_.reset();
  SocketTransport::close();
}

}  // namespace weir::output
