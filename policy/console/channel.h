// SPDX-License-Identifier: Apache-2.0
// Between the process that talks to browsers and the one that has the store and the keys: a request there,
// its answer back, over one end of a socket pair that one thread uses at a time.
#pragma once

#include <optional>
#include <string>

#include "policy/console/message.h"

namespace weir::console {

inline constexpr std::size_t kFrameBytesMax = 64U << 20U;

/// False, nullopt: the other process is gone, or said something that is no message.
[[nodiscard]] bool send_request(int channel, const Request& request);
[[nodiscard]] std::optional<Request> receive_request(int channel);
[[nodiscard]] bool send_response(int channel, const Response& response);
[[nodiscard]] std::optional<Response> receive_response(int channel);

}  // namespace weir::console
