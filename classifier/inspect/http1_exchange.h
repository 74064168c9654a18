// SPDX-License-Identifier: Apache-2.0
// What the two directions of one HTTP/1 connection tell each other: which replies are still to come.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace weir::classifier {

/// Requests without a reply yet. More only means that replies are no longer followed.
inline constexpr std::size_t kRepliesPendingMax = 64;
/// Head of a request or reply (start line, fields), also of a trailer section.
inline constexpr std::size_t kHttpHeadBytesMax = 65'536;

enum class Upgrade : std::uint8_t { kNone, kOther, kHttp2 };

/// What a field Upgrade asks for or agrees to.
[[nodiscard]] Upgrade upgrade_of(std::string_view field_value);

struct PendingReply {
  bool head = false;     // a reply to HEAD has no body
  bool connect = false;  // 2xx opens a tunnel
  Upgrade upgrade = Upgrade::kNone;
};

class Http1Exchange {
 public:
  void push(PendingReply reply) {
    if (count_ == ring_.size()) {
      lost_ = true;
      return;
    }
    ring_[(first_ + count_++) % ring_.size()] = reply;
  }
  [[nodiscard]] PendingReply front() const { return count_ > 0 ? ring_[first_] : PendingReply{}; }
  void pop() {
    if (count_ == 0) return;
    first_ = (first_ + 1) % ring_.size();
    --count_;
  }
  /// The one reply that is still to come is to a request that was just read.
  [[nodiscard]] bool one_pending() const { return count_ == 1 && !lost_; }
  /// The reply to a CONNECT was no: HTTP goes on.
  void refuse_tunnel() { refused_ = true; }
  [[nodiscard]] bool take_refusal() { return std::exchange(refused_, false); }
  /// Replies cannot be told apart any more.
  void lose() { lost_ = true; }
  [[nodiscard]] bool lost() const { return lost_; }

 private:
  std::array<PendingReply, kRepliesPendingMax> ring_{};
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  bool lost_ = false;
  bool refused_ = false;
};

}  // namespace weir::classifier
