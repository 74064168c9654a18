// SPDX-License-Identifier: Apache-2.0
#include "policy/audit/appliance_keys.h"

#include <fmt/format.h>

#include "policy/audit/private_file.h"

namespace weir::policy {
namespace {

constexpr std::size_t kSecretBytes = 32;

/// 64 hexadecimal digits.
Result<std::string> secret(const std::string& path) {
  auto text = read_private(path);
  if (!text && text.error().code == ErrorCode::kNotFound) {
    const auto made = make_private(path, hex(random_bytes(kSecretBytes)));  // or another process just did
    if (!made) return tl::unexpected(made.error());
    text = read_private(path);
  }
  if (text && text->size() != 2 * kSecretBytes)
    return failure(ErrorCode::kCorrupt, fmt::format("{} is damaged", path));
  return text;
}

}  // namespace

std::string keys_folder(const std::string& state_directory) { return state_directory + "/keys"; }

Result<SigningKey> signing_key(const std::string& folder) {
  const auto seed = secret(folder + "/sign.key");
  if (!seed) return tl::unexpected(seed.error());
  auto key = SigningKey::from_seed(*seed);
  if (!key) return key;
  const auto made = make_private(folder + "/sign.pub", key->public_key());
  if (!made) return tl::unexpected(made.error());
  return key;
}

Result<std::string> people_key(const std::string& folder) {
  const auto text = secret(folder + "/people.key");
  if (!text) return tl::unexpected(text.error());
  auto bytes = from_hex(*text);
  if (!bytes) return failure(ErrorCode::kCorrupt, folder + "/people.key is damaged");
  return std::move(*bytes);
}

}  // namespace weir::policy
