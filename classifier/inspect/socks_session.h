// SPDX-License-Identifier: Apache-2.0
// SOCKS 4, 4A and 5 (RFC 1928, RFC 1929) up to the point where the proxy lets the client through: the target
// is a name to be judged, and what follows is a conversation of its own. A client need not wait for the
// proxy: its next byte behind the request is the tunnel's. Authentication other than "none" and "user
// name/password" hides the request: that is a limit. Passwords are not kept. UDP ASSOCIATE is noted; its
// datagrams are not tied to this flow.
#pragma once

#include <cstdint>
#include <vector>

#include "classifier/inspect/parse_step.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

/// One message of a client: SOCKS 5 has at most 513 bytes (user name and password of 255 each); SOCKS 4 has
/// texts without a limit of their own.
inline constexpr std::size_t kSocksMessageBytesMax = 1'024;

class SocksSession {
 public:
  explicit SocksSession(bool version5)
      : expects_(version5 ? Expects::kMethods : Expects::kRequest4), version5_(version5) {}

  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] std::size_t bytes_held() const { return message_.size() + reply_.size(); }

 private:
  enum class Expects : std::uint8_t {
    kMethods,
    kAuthOrRequest,
    kPassword,
    kRequest5,
    kRequest4,
    kTunnel,
    kNothing
  };

  [[nodiscard]] bool whole() const;
  [[nodiscard]] std::size_t length() const;
  [[nodiscard]] bool choose();
  [[nodiscard]] Outcome message(FlowFacts& facts);
  [[nodiscard]] Outcome request4(FlowFacts& facts);
  [[nodiscard]] Outcome request5(FlowFacts& facts);
  [[nodiscard]] Outcome judge(std::string_view target, ProxyHop hop, std::uint8_t command, FlowFacts& facts);
  [[nodiscard]] std::size_t reply_length() const;
  [[nodiscard]] Outcome reply();

  Expects expects_;
  bool version5_;
  std::vector<std::uint8_t> message_;  // of the client, not complete yet
  std::size_t texts_ended_ = 0;        // SOCKS 4: NULs behind its first eight bytes
  std::vector<std::uint8_t> reply_;    // of the proxy, not complete yet
  std::size_t replies_seen_ = 0;
  bool method_known_ = false;
  std::uint8_t method_ = 0;
  std::size_t replies_to_request_ = 1;  // BIND has two
};

}  // namespace weir::classifier
