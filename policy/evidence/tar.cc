// SPDX-License-Identifier: Apache-2.0
#include "policy/evidence/tar.h"

#include <fmt/format.h>

#include <cstdint>

namespace weir::evidence {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
constexpr std::size_t kSizeAt = 124;
constexpr std::size_t kSizeDigits = 11;
constexpr std::size_t kChecksumAt = 148;

}  // namespace

bool is_tar_name(std::string_view name) {
  if (name.empty() || name.size() > kTarNameMax) return false;
  while (true) {
    const std::size_t end = name.find('/');
    const std::string_view part = name.substr(0, end);
    if (part.empty() || part == "." || part == ".." ||
        part.find_first_not_of(kLetters) != std::string_view::npos) {
      return false;
    }
    if (end == std::string_view::npos) return true;
    name.remove_prefix(end + 1);
  }
}

std::string tar_header(std::string_view name, std::size_t bytes) {
  std::string block(kTarBlock, '\0');
  const auto put = [&block](std::size_t at, std::string_view text) { block.replace(at, text.size(), text); };
  put(0, name);
  put(100, "0000600");  // mode
  put(108, "0000000");  // user
  put(116, "0000000");  // group
  put(kSizeAt, fmt::format("{:011o}", bytes));
  put(136, "00000000000");  // time
  put(kChecksumAt, "        ");
  put(156, "0");  // a regular file
  put(257, std::string_view{"ustar\0"
                            "00",
                            8});
  put(329, "0000000");  // device
  put(337, "0000000");
  std::uint32_t sum = 0;
  for (const char byte : block) sum += static_cast<unsigned char>(byte);
  put(kChecksumAt, fmt::format("{:06o}", sum));
  block[kChecksumAt + 6] = '\0';
  return block;
}

std::size_t tar_padding(std::size_t bytes) { return (kTarBlock - bytes % kTarBlock) % kTarBlock; }

std::string tar_end() { return std::string(2 * kTarBlock, '\0'); }

std::size_t bytes_in_header(std::string_view header, std::string_view name) {
  if (header.size() != kTarBlock) return SIZE_MAX;
  std::size_t bytes = 0;
  for (const char digit : header.substr(kSizeAt, kSizeDigits)) {
    if (digit < '0' || digit > '7') return SIZE_MAX;
    bytes = bytes * 8 + static_cast<std::size_t>(digit - '0');
  }
  return tar_header(name, bytes) == header ? bytes : SIZE_MAX;
}

}  // namespace weir::evidence
