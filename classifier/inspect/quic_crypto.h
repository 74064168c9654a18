// SPDX-License-Identifier: Apache-2.0
// The CRYPTO stream of one direction (RFC 9000 section 19.6): pieces in any order, put together from its
// start. Receivers differ in which of two copies of a byte they believe, and may have missed either packet:
// one place may come twice with different content, and is then read in both ways. What keeps it at two
// readings: each packet that touches the place brings all of it, in one of the two. Anything else that
// contradicts is a conflict.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

/// Of the hellos in CRYPTO frames; more is undecidable.
inline constexpr std::size_t kQuicCryptoBytesMax = 16'384;

class QuicCrypto {
 public:
  enum class Added : std::uint8_t { kOk, kConflict, kLimit };
  static constexpr std::size_t kReadings = 2;

  /// One frame's data; `packet` (below 65,535) tells which frames arrive together.
  [[nodiscard]] Added add(std::uint64_t offset, Bytes bytes, std::uint16_t packet = 0);
  [[nodiscard]] bool two_readings() const { return !second_.empty(); }
  /// What follows without a gap and was not consumed; of the second reading nothing while there is none.
  [[nodiscard]] Bytes ready(std::size_t reading = 0);
  void consume(std::size_t count, std::size_t reading = 0) { consumed_[reading] += count; }
  [[nodiscard]] std::size_t bytes_held() const { return bytes_.size() + second_.size(); }

 private:
  [[nodiscard]] bool known(std::size_t at) const { return brought_by_[at] != kNobody; }
  [[nodiscard]] bool begin_second(std::size_t offset, Bytes bytes);
  [[nodiscard]] bool fits_one(std::size_t offset, Bytes bytes) const;

  static constexpr std::uint16_t kNobody = 65'535;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint8_t> second_;  // the same with the other content of the place
  std::vector<std::uint16_t> brought_by_;
  std::size_t place_ = 0;
  std::size_t place_end_ = 0;
  std::size_t complete_ = 0;  // without a gap from the start
  std::array<std::size_t, kReadings> consumed_{};
};

}  // namespace weir::classifier
