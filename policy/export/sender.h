// SPDX-License-Identifier: Apache-2.0
// The way of records to one receiver: framing and transport, connected when there is something to send.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/export/counters.h"
#include "policy/export/framing.h"
#include "policy/export/transport.h"

namespace weir::output {

class Sender {
 public:
  Sender(const OutputSettings& settings, Counters& counters);

  /// All of them are with the receiver; or an Error, and nobody knows which: the same again is right. Without
  /// records it only connects.
  [[nodiscard]] Result<void> deliver(const Records& records, TimeNs now);
  /// The next delivery connects, or opens its file, anew.
  void disconnect();

 private:
  [[nodiscard]] Result<void> send(const std::vector<std::string>& messages, std::uint64_t& bytes,
                                  std::uint64_t& too_long);
  [[nodiscard]] Result<void> attempt(const Records& records, TimeNs now);

  std::unique_ptr<Framing> framing_;
  std::unique_ptr<Transport> transport_;
  Counters& counters_;
  bool open_ = false;
};

}  // namespace weir::output
