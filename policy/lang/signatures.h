// SPDX-License-Identifier: Apache-2.0
// The operator's own signatures: which flows are an application that nobody else knows. A person edits the
// file (/etc/weir/classifier/signatures.yaml); the classifier names flows by it (classifier/software), the
// policy names such an application `custom:NAME`. It does not look at flows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/lang/policy.h"
#include "policy/model/error.h"
#include "policy/model/ip_address.h"

namespace weir::policy {

inline constexpr std::size_t kSignaturesMax = 1'000;
inline constexpr std::size_t kSignatureValuesMax = 64;  // of one key of one signature
inline constexpr std::size_t kSignaturePatternBytesMax = 256;
inline constexpr std::string_view kCustomApp = "custom:";

/// All keys that are given must hold, of each key one value.
struct Signature {
  std::string app;                      // "custom:erp"
  std::uint8_t protocol = 0;            // kProtocolTcp, kProtocolUdp, 0: either
  std::vector<PortRange> ports{};       // of the responder
  std::vector<Subnet> addresses{};      // of the responder
  std::vector<std::string> hosts{};     // canonical; "*.x.example" is only what is below
  std::vector<std::string> patterns{};  // what either end says first; `*` is anything, \xNN a byte
};

/// All mistakes at once, each with its place. At most 1 MiB of text.
[[nodiscard]] ResultAll<std::vector<Signature>> parse_signatures(std::string_view text,
                                                                 const std::string& file);
[[nodiscard]] ResultAll<std::vector<Signature>> load_signatures(const std::string& path);

}  // namespace weir::policy
