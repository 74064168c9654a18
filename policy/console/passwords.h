// SPDX-License-Identifier: Apache-2.0
// Which passwords are taken: by their length, and by what is left of them without what guessers try first.
// No rule asks for digits or signs, and none expires.
#pragma once

#include <string>
#include <string_view>

namespace weir::console {

/// Characters that a guesser cannot know: without the account's and the appliance's name, common words, and
/// runs (aaaa, 1234, qwerty).
inline constexpr std::size_t kUnguessableMin = 6;
[[nodiscard]] std::string without_guessable(std::string_view password, std::string_view account,
                                            std::string_view appliance);
/// Empty: it is taken; else why not.
[[nodiscard]] std::string wrong_with_password(std::string_view password, std::string_view account,
                                              std::string_view appliance);

}  // namespace weir::console
