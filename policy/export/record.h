// SPDX-License-Identifier: Apache-2.0
// What an encoder makes of an event, in the words of one format. Framing (framing.h) makes of records what a
// receiver takes.
#pragma once

#include <string>
#include <vector>

#include "policy/model/output_settings.h"
#include "policy/model/time.h"

namespace weir::output {

struct Record {
  RecordType type = RecordType::kFlow;
  Severity severity = Severity::kInfo;
  TimeNs time = 0;
  std::string appliance;
  std::string body;        // one line without its end; of IPFIX a data record
  std::string structured;  // RFC 5424's STRUCTURED-DATA, or empty
};
using Records = std::vector<Record>;

}  // namespace weir::output
