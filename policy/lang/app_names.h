// SPDX-License-Identifier: Apache-2.0
// The applications that a policy may name: those of nDPI 4.2 as it spells them, and Weir's own words for
// encrypted DNS. A list of words, not a use of nDPI: a policy with a mistyped application must not compile.
#pragma once

#include <span>
#include <string_view>

namespace weir::policy {

/// nDPI's spelling ("BitTorrent"), sorted without regard to case.
[[nodiscard]] std::span<const std::string_view> app_names();
/// ASCII letters compared without regard to case.
[[nodiscard]] bool same_word(std::string_view a, std::string_view b) noexcept;
/// nDPI's spelling of `written`, empty when it has no such application.
[[nodiscard]] std::string_view app_name(std::string_view written);

}  // namespace weir::policy
