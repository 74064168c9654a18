// SPDX-License-Identifier: Apache-2.0
// An archive in the ustar format (POSIX.1-1988) of which every byte follows from the names and contents of
// its files: no times, no owners, nothing compressed. So a reader that knows what has to be there can say of
// each byte whose it is; any tar unpacks it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::evidence {

inline constexpr std::size_t kTarBlock = 512;
inline constexpr std::size_t kTarNameMax = 100;

/// Letters, digits, '.', '_', '-' and '/' between them, no part of it "." or "..", at most kTarNameMax bytes.
[[nodiscard]] bool is_tar_name(std::string_view name);
/// One block.
[[nodiscard]] std::string tar_header(std::string_view name, std::size_t bytes);
/// Zeros from the end of a file of this size to the next block.
[[nodiscard]] std::size_t tar_padding(std::size_t bytes);
/// After the last file.
[[nodiscard]] std::string tar_end();
/// Of a header that is as tar_header makes it; SIZE_MAX: it is not, whatever its name.
[[nodiscard]] std::size_t bytes_in_header(std::string_view header, std::string_view name);

}  // namespace weir::evidence
