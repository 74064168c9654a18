// SPDX-License-Identifier: Apache-2.0
#include "classifier/stream/tcp_stream.h"

#include <algorithm>

namespace weir::classifier {

namespace {

/// True when the bytes that two pieces have in common differ.
bool differ(std::uint64_t a_offset, Bytes a, std::uint64_t b_offset, Bytes b) {
  const std::uint64_t from = std::max(a_offset, b_offset);
  const std::uint64_t to = std::min(a_offset + a.size(), b_offset + b.size());
  if (from >= to) return false;
  const Bytes left = a.subspan(from - a_offset, to - from);
  const Bytes right = b.subspan(from - b_offset, to - from);
  return !std::equal(left.begin(), left.end(), right.begin());
}

}  // namespace

Accepted TcpStream::add(std::uint32_t sequence, std::uint8_t tcp_flags, Bytes payload) {
  if ((tcp_flags & kTcpSyn) != 0) ++sequence;  // the SYN occupies one number
  if (!started_ || ((tcp_flags & kTcpSyn) != 0 && !accepted_any_)) start(sequence);

  std::uint64_t offset = position(sequence);
  const std::uint64_t end = offset + payload.size();
  if (contradicts_kept(offset, payload)) return Accepted::kConflict;
  if (contradicts_held(offset, payload)) return Accepted::kContradictsWaiting;
  if (!payload.empty()) {
    note_cut(offset);
    note_cut(end);
  }
  if (sealed_) {
    unseen_ |= end > next_;
    return Accepted::kInOrder;
  }
  const bool beyond = (offset > next_ && end > next_ + limits_.bytes_max) ||
                      (acknowledged_ != 0 && end > acknowledged_ + unacknowledged_max_);
  if (!payload.empty() && end > next_ && beyond) return ahead(payload.size());
  if ((tcp_flags & kTcpFin) != 0 && !fin_seen_) {
    fin_seen_ = true;
    fin_ = end;
  }
  if (end <= next_) return Accepted::kInOrder;

  if (offset < next_) {
    payload = payload.subspan(next_ - offset);
    offset = next_;
  }
  if (offset > next_) return hold(offset, payload);
  if (ready().size() + payload.size() > limits_.bytes_max) return Accepted::kLimit;
  append(payload);
  take_held();
  return Accepted::kInOrder;
}

void TcpStream::start(std::uint32_t first_byte_sequence) {
  started_ = true;
  next_sequence_ = first_byte_sequence;
  next_ = kStreamStart;
  acknowledged_ = 0;
}

void TcpStream::acknowledge(std::uint32_t sequence) {
  const auto distance = static_cast<std::int32_t>(sequence - next_sequence_);
  // Of bytes that were never seen: says nothing about those that were, unless nobody looks at bytes any more.
  acknowledged_unseen_ |= started_ && distance > 1;  // a FIN, too, has a number
  if (!started_ || (distance > 0 && !sealed_)) return;
  const std::uint64_t position = next_ + static_cast<std::uint64_t>(std::int64_t{std::min(distance, 0)});
  if (position <= acknowledged_) return;
  acknowledged_ = position;
  std::erase_if(before_skip_, [&](const Held& piece) {
    if (piece.end() > acknowledged_) return false;
    before_skip_bytes_ -= piece.bytes.size();
    return true;
  });
  if (sealed_ && acknowledged_ >= next_) release();
}

bool TcpStream::contradicts_kept(std::uint64_t offset, Bytes payload) const {
  if (offset < acknowledged_) {
    payload = payload.subspan(std::min<std::uint64_t>(acknowledged_ - offset, payload.size()));
    offset = acknowledged_;
  }
  if (payload.empty()) return false;
  if (offset < forgotten_end_ && offset + payload.size() > forgotten_from_) return true;
  const auto differs = [&](const Held& piece) {
    return differ(piece.offset, Bytes{piece.bytes}, offset, payload);
  };
  if (std::any_of(before_skip_.begin(), before_skip_.end(), differs)) return true;
  return differ(next_ - window_.size(), Bytes{window_}, offset, payload);
}

bool TcpStream::contradicts_held(std::uint64_t offset, Bytes payload) const {
  return std::any_of(held_.begin(), held_.end(), [&](const Held& piece) {
    return differ(piece.offset, Bytes{piece.bytes}, offset, payload);
  });
}

bool TcpStream::contradicts(std::uint32_t sequence, Bytes payload) const {
  if (!started_) return false;
  return contradicts_kept(position(sequence), payload) || contradicts_held(position(sequence), payload);
}

void TcpStream::note_cut(std::uint64_t offset) {
  const auto cut = static_cast<std::uint32_t>(offset - kStreamStart);
  const auto* const known = cut_.begin() + cuts_;
  if (cuts_ < kCutsMax && std::find(cut_.cbegin(), known, cut) == known) cut_[cuts_++] = cut;
}

void TcpStream::give_way(std::uint32_t sequence, Bytes payload) {
  const std::uint64_t from = position(sequence);
  const std::uint64_t to = from + payload.size();
  std::vector<Held> kept;
  held_bytes_ = 0;
  const auto keep = [&](const Held& piece, std::uint64_t begin, std::uint64_t end) {
    if (begin >= end) return;
    const Bytes part = Bytes{piece.bytes}.subspan(begin - piece.offset, end - begin);
    kept.push_back({begin, {part.begin(), part.end()}});
    held_bytes_ += part.size();
  };
  for (const Held& piece : held_) {
    keep(piece, piece.offset, std::min(piece.end(), from));
    keep(piece, std::max(piece.offset, to), piece.end());
  }
  held_ = std::move(kept);
}

Accepted TcpStream::ahead(std::size_t bytes) {
  ahead_bytes_ += bytes;
  return acknowledged_unseen_ || ahead_bytes_ > kAheadBytesMax ? Accepted::kLimit : Accepted::kAhead;
}

void TcpStream::append(Bytes bytes) {
  accepted_any_ = true;
  ahead_bytes_ = 0;
  window_.insert(window_.end(), bytes.begin(), bytes.end());
  next_ += bytes.size();
  next_sequence_ += static_cast<std::uint32_t>(bytes.size());
}

void TcpStream::take_held() {
  std::size_t taken = 0;
  for (; taken < held_.size() && held_[taken].offset <= next_; ++taken) {
    const Held& held = held_[taken];
    held_bytes_ -= held.bytes.size();
    if (held.end() > next_) append(Bytes{held.bytes}.subspan(next_ - held.offset));
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(taken));
}

Accepted TcpStream::hold(std::uint64_t offset, Bytes payload) {
  // The new parts are what lies between the pieces that are held already.
  std::vector<Held> fresh;
  std::size_t fresh_bytes = 0;
  const auto keep = [&](std::uint64_t from, std::uint64_t to) {
    if (from >= to) return;
    const Bytes part = payload.subspan(from - offset, to - from);
    fresh.push_back({from, {part.begin(), part.end()}});
    fresh_bytes += part.size();
  };
  const std::uint64_t end = offset + payload.size();
  std::uint64_t from = offset;
  for (const Held& held : held_) {
    if (held.end() <= from) continue;
    if (held.offset >= end) break;
    keep(from, held.offset);
    from = held.end();
  }
  keep(from, end);

  if (held_.size() + fresh.size() > limits_.segments_held_max) return ahead(payload.size());
  if (held_bytes_ + fresh_bytes > limits_.bytes_max) return ahead(payload.size());
  accepted_any_ = true;
  held_bytes_ += fresh_bytes;
  for (Held& piece : fresh) {
    const auto place = std::find_if(held_.begin(), held_.end(),
                                    [&](const Held& held) { return held.offset > piece.offset; });
    held_.insert(place, std::move(piece));
  }
  return Accepted::kWaiting;
}

void TcpStream::consume(std::size_t count) {
  ready_from_ += std::min(count, ready().size());
  trim();
}

/// Keeps of what was consumed the last kHistoryBytes and what its receiver may still lack.
void TcpStream::trim() {
  const std::uint64_t from = next_ - window_.size();
  const std::uint64_t consumed = from + ready_from_;
  std::uint64_t keep_from = consumed - std::min<std::uint64_t>(ready_from_, kHistoryBytes);
  const std::uint32_t most = acknowledged_ == 0 ? limits_.bytes_max : kUnacknowledgedBytesMax;
  if (acknowledged_ < keep_from)
    keep_from = std::max({acknowledged_, from, consumed - std::min<std::uint64_t>(ready_from_, most)});
  // Moving at every call would be quadratic.
  if (keep_from - from <= std::max<std::uint64_t>(kHistoryBytes, window_.size() / 2)) return;
  if (keep_from > acknowledged_) {
    if (forgotten_end_ != from) forgotten_from_ = from;
    forgotten_end_ = keep_from;
  }
  window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(keep_from - from));
  ready_from_ -= keep_from - from;
}

void TcpStream::seal() {
  sealed_ = true;
  held_ = {};
  held_bytes_ = 0;
  ready_from_ = window_.size();
  if (acknowledged_ >= next_) release();
}

void TcpStream::skip(std::uint64_t count) {
  if (acknowledged_ < next_ && !window_.empty()) {
    const std::uint64_t from = std::max(acknowledged_, next_ - window_.size());
    const Bytes lacking = Bytes{window_}.last(next_ - from);
    if (before_skip_bytes_ + lacking.size() > kUnacknowledgedBytesMax ||
        before_skip_.size() >= limits_.segments_held_max) {
      forgotten_from_ = before_skip_.empty() ? from : before_skip_.front().offset;
      forgotten_end_ = next_;
    } else {
      before_skip_.push_back({from, {lacking.begin(), lacking.end()}});
      before_skip_bytes_ += lacking.size();
    }
  }
  window_.clear();
  ready_from_ = 0;
  next_ += count;
  next_sequence_ += static_cast<std::uint32_t>(count);
  while (!held_.empty() && held_.front().end() <= next_) {
    held_bytes_ -= held_.front().bytes.size();
    held_.erase(held_.begin());
  }
  take_held();
}

void TcpStream::release() {
  window_ = {};
  ready_from_ = 0;
  held_ = {};
  held_bytes_ = 0;
  before_skip_ = {};
  before_skip_bytes_ = 0;
}

}  // namespace weir::classifier
