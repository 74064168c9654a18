// SPDX-License-Identifier: Apache-2.0
// Answers on their way to the channel's ring, in order. Bounded: an overflow means that the data plane has
// stopped reading, and the owner detaches.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "dataplane/channel/messages.h"

namespace weir::classifier {

inline constexpr std::size_t kAnswersWaitingMax = 65'536;

class AnswerQueue {
 public:
  explicit AnswerQueue(std::size_t waiting_max = kAnswersWaitingMax) : waiting_max_(waiting_max) {}

  /// `payload` is that of a kInject.
  void push(const channel::Answer& answer, std::string payload = {}) {
    if (answers_.size() >= waiting_max_) {
      overflowed_ = true;
      return;
    }
    answers_.push_back({answer, std::move(payload)});
  }

  /// Gives answers to `try_answer(answer, payload)` until it refuses one. True when none is left.
  template <typename TryAnswer>
  bool flush(TryAnswer&& try_answer) {
    while (!answers_.empty() && try_answer(answers_.front().answer, answers_.front().payload))
      answers_.pop_front();
    return answers_.empty();
  }

  [[nodiscard]] std::size_t waiting() const { return answers_.size(); }
  [[nodiscard]] bool overflowed() const { return overflowed_; }
  void clear() {
    answers_.clear();
    overflowed_ = false;
  }

 private:
  std::size_t waiting_max_;
  struct Waiting {
    channel::Answer answer;
    std::string payload;
  };
  std::deque<Waiting> answers_;
  bool overflowed_ = false;
};

}  // namespace weir::classifier
