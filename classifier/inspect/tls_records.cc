// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/tls_records.h"

#include <algorithm>

namespace weir::classifier {

TlsRecords::Piece TlsRecords::next(Bytes bytes) {
  Piece piece;
  if (left_ > 0) {
    piece.consumed = std::min(left_, bytes.size());
    piece.type = type_;
    piece.body = bytes.first(piece.consumed);
    left_ -= piece.consumed;
    return piece;
  }
  while (piece.consumed < bytes.size() && header_have_ < header_.size()) {
    header_[header_have_++] = bytes[piece.consumed++];
  }
  if (header_have_ < header_.size()) return piece;
  header_have_ = 0;
  piece.broken = !begin();
  piece.type = type_;
  return piece;
}

bool TlsRecords::begin() {
  ByteReader reader{Bytes{header_}};
  const std::uint8_t type = reader.u8();
  const std::uint8_t major = reader.u8();
  reader.skip(1);
  left_ = reader.u16();
  if (type < static_cast<std::uint8_t>(TlsRecordType::kChangeCipherSpec) ||
      type > static_cast<std::uint8_t>(TlsRecordType::kData) || major != 3) {
    return false;
  }
  type_ = static_cast<TlsRecordType>(type);
  if (left_ > (type_ == TlsRecordType::kHandshake ? kTlsRecordBytesMax : kTlsProtectedBytesMax)) return false;
  empty_ = left_ == 0 ? empty_ + 1 : 0;
  return empty_ <= kEmptyRecordsMax;
}

}  // namespace weir::classifier
