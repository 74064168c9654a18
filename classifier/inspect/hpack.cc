// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/hpack.h"

#include <nghttp2/nghttp2.h>

namespace weir::classifier {

namespace {

constexpr std::size_t kFieldOverheadBytes = 32;

std::string_view text_of(const std::uint8_t* bytes, std::size_t count) { return as_text({bytes, count}); }

}  // namespace

void Hpack::Free::operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }

Hpack::Hpack() {
  nghttp2_hd_inflater* made = nullptr;
  if (nghttp2_hd_inflate_new(&made) != 0) return;
  inflater_.reset(made);
  // The table begins at 4,096 bytes; a sender that may use more says so in a block, up to this.
  if (nghttp2_hd_inflate_change_table_size(made, kHpackTableBytesMax) != 0) inflater_.reset();
}

Hpack::State Hpack::inflate(Bytes piece, bool last, Fields& fields) {
  if (!inflater_) return State::kError;
  while (true) {
    nghttp2_nv field;
    int flags = 0;
    const auto used =
        nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, piece.data(), piece.size(), last ? 1 : 0);
    if (used < 0) return State::kError;
    piece = piece.subspan(static_cast<std::size_t>(used));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      list_bytes_ += field.namelen + field.valuelen + kFieldOverheadBytes;
      if (list_bytes_ > kHeaderListBytesMax) return State::kLimit;
      fields.on_field(text_of(field.name, field.namelen), text_of(field.value, field.valuelen));
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
      nghttp2_hd_inflate_end_headers(inflater_.get());
      list_bytes_ = 0;
      return State::kEnd;
    }
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && piece.empty()) return last ? State::kError : State::kMore;
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && used == 0) return State::kError;  // it cannot go on
  }
}

std::size_t Hpack::bytes_held() const {
  return inflater_ ? nghttp2_hd_inflate_get_dynamic_table_size(inflater_.get()) : 0;
}

}  // namespace weir::classifier
