// SPDX-License-Identifier: Apache-2.0
#include "policy/audit/pseudonym.h"

#include <algorithm>
#include <charconv>

#include "policy/audit/appliance_keys.h"
#include "policy/audit/signing.h"
#include "policy/model/ip_address.h"

namespace weir::policy {
namespace {

constexpr std::string_view kClient = "client-";
constexpr std::string_view kPerson = "person-";
constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz023456789";  // 32 that nobody confuses
constexpr std::size_t kWordLetters = 10;                                   // 50 bits
constexpr std::size_t kHashUsed = 13;                                      // hexadecimal digits: 52 bits
static_assert(kLetters.size() == 32);

/// Hardware addresses, as events write them.
bool is_mac(std::string_view text) {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool separator = i % 3 == 2;
    if (separator ? text[i] != ':'
                  : std::string_view{"0123456789abcdefABCDEF"}.find(text[i]) == std::string::npos)
      return false;
  }
  return true;
}

/// An address and how many bits of it count; a user can have a slash too, "anna/admin@EXAMPLE.COM".
bool is_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && IpAddress::parse(std::string{text.substr(0, slash)}).has_value();
}

bool names_nobody(std::string_view subject) {
  return subject.empty() || subject == "all" || subject.starts_with("group ") || subject.starts_with("(") ||
         is_network(subject) || is_pseudonym(subject);
}

}  // namespace

bool is_pseudonym(std::string_view word) {
  if (!word.starts_with(kClient) && !word.starts_with(kPerson)) return false;
  const std::string_view letters = word.substr(kClient.size());
  return letters.size() == kWordLetters &&
         std::ranges::all_of(letters, [](char c) { return kLetters.find(c) != std::string_view::npos; });
}

Result<Pseudonyms> Pseudonyms::open(const Settings& settings) {
  auto key = people_key(keys_folder(settings.state_directory));
  if (!key) return tl::unexpected(key.error());
  return Pseudonyms{std::move(*key)};
}

std::string Pseudonyms::of(std::string_view subject) const {
  if (names_nobody(subject)) return std::string{subject};
  const auto address = IpAddress::parse(std::string{subject});
  const std::string same = address ? address->to_string() : std::string{subject};  // however it was written
  const std::string hash = hash_of({"weir-person-1", same}, key_);
  std::string word{address || is_mac(subject) ? kClient : kPerson};
  std::uint64_t bits = 0;
  std::from_chars(hash.data(), hash.data() + kHashUsed, bits, 16);
  for (std::size_t i = 0; i < kWordLetters; ++i, bits >>= 5U) word.push_back(kLetters[bits & 31U]);
  return word;
}

std::string Pseudonyms::of_object(std::string_view object) const {
  const bool mail_address =
      object.find('@') != std::string_view::npos && object.find(' ') == std::string_view::npos;
  return mail_address ? of(object) : std::string{object};
}

}  // namespace weir::policy
