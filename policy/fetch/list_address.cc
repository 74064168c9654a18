// SPDX-License-Identifier: Apache-2.0
#include "policy/fetch/list_address.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace weir::policy {
namespace {

/// A part of the address, decoded; empty: it has none.
std::string part_of(CURLU* address, CURLUPart part) {
  char* found = nullptr;
  if (curl_url_get(address, part, &found, part == CURLUPART_PATH ? CURLU_URLDECODE : 0) != CURLUE_OK)
    return {};
  std::string text{found};
  curl_free(found);
  return text;
}

}  // namespace

Result<ListAddress> parse_list_address(const std::string& text) {
  constexpr const char* kAdvice = "write https://lists.example/gambling.txt, or file:///srv/gambling.txt";
  const auto invalid = [&](std::string_view what) {
    return failure(ErrorCode::kInvalid, std::string{what}, kAdvice);
  };
  if (text.size() > kListAddressBytesMax)
    return invalid(fmt::format("the address has more than {} bytes", kListAddressBytesMax));
  const bool odd = std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; });
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> address{curl_url(), curl_url_cleanup};
  if (odd || !address || curl_url_set(address.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
    return invalid("is no address");
  if (!part_of(address.get(), CURLUPART_USER).empty() || !part_of(address.get(), CURLUPART_PASSWORD).empty())
    return invalid("the address has a user or a password, and everybody may see addresses");
  const std::string scheme = part_of(address.get(), CURLUPART_SCHEME);
  if (scheme == "https") return ListAddress{ListAddress::Scheme::kHttps, {}};
  if (scheme == "http") return ListAddress{ListAddress::Scheme::kHttp, {}};
  if (scheme != "file") return invalid("the address is neither https, http nor file");
  return ListAddress{ListAddress::Scheme::kFile, part_of(address.get(), CURLUPART_PATH)};
}

}  // namespace weir::policy
