// SPDX-License-Identifier: Apache-2.0
// TLS records of one direction (RFC 8446 section 5.1), cut out of stream pieces of any size. Keeps five
// bytes; knows nothing of what the records carry.
#pragma once

#include <array>
#include <cstdint>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

/// A plaintext record carries at most 2^14 bytes, a protected one 2,048 more (RFC 5246 section 6.2.3).
inline constexpr std::size_t kTlsRecordBytesMax = 16'384;
inline constexpr std::size_t kTlsProtectedBytesMax = kTlsRecordBytesMax + 2'048;
/// Empty records in a row that OpenSSL still accepts.
inline constexpr unsigned kEmptyRecordsMax = 32;

enum class TlsRecordType : std::uint8_t { kChangeCipherSpec = 20, kAlert = 21, kHandshake = 22, kData = 23 };

class TlsRecords {
 public:
  struct Piece {
    std::size_t consumed = 0;
    TlsRecordType type{};
    Bytes body;           // of a record of this type; empty: only header bytes were read
    bool broken = false;  // no record of TLS, too long, or too many empty ones
  };
  /// Header bytes, or the next piece of a record's body. `bytes` is not empty.
  [[nodiscard]] Piece next(Bytes bytes);
  /// Gives `count` bytes of the last piece back: the caller stopped before its end.
  void put_back(std::size_t count) { left_ += count; }

 private:
  [[nodiscard]] bool begin();

  std::array<std::uint8_t, 5> header_{};
  std::size_t header_have_ = 0;
  std::size_t left_ = 0;  // of the record's body
  TlsRecordType type_{};
  unsigned empty_ = 0;
};

}  // namespace weir::classifier
