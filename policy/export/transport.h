// SPDX-License-Identifier: Apache-2.0
// What carries messages to a receiver. An Error of send or deliver ends the session: the caller closes, opens
// again and sends again what was not delivered. Calls may block, for kIoWait at most while nothing moves;
// each output has its own thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "policy/model/error.h"
#include "policy/model/output_settings.h"

namespace weir::output {

inline constexpr std::chrono::seconds kIoWait{5};

class Transport {
 public:
  virtual ~Transport() = default;
  [[nodiscard]] virtual Result<void> open() = 0;
  /// kLimit: this message is longer than the carrier takes, and will never be sent.
  [[nodiscard]] virtual Result<void> send(std::string_view message) = 0;
  /// Returns when the receiver's system, or the disk, has what was sent. Nobody can say that of UDP, beyond
  /// that nobody refused it.
  [[nodiscard]] virtual Result<void> deliver() = 0;
  virtual void close() = 0;
};

[[nodiscard]] std::unique_ptr<Transport> make_transport(const OutputSettings& settings);

}  // namespace weir::output
