// SPDX-License-Identifier: Apache-2.0
// What people look for in an X.509 certificate (RFC 5280 section 4.1): whose it is, whose word that is, its
// DNS names and when it holds. A walk of our own over the DER, without allocation but for the texts that are
// found, without recursion, in one pass: OpenSSL's d2i builds the whole tree, decodes the key, and was where
// hostile certificates found its bugs. Nothing is verified.
#pragma once

#include <cstdint>
#include <memory>

#include "policy/model/byte_reader.h"
#include "policy/model/tls_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kCertificateTextBytesMax = 255;
inline constexpr std::size_t kCertificateNamesMax = 64;  // further names are left out
inline constexpr std::size_t kCertificateExtensionsMax = 64;
inline constexpr std::size_t kCertificateNamePartsMax = 32;  // relative names of a distinguished name

/// Null when the bytes are not a certificate's outer structure up to the subject. Broken extensions give no
/// names.
[[nodiscard]] std::shared_ptr<const TlsCertificate> read_certificate(Bytes der);

}  // namespace weir::classifier
