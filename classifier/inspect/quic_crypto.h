// SPDX-License-Identifier: Apache-2.0
// The CRYPTO stream of one direction (RFC 9000 section 19.6): pieces in any order, put together from its
// start.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

/// Of the hellos in CRYPTO frames; more is undecidable.
inline constexpr std::size_t kQuicCryptoBytesMax = 16'384;

class QuicCrypto {
 public:
  enum class Added : std::uint8_t { kOk, kConflict, kLimit };
  /// One frame's data. A copy with other content is a conflict: receivers differ in which they believe.
  [[nodiscard]] Added add(std::uint64_t offset, Bytes bytes);
  /// What follows without a gap and was not consumed.
  [[nodiscard]] Bytes ready();
  void consume(std::size_t count) { consumed_ += count; }
  [[nodiscard]] std::size_t bytes_held() const { return bytes_.size(); }

 private:
  std::vector<std::uint8_t> bytes_;
  std::vector<bool> have_;
  std::size_t complete_ = 0;  // without a gap from the start
  std::size_t consumed_ = 0;
};

}  // namespace weir::classifier
