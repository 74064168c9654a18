// SPDX-License-Identifier: Apache-2.0
// DNS over TCP (RFC 7766): messages behind a two-byte length, many on one connection, each query judged.
#pragma once

#include <vector>

#include "classifier/inspect/dns_message.h"
#include "classifier/inspect/parse_step.h"

namespace weir::classifier {

class DnsStream {
 public:
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts) { return feed(bytes, facts, client_); }
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] std::size_t bytes_held() const { return client_.size() + server_.size(); }

 private:
  [[nodiscard]] static ParseStep feed(Bytes bytes, FlowFacts& facts, std::vector<std::uint8_t>& buffer);

  // One message with its length prefix each; the prefix bounds them to 65,537 bytes.
  std::vector<std::uint8_t> client_;
  std::vector<std::uint8_t> server_;
};

/// Puts a message's question where a decision looks for it.
[[nodiscard]] DnsParse judge_dns(Bytes message, FlowFacts& facts, bool several_questions = false);

}  // namespace weir::classifier
