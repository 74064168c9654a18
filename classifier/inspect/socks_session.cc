// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/socks_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "classifier/inspect/host_name.h"
#include "classifier/inspect/http_head.h"
#include "policy/model/ip_address.h"

namespace weir::classifier {

namespace {

constexpr std::uint8_t kVersion5 = 5;
constexpr std::uint8_t kMethodNone = 0;
constexpr std::uint8_t kMethodPassword = 2;
constexpr std::uint8_t kMethodRefused = 0xff;
constexpr std::uint8_t kPasswordVersion = 1;
constexpr std::uint8_t kCommandConnect = 1;
constexpr std::uint8_t kCommandBind = 2;
constexpr std::uint8_t kCommandUdp = 3;
constexpr std::uint8_t kAddress4 = 1;
constexpr std::uint8_t kAddressName = 3;
constexpr std::uint8_t kAddress6 = 4;
constexpr std::size_t kRequest4Bytes = 8;  // before its texts
constexpr std::size_t kReply4Bytes = 8;
constexpr std::size_t kTooLong = kSocksMessageBytesMax + 1;

/// Of a SOCKS 5 request or reply as far as it is there; kTooLong: no such address type.
std::size_t request5_length(Bytes message) {
  if (message.size() < 5) return 5;
  if (message[3] == kAddress4) return 10;
  if (message[3] == kAddress6) return 22;
  return message[3] == kAddressName ? 7U + message[4] : kTooLong;
}

template <std::size_t N>
std::array<std::uint8_t, N> take(ByteReader& reader) {
  std::array<std::uint8_t, N> bytes{};
  std::ranges::copy(reader.take(N), bytes.begin());
  return bytes;
}

}  // namespace

ParseStep SocksSession::from_client(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  if (expects_ == Expects::kTunnel) return {0, Outcome::kRestart};
  if (expects_ == Expects::kNothing) return {bytes.size(), Outcome::kFinal};
  while (step.consumed < bytes.size()) {
    const std::uint8_t byte = bytes[step.consumed++];
    message_.push_back(byte);
    if (!version5_ && message_.size() > kRequest4Bytes && byte == 0) ++texts_ended_;
    if (!whole()) {
      if (message_.size() < kSocksMessageBytesMax && length() <= kSocksMessageBytesMax) continue;
      return {step.consumed, version5_ ? Outcome::kError : Outcome::kLimit};
    }
    if (expects_ == Expects::kAuthOrRequest) {  // its first byte says what it is
      if (!choose()) return {step.consumed, Outcome::kError};
      continue;
    }
    step.outcome = message(facts);
    message_.clear();
    if (step.outcome == Outcome::kMore) continue;
    step.again = step.outcome == Outcome::kName;
    return step;
  }
  return step;
}

bool SocksSession::whole() const { return message_.size() == length(); }

/// Of the message as far as it can be known.
std::size_t SocksSession::length() const {
  const std::size_t have = message_.size();
  switch (expects_) {
    case Expects::kMethods:
      return have < 2 ? 2 : 2U + message_[1];
    case Expects::kAuthOrRequest:
      return 1;
    case Expects::kPassword: {
      if (have < 2) return 2;
      const std::size_t user_end = 2U + message_[1];
      return have <= user_end ? user_end + 1 : user_end + 1 + message_[user_end];
    }
    case Expects::kRequest5:
      return request5_length(message_);
    case Expects::kRequest4: {
      if (have <= kRequest4Bytes) return kRequest4Bytes + 1;
      const bool named = message_[4] == 0 && message_[5] == 0 && message_[6] == 0 && message_[7] != 0;
      return texts_ended_ == (named ? 2U : 1U) ? have : have + 1;
    }
    case Expects::kTunnel:
    case Expects::kNothing:
      break;
  }
  return 0;
}

Outcome SocksSession::message(FlowFacts& facts) {
  switch (expects_) {
    case Expects::kMethods:
      expects_ = Expects::kAuthOrRequest;
      return Outcome::kMore;
    case Expects::kPassword:
      expects_ = Expects::kRequest5;
      return Outcome::kMore;
    case Expects::kRequest5:
      return request5(facts);
    case Expects::kRequest4:
      return request4(facts);
    case Expects::kAuthOrRequest:
    case Expects::kTunnel:
    case Expects::kNothing:
      break;
  }
  return Outcome::kError;
}

bool SocksSession::choose() {
  const bool password = message_[0] == kPasswordVersion;
  if (!password && message_[0] != kVersion5) return false;
  expects_ = password ? Expects::kPassword : Expects::kRequest5;
  return !method_known_ || method_ == kMethodRefused || password == (method_ == kMethodPassword);
}

Outcome SocksSession::request4(FlowFacts& facts) {
  ByteReader reader{message_};
  reader.skip(1);
  const std::uint8_t command = reader.u8();
  ProxyHop hop{.kind = "socks4"};
  hop.port = reader.u16();
  const auto address = IpAddress::v4(take<4>(reader));
  if (texts_ended_ == 1) return judge(address.to_string(), std::move(hop), command, facts);
  hop.kind = "socks4a";
  const std::string_view texts = as_text(reader.rest());
  const std::string_view name = texts.substr(texts.find('\0') + 1);
  return judge(name.substr(0, name.size() - 1), std::move(hop), command, facts);
}

Outcome SocksSession::request5(FlowFacts& facts) {
  ByteReader reader{message_};
  if (reader.u8() != kVersion5) return Outcome::kError;
  const std::uint8_t command = reader.u8();
  reader.skip(1);
  const std::uint8_t type = reader.u8();
  std::string target;
  if (type == kAddress4) {
    target = IpAddress::v4(take<4>(reader)).to_string();
  } else if (type == kAddress6) {
    target = IpAddress::v6(take<16>(reader)).to_string();
  } else {
    target = as_text(reader.take(reader.u8()));
  }
  ProxyHop hop{.kind = "socks5"};
  hop.port = reader.u16();
  return judge(target, std::move(hop), command, facts);
}

Outcome SocksSession::judge(std::string_view target, ProxyHop hop, std::uint8_t command, FlowFacts& facts) {
  if (command < kCommandConnect || command > (version5_ ? kCommandUdp : kCommandBind)) return Outcome::kError;
  // Some clients put an IPv6 address without brackets where the name belongs.
  const auto address = IpAddress::parse(target);
  const auto name = address ? std::optional(address->to_string()) : canonical_host(target);
  if (!name) return Outcome::kError;
  hop.command = command == kCommandConnect ? "connect" : command == kCommandBind ? "bind" : "udp-associate";
  hop.target = *name;
  note_proxy(facts, std::move(hop));
  facts.host = *name;
  facts.host_source = name->empty() ? NameSource::kNone : NameSource::kProxyTarget;
  if (command == kCommandBind) replies_to_request_ = 2;
  expects_ = command == kCommandUdp ? Expects::kNothing : Expects::kTunnel;
  return Outcome::kName;
}

ParseStep SocksSession::from_server(Bytes bytes, FlowFacts&) {
  ParseStep step;
  while (step.consumed < bytes.size()) {
    reply_.push_back(bytes[step.consumed++]);
    const std::size_t need = reply_length();
    if (need > kSocksMessageBytesMax) return {bytes.size(), Outcome::kIgnore};
    if (reply_.size() < need) continue;
    step.outcome = reply();
    reply_.clear();
    if (step.outcome != Outcome::kMore) return step;
  }
  return step;
}

std::size_t SocksSession::reply_length() const {
  if (!version5_) return kReply4Bytes;
  const bool to_methods = replies_seen_ == 0;
  const bool to_password = replies_seen_ == 1 && method_ == kMethodPassword;
  return to_methods || to_password ? 2 : request5_length(reply_);
}

Outcome SocksSession::reply() {
  ++replies_seen_;
  const std::size_t before = version5_ ? (method_ == kMethodPassword ? 2U : 1U) : 0U;
  if (version5_ && replies_seen_ == 1) {
    if (reply_[0] != kVersion5) return Outcome::kIgnore;
    method_known_ = true;
    method_ = reply_[1];
    const bool open = method_ == kMethodNone || method_ == kMethodPassword || method_ == kMethodRefused;
    const bool request_seen = expects_ == Expects::kTunnel || expects_ == Expects::kNothing;
    return open || request_seen ? Outcome::kMore : Outcome::kLimit;  // the request will not be readable
  }
  return replies_seen_ == before + replies_to_request_ ? Outcome::kRestart : Outcome::kMore;
}

}  // namespace weir::classifier
