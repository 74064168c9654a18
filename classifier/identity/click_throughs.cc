// SPDX-License-Identifier: Apache-2.0
#include "classifier/identity/click_throughs.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>

namespace weir::classifier {
namespace {

constexpr std::size_t kSecondDigits = 8;
constexpr std::size_t kMacBytes = 16;  // of the 32 of HMAC-SHA256
constexpr std::size_t kTokenBytes = kSecondDigits + 2 * kMacBytes;

}  // namespace

/// Draws the key and fetches the algorithm, while a process that will be sandboxed still may.
ClickThroughs::ClickThroughs(ClickLimits limits) : limits_(limits), clients_(limits.clients_max) {
  static_cast<void>(hash_seed());
  static_cast<void>(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr));
  has_key_ = RAND_bytes(key_.data(), static_cast<int>(key_.size())) == 1;
  static_cast<void>(token_of({}, {}, {}, 0));
}

std::string ClickThroughs::token_of(ClientId client, std::string_view rule, std::string_view path,
                                    std::uint32_t second) const {
  if (!has_key_) return {};
  // A rule's name has no blank.
  const std::string said = fmt::format("{} {} {} {}", static_cast<std::uint64_t>(client), second, rule, path);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  const auto* const bytes = reinterpret_cast<const unsigned char*>(said.data());
  if (HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), bytes, said.size(), mac.data(),
           nullptr) == nullptr) {
    return {};
  }
  std::string token = fmt::format("{:08x}", second);
  for (std::size_t i = 0; i < kMacBytes; ++i) token += fmt::format("{:02x}", mac[i]);
  return token;
}

std::string ClickThroughs::token(ClientId client, std::string_view rule, std::string_view path,
                                 TimeNs now) const {
  if (client == ClientId{}) return {};
  return token_of(client, rule, path, static_cast<std::uint32_t>(now / kSecond));
}

bool ClickThroughs::was_given(std::string_view token, ClientId client, std::string_view rule,
                              std::string_view path, TimeNs now) const {
  if (client == ClientId{} || token.size() != kTokenBytes) return false;
  std::uint32_t second = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + kSecondDigits, second, 16);
  if (error != std::errc{} || end != token.data() + kSecondDigits) return false;
  const TimeNs given = TimeNs{second} * kSecond;
  if (given > now || now - given > kClickAgeMax) return false;
  const std::string expected = token_of(client, rule, path, second);
  return expected.size() == token.size() && CRYPTO_memcmp(expected.data(), token.data(), token.size()) == 0;
}

void ClickThroughs::record(ClientId client, std::string_view rule, TimeNs ends, TimeNs now) {
  if (client == ClientId{}) return;
  std::vector<ClickThrough>& all = clients_.put(client);
  std::erase_if(all, [&](const ClickThrough& one) { return one.ends <= now || one.rule == rule; });
  if (all.size() >= limits_.rules_per_client_max) {
    all.erase(std::ranges::min_element(all, {}, &ClickThrough::ends));
    ++evicted_;
  }
  all.push_back({std::string(rule), ends});
}

std::span<const ClickThrough> ClickThroughs::of(ClientId client, TimeNs now) {
  if (clients_.size() == 0) return {};
  std::vector<ClickThrough>* const all = clients_.find(client);
  if (all == nullptr) return {};
  std::erase_if(*all, [&](const ClickThrough& one) { return one.ends <= now; });
  if (!all->empty()) return *all;
  clients_.erase(client);
  return {};
}

}  // namespace weir::classifier
