// SPDX-License-Identifier: Apache-2.0
// Texts of events come from the wire. What every encoder needs to write them: characters instead of bytes,
// whatever the bytes are, within a length; and times as words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "policy/model/time.h"

namespace weir::output {

inline constexpr char32_t kReplacement = 0xFFFD;  // for what is no UTF-8
inline constexpr std::size_t kTextBytesMax =
    2'048;  // of one text of an event in a record; the rest is cut off

/// Takes one character off the front of a text that is not empty; kReplacement for each byte that belongs to
/// none (RFC 3629: overlong, surrogates, beyond U+10FFFF, cut).
[[nodiscard]] char32_t take_character(std::string_view& text);
void append_character(std::string& out, char32_t character);
/// C0, DEL, C1 and the two line separators of Unicode: what ends a line, or steers a terminal.
[[nodiscard]] bool is_control(char32_t character);
/// At most kTextBytesMax bytes of it, never half a character.
[[nodiscard]] std::string_view cut(std::string_view text);
/// `text`, cut, each control character and each byte that is no UTF-8 as U+FFFD.
[[nodiscard]] std::string printable(std::string_view text);

/// ASCII letters in lower case.
[[nodiscard]] std::string lower(std::string text);

/// A time of an event, which decode_event has checked.
[[nodiscard]] constexpr TimeNs time_of(std::uint64_t ns) { return static_cast<TimeNs>(ns); }
/// 2026-11-28T09:15:00.000001Z (RFC 3339, RFC 5424).
[[nodiscard]] std::string rfc3339(TimeNs time);
/// 2026-11-28T09:15:00.000001+0000, as Suricata writes it.
[[nodiscard]] std::string eve_time(TimeNs time);
/// 2026-11-28T09:15:00.
[[nodiscard]] std::string whole_seconds(TimeNs time);

}  // namespace weir::output
