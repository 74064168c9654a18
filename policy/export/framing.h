// SPDX-License-Identifier: Apache-2.0
// From records to the pieces that a carrier takes: lines, datagrams, counted messages, IPFIX messages.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/export/record.h"

namespace weir::output {

class Framing {
 public:
  virtual ~Framing() = default;
  /// The carrier connected anew: what a session begins with is due again.
  virtual void begin_session() {}
  virtual void add(const Record& record, TimeNs now, std::vector<std::string>& messages) = 0;
  /// What waits for company leaves.
  virtual void flush(TimeNs now, std::vector<std::string>& messages);
};

[[nodiscard]] std::unique_ptr<Framing> make_framing(Carrier carrier);

}  // namespace weir::output
