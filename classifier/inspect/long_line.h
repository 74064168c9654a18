// SPDX-License-Identifier: Apache-2.0
// Collects one line at a time, of any length: of a long one the beginning and the end are kept.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

inline constexpr std::size_t kLongLineHeadBytes = 2'048;
inline constexpr std::size_t kLongLineTailBytes = 512;

class LongLine {
 public:
  /// Takes bytes from `at` on (advanced) up to and including a LF; true when the line is whole. It stays
  /// until the next call.
  [[nodiscard]] bool read(Bytes bytes, std::size_t& at);
  /// Without its line end; of a long line both ends, joined.
  [[nodiscard]] std::string_view line() const { return line_; }
  /// Overwrites the line: it was a secret.
  void wipe();
  [[nodiscard]] std::size_t bytes_held() const { return line_.size(); }

 private:
  std::string line_;
  bool whole_ = false;
};

}  // namespace weir::classifier
