// SPDX-License-Identifier: Apache-2.0
// One HTTP/2 connection without TLS. The client's side must be understood; a server that cannot be followed
// is ignored from there on, since names come from the client (and from what the server promised until then).
#pragma once

#include <memory>

#include "classifier/inspect/http2_frames.h"

namespace weir::classifier {

class Http2Session {
 public:
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts) {
    return ends_->client.feed(bytes, facts);
  }
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts) {
    const ParseStep step = ends_->server.feed(bytes, facts);
    const bool lost = step.outcome == Outcome::kError || step.outcome == Outcome::kLimit;
    return lost ? ParseStep{bytes.size(), Outcome::kIgnore} : step;
  }
  [[nodiscard]] std::size_t bytes_held() const {
    return ends_->client.bytes_held() + ends_->server.bytes_held();
  }

 private:
  struct Ends {
    Http2Frames client{true};
    Http2Frames server{false};
  };
  std::unique_ptr<Ends> ends_ = std::make_unique<Ends>();  // apart: few flows need its room
};

}  // namespace weir::classifier
