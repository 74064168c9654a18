// SPDX-License-Identifier: Apache-2.0
// Datagrams by which clients are known: DHCP, NetBIOS names, Kerberos, RADIUS accounting. A table says which
// port each has and what its content must look like; what fits no line is somebody else's.
#pragma once

#include "classifier/inspect/identity_claim.h"
#include "classifier/inspect/radius_accounting.h"
#include "dataplane/channel/messages.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

class ClientDatagrams {
 public:
  /// True when it was one of them; `facts` and `claims` have what it says.
  [[nodiscard]] bool read(const FiveTuple& tuple, channel::Direction from, Bytes datagram, FlowFacts& facts,
                          IdentityClaims& claims);

 private:
  RadiusAccounting radius_;
};

}  // namespace weir::classifier
