// SPDX-License-Identifier: Apache-2.0
// The PROXY header that a load balancer puts in front of a connection (haproxy, "The PROXY protocol",
// versions 1 and 2): who opened it and where to. The name that version 2 may carry (PP2_TYPE_AUTHORITY), else
// the destination address, is a name to be judged; what follows is a conversation of its own. The receiver
// answers nothing. Checksums and other TLVs are not looked at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/text.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

inline constexpr std::string_view kProxyHeader2Signature{"\r\n\r\n\0\r\nQUIT\n", 12};
/// Version 1: a line of at most 107 bytes by its definition; version 2 behind its first 16 bytes: nginx takes
/// 4,096, haproxy what fits into its buffer.
inline constexpr std::size_t kProxyLineBytesMax = 107;
inline constexpr std::size_t kProxyHeader2BytesMax = 16'384;

class ProxyHeader {
 public:
  explicit ProxyHeader(bool version2) : version2_(version2) {}

  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] static ParseStep from_server(Bytes, FlowFacts&) { return {0, Outcome::kRestart}; }
  [[nodiscard]] std::size_t bytes_held() const { return line_.line().size() + header_.size(); }

 private:
  [[nodiscard]] ParseStep read_line(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] ParseStep read_header(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] Outcome version1(FlowFacts& facts);
  [[nodiscard]] Outcome version2(FlowFacts& facts);
  [[nodiscard]] Outcome judge(ProxyHop hop, FlowFacts& facts);

  bool version2_;
  bool done_ = false;
  LineReader line_{kProxyLineBytesMax};
  std::vector<std::uint8_t> header_;
};

}  // namespace weir::classifier
