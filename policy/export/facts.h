// SPDX-License-Identifier: Apache-2.0
// What the formats need to know of an event that it does not say in so many words. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "policy/model/decision.h"
#include "policy/model/flow_event.pb.h"

namespace weir::output {

/// "TCP", "IPv6-ICMP"; the number where it has no name here.
[[nodiscard]] std::string protocol_name(std::uint32_t protocol);
/// The application protocol in Suricata's words ("http", "tls", "dns"); "failed" where nobody knows it.
[[nodiscard]] std::string app_protocol(const event::FlowEvent& event);
/// FNV-1a, 64 bits (draft-eastlake-fnv): a number for a text that stays what it is.
[[nodiscard]] std::uint64_t number_of(std::string_view text);
/// A number for the flow, the same in all its records, within 51 bits: JSON readers keep it exactly.
[[nodiscard]] std::uint64_t flow_number(const event::FlowEvent& event);
/// A number for a rule, the same as long as it keeps its name: kSignatureFirst and the 10^8 - 1 numbers
/// behind.
inline constexpr std::uint32_t kSignatureFirst = 1'100'000'000;
[[nodiscard]] std::uint32_t signature_number(std::string_view rule);

/// What is said was also done, and something did not get to where it was sent.
[[nodiscard]] bool refused(const event::FlowEvent& event);
[[nodiscard]] bool refused(const event::Hit& hit);
[[nodiscard]] Severity severity_of(std::string_view word);
/// The object of a hit; without `people` not where it is a mail address.
[[nodiscard]] std::string_view object_of(const event::Hit& hit, bool people);
/// Who uses the flow, by what is known of the client, else by who logged in to a mail server.
[[nodiscard]] std::string_view user_of(const event::FlowEvent& event);
/// "TLS 1.2" of 0x0303, as Suricata spells it; empty: not known.
[[nodiscard]] std::string_view tls_version_name(std::uint32_t version);
/// "AAAA" of 28; "TYPE65280" where it has no name here (RFC 3597).
[[nodiscard]] std::string dns_type_name(std::uint32_t type);
/// "NXDOMAIN" of 3; the number where it has no name here.
[[nodiscard]] std::string dns_code_name(std::uint32_t code);

}  // namespace weir::output
