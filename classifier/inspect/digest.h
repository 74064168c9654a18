// SPDX-License-Identifier: Apache-2.0
// Digests that fingerprints are made of (JA3, JA4, HASSH, attachments). Not for secrets. The algorithms are
// fetched once: OpenSSL 3 looks them up at every one-shot call, which costs more than the digest of a short
// text. Allowed inside the sandbox: no configuration file is read.
//
// Threads: any; each has its own state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::classifier {

/// RFC 1321, 32 lower-case hex digits. Empty when OpenSSL has no MD5.
[[nodiscard]] std::string md5_hex(std::string_view text);
/// FIPS 180-4 SHA-256, the first `digits` (at most 64) lower-case hex digits.
[[nodiscard]] std::string sha256_hex(std::string_view text, std::size_t digits = 64);

}  // namespace weir::classifier
