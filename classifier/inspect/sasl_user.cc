// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/sasl_user.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "classifier/inspect/mime_decoder.h"
#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

/// Behind `start`, up to one of `ends`.
std::string_view between(std::string_view text, std::string_view start, std::string_view ends) {
  const std::size_t at = text.find(start);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + start.size());
  return text.substr(0, text.find_first_of(ends));
}

}  // namespace

void wipe(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

void SaslDialog::begin(std::string_view mechanism) {
  first_ = true;
  const auto is = [&](std::string_view name) { return starts_ignoring_case(mechanism, name); };
  mechanism_ = is("PLAIN")                          ? Mechanism::kPlain
               : is("LOGIN")                        ? Mechanism::kLogin
               : is("CRAM-MD5")                     ? Mechanism::kCramMd5
               : is("XOAUTH2") || is("OAUTHBEARER") ? Mechanism::kOauth
               : is("SCRAM-")                       ? Mechanism::kScram
                                                    : Mechanism::kOther;
}

std::string SaslDialog::response(std::string_view base64) {
  if (!first_ || mechanism_ == Mechanism::kOther || trim(base64) == "=" || trim(base64) == "*") return {};
  std::string clear = decode_base64(base64);
  std::string_view user;
  const std::string_view text = clear;
  switch (mechanism_) {
    case Mechanism::kOther:
      break;
    case Mechanism::kPlain:  // RFC 4616: authorisation identity, NUL, user, NUL, password
      if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
        user = text.substr(nul + 1);
        user =
            user.find('\0') == std::string_view::npos ? std::string_view{} : user.substr(0, user.find('\0'));
      }
      break;
    case Mechanism::kLogin:
      user = text;
      break;
    case Mechanism::kCramMd5:  // RFC 2195: user, blank, digest
      if (text.rfind(' ') != std::string_view::npos) user = text.substr(0, text.rfind(' '));
      break;
    case Mechanism::kOauth:
      user =
          between(text, text.starts_with("user=") ? "user=" : "a=", text.starts_with("user=") ? "\x01" : ",");
      break;
    case Mechanism::kScram:  // RFC 5802
      user = between(text, ",n=", ",");
      break;
  }
  first_ = false;
  std::string shown = printable(user, kMailUserBytesMax);
  wipe(clear);
  return shown;
}

}  // namespace weir::classifier
