// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/proxy_header.h"

#include <algorithm>
#include <array>
#include <utility>

#include "classifier/inspect/host_name.h"
#include "classifier/inspect/http_head.h"

namespace weir::classifier {

namespace {

constexpr std::size_t kFixedBytes = 16;
constexpr std::uint8_t kFamily4 = 1;
constexpr std::uint8_t kFamily6 = 2;
constexpr std::uint8_t kFamilyUnix = 3;
constexpr std::size_t kUnixBytes = 216;
constexpr std::uint8_t kTypeAuthority = 2;

template <std::size_t N>
std::string take_address(ByteReader& reader) {
  std::array<std::uint8_t, N> bytes{};
  std::ranges::copy(reader.take(N), bytes.begin());
  if constexpr (N == 4) return IpAddress::v4(bytes).to_string();
  if constexpr (N == 16) return IpAddress::v6(bytes).to_string();
}

std::string address_text(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address ? address->to_string() : std::string{};
}

}  // namespace

ParseStep ProxyHeader::from_client(Bytes bytes, FlowFacts& facts) {
  if (done_) return {0, Outcome::kRestart};
  ParseStep step = version2_ ? read_header(bytes, facts) : read_line(bytes, facts);
  done_ = step.again = step.outcome == Outcome::kName;
  return step;
}

ParseStep ProxyHeader::read_line(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  const LineReader::State read = line_.read(bytes, step.consumed);
  if (read == LineReader::State::kTooLong) step.outcome = Outcome::kError;
  if (read == LineReader::State::kLine) step.outcome = version1(facts);
  return step;
}

ParseStep ProxyHeader::read_header(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  while (true) {
    ByteReader reader{header_};
    reader.skip(kFixedBytes - 2);
    const std::size_t length = reader.u16();
    if (length > kProxyHeader2BytesMax) return {step.consumed, Outcome::kLimit};
    const std::size_t need = kFixedBytes + length;  // the fixed part alone while the length is not there
    if (reader.ok() && header_.size() == need) break;
    const Bytes part =
        bytes.subspan(step.consumed, std::min(need - header_.size(), bytes.size() - step.consumed));
    if (part.empty()) return step;
    header_.insert(header_.end(), part.begin(), part.end());
    step.consumed += part.size();
  }
  step.outcome = version2(facts);
  return step;
}

/// "PROXY TCP4 source destination port port" or "PROXY UNKNOWN" and anything behind it.
Outcome ProxyHeader::version1(FlowFacts& facts) {
  std::string_view rest = line_.line();
  static_cast<void>(take_word(rest));
  ProxyHop hop{.kind = "proxy-v1", .command = "proxy"};
  if (take_word(rest) != "UNKNOWN") {
    hop.source = address_text(take_word(rest));
    hop.target = address_text(take_word(rest));
    static_cast<void>(take_word(rest));
    const auto port = decimal(take_word(rest));
    if (hop.source.empty() || hop.target.empty() || !port || *port > 65'535) return Outcome::kError;
    hop.port = static_cast<std::uint16_t>(*port);
  }
  return judge(std::move(hop), facts);
}

Outcome ProxyHeader::version2(FlowFacts& facts) {
  ByteReader reader{header_};
  if (as_text(reader.take(kProxyHeader2Signature.size())) != kProxyHeader2Signature) return Outcome::kError;
  const std::uint8_t command = reader.u8();
  const std::uint8_t family = reader.u8() >> 4U;
  reader.skip(2);
  if ((command >> 4U) != 2 || (command & 15U) > 1) return Outcome::kError;
  ProxyHop hop{.kind = "proxy-v2", .command = "proxy"};
  if ((command & 15U) == 0) {  // the sender speaks for itself; receivers ignore the rest
    hop.command = "local";
    return judge(std::move(hop), facts);
  }
  if (family == kFamily4) {
    hop.source = take_address<4>(reader);
    hop.target = take_address<4>(reader);
  } else if (family == kFamily6) {
    hop.source = take_address<16>(reader);
    hop.target = take_address<16>(reader);
  } else {
    reader.skip(family == kFamilyUnix ? kUnixBytes : 0);
  }
  if (family == kFamily4 || family == kFamily6) {
    reader.skip(2);
    hop.port = reader.u16();
  }
  while (reader.ok() && reader.left() > 0) {
    const std::uint8_t type = reader.u8();
    const Bytes value = reader.take(reader.u16());
    if (type != kTypeAuthority || !reader.ok()) continue;
    const auto name = canonical_host(as_text(value));
    if (!name) return Outcome::kError;
    if (!name->empty()) hop.target = *name;
  }
  return reader.ok() ? judge(std::move(hop), facts) : Outcome::kError;
}

Outcome ProxyHeader::judge(ProxyHop hop, FlowFacts& facts) {
  facts.host = hop.target;
  facts.host_source = hop.target.empty() ? NameSource::kNone : NameSource::kProxyTarget;
  note_proxy(facts, std::move(hop));
  return Outcome::kName;
}

}  // namespace weir::classifier
