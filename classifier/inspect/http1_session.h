// SPDX-License-Identifier: Apache-2.0
// One HTTP/1 connection: its requests, its replies, and what they have to know of each other.
#pragma once

#include "classifier/inspect/http1_request.h"
#include "classifier/inspect/http1_response.h"
#include "classifier/inspect/refusal.h"

namespace weir::classifier {

class Http1Session {
 public:
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts) {
    return request_.feed(bytes, facts, exchange_);
  }
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts) {
    return response_.feed(bytes, facts, exchange_);
  }
  [[nodiscard]] Refusal refusal() const {
    if (!exchange_.one_pending() || !response_.between_replies()) return {};
    return {.form = RefusalForm::kHttpReply, .in_turn = true, .head = exchange_.front().head};
  }
  [[nodiscard]] std::size_t bytes_held() const { return request_.bytes_held() + response_.bytes_held(); }

 private:
  Http1Exchange exchange_;
  Http1Request request_;
  Http1Response response_;
};

}  // namespace weir::classifier
