// SPDX-License-Identifier: Apache-2.0
// The part of TcpStream that looks at a second copy of bytes which were accepted already.
#include <algorithm>

#include "classifier/stream/tcp_stream.h"

namespace weir::classifier {

bool TcpStream::whole() const {
  if (!started_) return true;
  return next_ - window_.size() == kStreamStart && before_skip_.empty() && forgotten_end_ == 0 && !unseen_;
}

std::optional<Difference> TcpStream::difference(std::uint32_t sequence, Bytes payload) const {
  if (!started_ || !whole() || cuts_ == kCutsMax) return std::nullopt;
  const std::uint64_t offset = position(sequence);
  if (contradicts_held(offset, payload)) return std::nullopt;
  const std::uint64_t begin = std::max({offset, acknowledged_, kStreamStart});
  const std::uint64_t end = std::min(offset + payload.size(), next_);
  if (begin >= end) return std::nullopt;
  const Bytes ours = Bytes{window_}.subspan(begin - kStreamStart, end - begin);
  const Bytes theirs = payload.subspan(begin - offset, end - begin);
  const auto first =
      static_cast<std::size_t>(std::mismatch(ours.begin(), ours.end(), theirs.begin()).first - ours.begin());
  const auto behind = static_cast<std::size_t>(
      std::mismatch(ours.rbegin(), ours.rend(), theirs.rbegin()).first - ours.rbegin());
  if (first == ours.size()) return std::nullopt;
  const std::uint64_t from = begin + first - kStreamStart;
  const std::uint64_t to = end - behind - kStreamStart;
  // With an end of a segment within, a receiver could put a part of one copy and a part of the other
  // together.
  const bool cut =
      std::any_of(cut_.begin(), cut_.begin() + cuts_, [&](std::uint32_t at) { return from < at && at < to; });
  if (cut) return std::nullopt;
  return Difference{.at = begin + first - offset, .bytes = to - from};
}

TcpStream TcpStream::variant(std::uint32_t sequence, Bytes bytes) const {
  TcpStream other = *this;
  const std::size_t at = position(sequence) - kStreamStart;
  if (!bytes.empty() && at + bytes.size() <= window_.size())
    std::copy(bytes.begin(), bytes.end(), other.window_.begin() + static_cast<std::ptrdiff_t>(at));
  other.ready_from_ = 0;
  other.sealed_ = false;
  return other;
}

Bytes TcpStream::assembled(std::uint32_t sequence, std::size_t count) const {
  const std::uint64_t from = position(sequence) - (next_ - window_.size());
  if (from > window_.size() || window_.size() - from < count) return {};
  return Bytes{window_}.subspan(from, count);
}

}  // namespace weir::classifier
