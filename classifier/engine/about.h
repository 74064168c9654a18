// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/channel/channel.h"

namespace weir::classifier {

/// An answer about the packet of a request.
[[nodiscard]] inline channel::Answer about(const channel::Request& request, channel::AnswerType type) {
  channel::Answer answer;
  answer.type = type;
  answer.direction = request.head.direction;
  answer.flow = request.flow;
  answer.through = request.head.number;
  return answer;
}

/// The packet waits for a verdict, or its flow's is void.
[[nodiscard]] inline bool asks(const channel::Request& request) {
  return request.head.parked != 0 || request.head.redecide != 0;
}

}  // namespace weir::classifier
