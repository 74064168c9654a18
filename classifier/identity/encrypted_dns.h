// SPDX-License-Identifier: Apache-2.0
// Whether a flow carries DNS inside TLS, QUIC or HTTPS. By port and handshake where the protocol has a port
// of its own; by name for DNS over HTTPS, which looks like any other: the names of public resolvers, and the
// resolvers that this client was told of by DNS itself (RFC 9462).
#pragma once

#include <span>
#include <string_view>

#include "policy/model/flow_facts.h"

namespace weir::classifier {

[[nodiscard]] EncryptedDns encrypted_dns_of(const FlowFacts& facts);

/// The name, or a name above it, is that of a public resolver.
[[nodiscard]] bool names_a_resolver(std::string_view name);
/// Sorted; each also stands for what is below it.
[[nodiscard]] std::span<const std::string_view> resolver_names();

}  // namespace weir::classifier
