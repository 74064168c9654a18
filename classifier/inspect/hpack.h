// SPDX-License-Identifier: Apache-2.0
// HPACK (RFC 7541) header blocks, decompressed as they arrive. The only includer of libnghttp2 is hpack.cc.
// It bounds what one block and one connection may cost; what the fields mean is the caller's affair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "policy/model/byte_reader.h"

struct nghttp2_hd_inflater;

namespace weir::classifier {

/// The dynamic table that a sender may use. Receivers advertise 4,096 (the default) to 65,536 (browsers); a
/// sender that uses more is an error here.
inline constexpr std::size_t kHpackTableBytesMax = 65'536;
/// Names and values of one block, decompressed, 32 bytes more for each field (RFC 9113 section 6.5.2).
inline constexpr std::size_t kHeaderListBytesMax = 131'072;

class Hpack {
 public:
  enum class State : std::uint8_t { kMore, kEnd, kError, kLimit };
  class Fields {
   public:
    virtual ~Fields() = default;
    virtual void on_field(std::string_view name, std::string_view value) = 0;
  };

  Hpack();
  /// The next piece of a block; `last`: it ends with it. kEnd only then.
  [[nodiscard]] State inflate(Bytes piece, bool last, Fields& fields);
  [[nodiscard]] std::size_t bytes_held() const;

 private:
  struct Free {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };
  std::unique_ptr<nghttp2_hd_inflater, Free> inflater_;
  std::size_t list_bytes_ = 0;
};

}  // namespace weir::classifier
