// SPDX-License-Identifier: Apache-2.0
// One line about a flow event: for `flow watch` and for `classify`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/ctl/output.h"
#include "policy/model/flow_event.pb.h"

namespace weir::ctl {

/// "10.0.0.1:443", "[fd00::1]:443"
[[nodiscard]] std::string end_text(const std::string& address, unsigned port);
/// "TLS.YouTube", "DNS"
[[nodiscard]] std::string app_text(const event::FlowEvent& event);
/// "TCP", "UDP", "ICMP", "ICMPV6", "IGMP", "VRRP", else the IANA number.
[[nodiscard]] std::string l4_name(unsigned protocol);

/// pcap,l4,addr_a,port_a,addr_b,port_b,master,app,confidence,host,action,rule,country,asn
[[nodiscard]] const std::vector<std::string>& classify_columns();
/// A row with these columns; addr_a is the initiator.
[[nodiscard]] Json classify_row(const event::FlowEvent& event, const std::string& capture);
/// Who told whom about this flow by ICMP, as readers of captures list it; nullopt: nobody did.
[[nodiscard]] std::optional<Json> icmp_error_row(const event::FlowEvent& event, const std::string& capture);

[[nodiscard]] const std::vector<std::string>& watch_columns();
[[nodiscard]] Json watch_row(const event::FlowEvent& event);

}  // namespace weir::ctl
