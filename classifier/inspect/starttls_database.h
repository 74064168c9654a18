// SPDX-License-Identifier: Apache-2.0
// Databases whose connections begin in clear text and go on in TLS: PostgreSQL (SSLRequest, chapter "Message
// Flow" of its protocol) and MySQL (SSLRequest within the connection phase). Followed up to that point only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "classifier/inspect/parse_step.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

/// SSLRequest or GSSENCRequest; nullopt: too few bytes to say.
[[nodiscard]] std::optional<bool> looks_like_postgres(Bytes first);
/// The server's greeting, protocol version 10; nullopt: too few bytes to say.
[[nodiscard]] std::optional<bool> looks_like_mysql_greeting(Bytes first);

class PostgresStartTls {
 public:
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] static std::size_t bytes_held() { return 0; }

 private:
  enum class Asked : std::uint8_t { kNothing, kTls, kGss };
  std::array<std::uint8_t, 8> request_{};
  std::size_t have_ = 0;
  Asked asked_ = Asked::kNothing;
};

class MysqlStartTls {
 public:
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts) const;
  [[nodiscard]] static std::size_t bytes_held() { return 0; }

 private:
  std::array<std::uint8_t, 36> request_{};
  std::size_t have_ = 0;
  bool tls_ = false;
};

}  // namespace weir::classifier
