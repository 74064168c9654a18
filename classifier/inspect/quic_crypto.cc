// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/quic_crypto.h"

namespace weir::classifier {

QuicCrypto::Added QuicCrypto::add(std::uint64_t offset, Bytes bytes) {
  if (offset > kQuicCryptoBytesMax || bytes.size() > kQuicCryptoBytesMax - offset) return Added::kLimit;
  const std::size_t end = offset + bytes.size();
  if (bytes_.size() < end) {
    bytes_.resize(end);
    have_.resize(end);
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (have_[offset + i] && bytes_[offset + i] != bytes[i]) return Added::kConflict;
    bytes_[offset + i] = bytes[i];
    have_[offset + i] = true;
  }
  return Added::kOk;
}

Bytes QuicCrypto::ready() {
  while (complete_ < have_.size() && have_[complete_]) ++complete_;
  return Bytes{bytes_}.subspan(consumed_, complete_ - consumed_);
}

}  // namespace weir::classifier
