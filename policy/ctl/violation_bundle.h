// SPDX-License-Identifier: Apache-2.0
// What leaves the appliance about a violation: its evidence bundle, or the packets of its flows. Both show
// who the subject is and what they sent, so they take what revealing them takes, and the audit log has it
// first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/audit/audit_log.h"
#include "policy/ctl/people.h"

namespace weir::ctl {

struct Exported {
  std::string bytes;
  std::size_t files = 0;             // of a bundle
  std::vector<std::string> missing;  // in words, what is not in it
};

/// A bundle (policy/evidence/bundle.h). `entry`: who does it, when and why; its object is set here.
/// kNotFound: no such violation; kBusy: as of `consent`; kLimit: it has more than `bytes_max` bytes.
[[nodiscard]] Result<Exported> export_bundle(PeopleDesk& desk, std::int64_t id, policy::AuditEntry entry,
                                             std::size_t bytes_max);
/// A pcap file with the packets of its flows on both sides, the earliest first. kNotFound also where none are
/// kept.
[[nodiscard]] Result<Exported> export_packets(PeopleDesk& desk, std::int64_t id, policy::AuditEntry entry,
                                              std::size_t bytes_max);

}  // namespace weir::ctl
