// SPDX-License-Identifier: Apache-2.0
// What is left to see of mail over TLS: how it was protected and whose server it is.
#pragma once

#include <cstdint>
#include <string_view>

#include "policy/model/flow_facts.h"

namespace weir::classifier {

/// Of a server's name: "google", "microsoft"; empty: not known.
[[nodiscard]] std::string_view mail_provider(std::string_view host);

/// After a TLS handshake named the server (facts.host) or showed that it is TLS: visibility and provider.
/// Mail that did not begin in clear text is told by the port or by a name that only mail servers have.
void note_mail_over_tls(FlowFacts& facts, std::uint16_t server_port);

}  // namespace weir::classifier
