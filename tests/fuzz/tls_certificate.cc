// SPDX-License-Identifier: Apache-2.0
// One certificate in DER.
#include "classifier/inspect/tls_certificate.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::classifier::kCertificateTextBytesMax;
  const auto found = weir::classifier::read_certificate({data, size});
  if (found == nullptr) return 0;
  if (found->names.size() > weir::classifier::kCertificateNamesMax) std::abort();
  if (found->subject.size() > kCertificateTextBytesMax || found->issuer.size() > kCertificateTextBytesMax)
    std::abort();
  for (const auto& name : found->names) {
    if (name.size() > kCertificateTextBytesMax) std::abort();
  }
  return 0;
}
