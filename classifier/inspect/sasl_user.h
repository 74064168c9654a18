// SPDX-License-Identifier: Apache-2.0
// Who logs in, read off the client's side of a SASL dialog (RFC 4954, 9051, 5034) where the mechanism says it
// in clear text. Passwords and tokens are walked over and never kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::classifier {

inline constexpr std::size_t kMailUserBytesMax = 255;

class SaslDialog {
 public:
  /// `mechanism` is as the client named it.
  void begin(std::string_view mechanism);
  /// A response of the client, base64; the user's name if this one has it, else "".
  [[nodiscard]] std::string response(std::string_view base64);

 private:
  enum class Mechanism : std::uint8_t { kOther, kPlain, kLogin, kCramMd5, kOauth, kScram };
  Mechanism mechanism_ = Mechanism::kOther;
  bool first_ = true;
};

/// Overwrites `text` before it is let go.
void wipe(std::string& text);

}  // namespace weir::classifier
