// SPDX-License-Identifier: Apache-2.0
// Bytes of a fact, from and to. They come from the engine alone (Redis's ACL), and are checked nevertheless.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "policy/model/error.h"
#include "policy/model/quota.h"

namespace weir::policy {

inline constexpr std::size_t kFactBytesMax = 1'024;       // of an entry
inline constexpr std::size_t kFactRuleBytesMax = 64;      // as names in a policy
inline constexpr std::size_t kFactSubjectBytesMax = 512;  // what is longer has no quota of its own

/// Neither is empty, longer than its limit, or has control bytes.
[[nodiscard]] bool is_fact_key(std::string_view rule, std::string_view subject);
/// kCorrupt with the reason in words. What it lets through has such a key, amounts of at most kQuotaAmountMax
/// and a period that ends.
[[nodiscard]] Result<QuotaFact> decode_fact(std::string_view payload);
[[nodiscard]] std::string encode_fact(const QuotaFact& fact);

}  // namespace weir::policy
