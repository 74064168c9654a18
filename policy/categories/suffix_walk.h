// SPDX-License-Identifier: Apache-2.0
// The suffixes of a host name that begin at a label, from the last label to the whole name, each with a
// 64-bit hash that continues that of the shorter one. Part of the category file's format: another hash is
// another version of it. A step folds the label with one multiplication to 128 bits (as wyhash does), and has
// no branch that depends on where the dots are, as long as the last label is shorter than 8 bytes and the
// others than 16.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir::policy {

class SuffixWalk {
 public:
  SuffixWalk() = default;
  explicit SuffixWalk(std::string_view name) : name_(name), begin_(name.size() + 1), head_(head_of(name)) {}

  /// Goes on to the next longer suffix; false when there is none.
  bool next() noexcept {
    if (begin_ == 0) return false;
    std::size_t end = begin_ - 1;  // of the label: the dot behind it, or the name's end
    for (;;) {
      const Wide bytes = sixteen_before(end);
      const auto low = static_cast<std::uint64_t>(bytes);
      const auto high = static_cast<std::uint64_t>(bytes >> 64U);
      const std::uint64_t dots_low = dots_in(low);
      const std::uint64_t dots_high = dots_in(high);
      if ((dots_low | dots_high) != 0) {
        const int bits = dots_high != 0 ? std::countl_zero(dots_high) : 64 + std::countl_zero(dots_low);
        const auto own = static_cast<unsigned>(bits) / 8;  // bytes of the label in these
        add(bytes >> 1U >> (127 - 8 * own));
        begin_ = end - own;
        return true;
      }
      add(bytes);
      end -= 16;
    }
  }

  [[nodiscard]] std::uint64_t hash() const { return state_; }
  [[nodiscard]] std::string_view suffix() const { return name_.substr(begin_); }
  [[nodiscard]] bool is_whole() const { return begin_ == 0; }

 private:
  static_assert(std::endian::native == std::endian::little, "the first byte is the lowest");
  static constexpr std::uint64_t kSeed = 0x243f'6a88'85a3'08d3U;  // digits of pi, which hide nothing
  static constexpr std::uint64_t kStep = 0x1319'8a2e'0370'7345U;
  static constexpr std::uint64_t kDots = 0x2e2e'2e2e'2e2e'2e2eU;
  static constexpr std::uint64_t kLow7 = 0x7f7f'7f7f'7f7f'7f7fU;

  __extension__ using Wide = unsigned __int128;

  void add(Wide bytes) {
    const Wide product = static_cast<Wide>(state_ ^ static_cast<std::uint64_t>(bytes)) *
                         (kStep ^ static_cast<std::uint64_t>(bytes >> 64U));
    state_ = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }
  /// The top bit of each byte that is a dot.
  static std::uint64_t dots_in(std::uint64_t bytes) {
    const std::uint64_t zero_where_dot = bytes ^ kDots;
    return ~(((zero_where_dot & kLow7) + kLow7) | zero_where_dot | kLow7);
  }
  static Wide load16(const char* from) {
    Wide bytes = 0;
    std::memcpy(&bytes, from, 16);
    return bytes;
  }
  /// The first sixteen bytes of a name, zero behind its end.
  static Wide head_of(std::string_view name) {
    if (name.size() >= 16) return load16(name.data());
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (name.size() >= 8) {  // two words that overlap and agree where they do
      std::memcpy(&first, name.data(), 8);
      std::memcpy(&last, name.data() + name.size() - 8, 8);
      return static_cast<Wide>(last) << (8 * (name.size() - 8)) | first;
    }
    for (std::size_t i = name.size(); i-- > 0;) first = first << 8U | static_cast<unsigned char>(name[i]);
    return first;
  }
  /// The sixteen bytes before `end`; before the name's begin there are dots.
  [[nodiscard]] Wide sixteen_before(std::size_t end) const {
    constexpr Wide kAllDots = static_cast<Wide>(kDots) << 64U | kDots;
    if (end >= 16) return load16(name_.data() + end - 16);
    if (end == 0) return kAllDots;
    const auto shift = static_cast<unsigned>(8 * end);
    return head_ << (128 - shift) | kAllDots >> shift;
  }

  std::string_view name_;
  std::size_t begin_ = 0;  // of the suffix; behind the name before the first step
  Wide head_ = 0;
  std::uint64_t state_ = kSeed;
};

}  // namespace weir::policy
