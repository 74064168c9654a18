// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/quic_crypto.h"

#include <algorithm>

namespace weir::classifier {

QuicCrypto::Added QuicCrypto::add(std::uint64_t offset, Bytes bytes, std::uint16_t packet) {
  if (offset > kQuicCryptoBytesMax || bytes.size() > kQuicCryptoBytesMax - offset) return Added::kLimit;
  const std::size_t end = offset + bytes.size();
  if (bytes_.size() < end) {
    bytes_.resize(end);
    brought_by_.resize(end, kNobody);
    if (two_readings()) second_.resize(end);
  }
  const auto contradicted = [&](std::size_t i) {
    return known(offset + i) && bytes_[offset + i] != bytes[i];
  };
  bool differs = false;
  for (std::size_t i = 0; i < bytes.size() && !differs; ++i) differs = contradicted(i);
  const bool touches = two_readings() && offset < place_end_ && end > place_;
  if (touches ? !fits_one(offset, bytes) : differs && (two_readings() || !begin_second(offset, bytes)))
    return Added::kConflict;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (known(offset + i)) continue;
    bytes_[offset + i] = bytes[i];
    if (two_readings()) second_[offset + i] = bytes[i];
    brought_by_[offset + i] = packet;
  }
  return Added::kOk;
}

/// The first frame that contradicts: from its first to its last byte that does is the place.
bool QuicCrypto::begin_second(std::size_t offset, Bytes bytes) {
  std::size_t from = offset + bytes.size();
  std::size_t to = 0;
  for (std::size_t at = offset; at < offset + bytes.size(); ++at) {
    if (!known(at) || bytes_[at] == bytes[at - offset]) continue;
    from = std::min(from, at);
    to = at + 1;
  }
  const auto begin = brought_by_.begin() + static_cast<std::ptrdiff_t>(from);
  const auto end = brought_by_.begin() + static_cast<std::ptrdiff_t>(to);
  // In pieces, or with a hole, a receiver could put a part of one copy and a part of the other together.
  if (std::any_of(begin, end,
                  [begin](std::uint16_t packet) { return packet == kNobody || packet != *begin; }))
    return false;
  second_ = bytes_;
  std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(from - offset),
            bytes.begin() + static_cast<std::ptrdiff_t>(to - offset),
            second_.begin() + static_cast<std::ptrdiff_t>(from));
  place_ = from;
  place_end_ = to;
  return true;
}

/// A frame that touches the place brings all of it, as one of the readings has it, and contradicts neither
/// elsewhere.
bool QuicCrypto::fits_one(std::size_t offset, Bytes bytes) const {
  if (offset > place_ || offset + bytes.size() < place_end_) return false;
  const auto fits = [&](const std::vector<std::uint8_t>& reading) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (known(offset + i) && reading[offset + i] != bytes[i]) return false;
    }
    return true;
  };
  return fits(bytes_) || fits(second_);
}

Bytes QuicCrypto::ready(std::size_t reading) {
  while (complete_ < bytes_.size() && known(complete_)) ++complete_;
  const Bytes all{reading == 0 ? bytes_ : second_};
  if (all.empty()) return all;
  return all.subspan(consumed_[reading], complete_ - consumed_[reading]);
}

}  // namespace weir::classifier
