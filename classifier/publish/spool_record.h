// SPDX-License-Identifier: Apache-2.0
// One record of the spool, to and from bytes (the form is described in spool.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::classifier {

inline constexpr std::size_t kSpoolRecordHead = 12;  // bytes before those of the event

void append_record(std::string& to, std::string_view event, bool hit);
/// The event of the record that begins at `at`; nullopt: none does, or not all of it is there.
[[nodiscard]] std::optional<std::string_view> record_at(std::string_view bytes, std::size_t at);
/// The first place from `at` on where a record is, or could be of which the end is not there; the end of the
/// bytes where there is none. `whole`: nothing comes behind these bytes, so that a record is all there or
/// none.
[[nodiscard]] std::size_t find_record(std::string_view bytes, std::size_t at, bool whole);

}  // namespace weir::classifier
