// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/starttls_database.h"

#include <algorithm>

namespace weir::classifier {

namespace {

constexpr std::uint32_t kPostgresRequestBytes = 8;
constexpr std::uint32_t kSslRequest = 80'877'103;
constexpr std::uint32_t kGssRequest = 80'877'104;
constexpr std::uint8_t kMysqlProtocol = 10;
constexpr std::uint8_t kMysqlSsl = 0x08;  // CLIENT_SSL, in the second byte of the capabilities

}  // namespace

std::optional<bool> looks_like_postgres(Bytes first) {
  constexpr std::array<std::uint8_t, 7> kCommon = {0, 0, 0, 8, 0x04, 0xd2, 0x16};
  const std::size_t compared = std::min(first.size(), kCommon.size());
  if (!std::equal(kCommon.begin(), kCommon.begin() + static_cast<std::ptrdiff_t>(compared), first.begin()))
    return false;
  if (first.size() < kPostgresRequestBytes) return std::nullopt;
  return first[7] == 0x2f || first[7] == 0x30;
}

ParseStep PostgresStartTls::from_client(Bytes bytes, FlowFacts&) {
  ParseStep step;
  while (step.consumed < bytes.size()) {
    if (asked_ != Asked::kNothing)
      return {step.consumed, Outcome::kError};  // servers refuse what comes too soon
    request_[have_++] = bytes[step.consumed++];
    if (have_ < request_.size()) continue;
    have_ = 0;
    ByteReader reader{Bytes{request_}};
    const std::uint32_t length = reader.u32();
    const std::uint32_t code = reader.u32();
    if (length != kPostgresRequestBytes || (code != kSslRequest && code != kGssRequest))
      return {step.consumed, Outcome::kFinal};  // it starts in clear text
    asked_ = code == kSslRequest ? Asked::kTls : Asked::kGss;
  }
  return step;
}

ParseStep PostgresStartTls::from_server(Bytes bytes, FlowFacts&) {
  if (asked_ == Asked::kNothing) return {bytes.size(), Outcome::kFinal};
  const Asked asked = asked_;
  asked_ = Asked::kNothing;
  if (bytes[0] == 'N') return {1, Outcome::kMore};
  return {1, bytes[0] == 'S' && asked == Asked::kTls ? Outcome::kTls : Outcome::kFinal};
}

std::optional<bool> looks_like_mysql_greeting(Bytes first) {
  // Length (24 bits, little endian), number 0, protocol version, then the server's version as text.
  if (first.size() > 1 && first[1] > 1) return false;
  if (first.size() > 2 && first[2] != 0) return false;
  if (first.size() > 3 && first[3] != 0) return false;
  if (first.size() > 4 && first[4] != kMysqlProtocol) return false;
  if (first.size() > 5) return first[5] >= '0' && first[5] <= '9';
  return first.size() < 2 ? std::optional(false) : std::nullopt;
}

ParseStep MysqlStartTls::from_client(Bytes bytes, FlowFacts&) {
  ParseStep step;
  while (step.consumed < bytes.size() && have_ < request_.size()) {
    request_[have_++] = bytes[step.consumed++];
    // A client without TLS sends a longer packet: its login.
    const bool request =
        (have_ < 1 || request_[0] == 32) && (have_ < 4 || (request_[1] == 0 && request_[2] == 0));
    if (!request || (have_ > 5 && (request_[5] & kMysqlSsl) == 0)) return {step.consumed, Outcome::kFinal};
  }
  tls_ = have_ == request_.size();
  if (tls_) step.outcome = Outcome::kTls;
  return step;
}

/// Behind its greeting the server does not answer the request: it speaks TLS.
ParseStep MysqlStartTls::from_server(Bytes bytes, FlowFacts&) const {
  if (tls_) return {0, Outcome::kTls};
  return {bytes.size(), Outcome::kMore};
}

}  // namespace weir::classifier
