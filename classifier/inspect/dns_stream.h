// SPDX-License-Identifier: Apache-2.0
// DNS over TCP (RFC 7766): messages behind a two-byte length, many on one connection, each question judged.
#pragma once

#include <vector>

#include "classifier/inspect/dns_conversation.h"
#include "classifier/inspect/parse_step.h"

namespace weir::classifier {

class DnsStream {
 public:
  /// `client`: who asks.
  explicit DnsStream(channel::Direction client = channel::Direction::kFromInitiator) : client_(client) {}
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] std::size_t bytes_held() const {
    return asked_.size() + answered_.size() + conversation_.bytes_held();
  }

 private:
  [[nodiscard]] ParseStep feed(channel::Direction from, Bytes bytes, FlowFacts& facts,
                               std::vector<std::uint8_t>& buffer);

  channel::Direction client_;
  DnsConversation conversation_;
  // One message with its length prefix each; the prefix bounds them to 65,537 bytes.
  std::vector<std::uint8_t> asked_;
  std::vector<std::uint8_t> answered_;
};

}  // namespace weir::classifier
