// SPDX-License-Identifier: Apache-2.0
// What a DNS message showed. Part of FlowFacts.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "policy/model/ip_address.h"

namespace weir {

struct DnsAnswer {
  IpAddress address{};
  std::uint32_t ttl_s = 0;  // the least on the way from the question to the address
  auto operator<=>(const DnsAnswer&) const = default;
};

struct DnsFacts {
  bool seen = false;
  std::string query{};  // canonical
  std::uint16_t query_type = 0;
  bool response = false;
  bool asked = false;  // the response is to a question that this flow showed
  std::uint8_t rcode = 0;
  std::vector<DnsAnswer> answers{};    // addresses that the question leads to, over aliases
  std::vector<std::string> aliases{};  // names on that way, in order
  std::vector<std::string> alpn{};     // protocols that HTTPS and SVCB records offer (RFC 9460)
  std::string
      engine{};  // the search engine that has a safe form under another name; of questions for addresses
  std::string safe_name{};  // what such a question was answered with, by Weir
  bool ech = false;         // and that they carry a key for Encrypted Client Hello (RFC 9849)
};

}  // namespace weir
