// SPDX-License-Identifier: Apache-2.0
// An address that a list comes from: https, http (for a list whose SHA-256 is known), or a file of this
// machine. Users and passwords in it are refused: addresses are shown and logged.
#pragma once

#include <cstdint>
#include <string>

#include "policy/model/error.h"

namespace weir::policy {

inline constexpr std::size_t kListAddressBytesMax = 2'048;

struct ListAddress {
  enum class Scheme : std::uint8_t { kHttps, kHttp, kFile };
  Scheme scheme = Scheme::kHttps;
  std::string path;  // of a file
};

/// kInvalid, with what to write instead.
[[nodiscard]] Result<ListAddress> parse_list_address(const std::string& text);

}  // namespace weir::policy
