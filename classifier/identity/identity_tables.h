// SPDX-License-Identifier: Apache-2.0
// The tables of this folder together, as one classifier has them. Nothing else.
#pragma once

#include "classifier/identity/click_throughs.h"
#include "classifier/identity/client_table.h"
#include "classifier/identity/dns_evidence.h"

namespace weir::classifier {

struct IdentityTables {
  ClientTable clients{};
  DnsEvidence evidence{};
  ClickThroughs clicks{};
};

}  // namespace weir::classifier
