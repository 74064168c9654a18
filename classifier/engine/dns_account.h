// SPDX-License-Identifier: Apache-2.0
// What the questions of one flow could have carried, by registered domain, since the flow's last event. Part
// of FlowContext. A stub resolver's flow has one or two questions; one that has many is a resolver, or a
// tunnel, and of its messages an event shows only the last.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/categories/public_suffix.h"
#include "policy/model/dns_facts.h"
#include "policy/model/flow_event.pb.h"

namespace weir::classifier {

/// Of one flow between two events; questions under further ones are not told of.
inline constexpr std::size_t kDnsDomainsMax = 32;

struct DnsUse {
  std::string domain;
  std::uint32_t questions = 0;
  std::uint32_t carrying = 0;
  std::uint32_t entropy = 0;  // sum
  std::uint32_t bytes = 0;    // sum
  std::uint32_t longest = 0;
  std::uint32_t no_such_name = 0;
};

struct DnsAccount {
  std::uint32_t questions = 0;  // of the flow
  std::vector<DnsUse> unsaid;

  /// What the last message of the flow showed.
  void saw(const DnsFacts& dns, const policy::PublicSuffixes& suffixes);
  /// Puts into the event what no event said before; nothing while the flow has shown only one question, which
  /// the event has.
  void say(event::FlowEvent& event);
};

}  // namespace weir::classifier
