// SPDX-License-Identifier: Apache-2.0
// TLS and HTTP: connections, their limits and their times. The only place that knows Boost.Beast; it answers
// pages from the folder, and hands what is for the API on.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "policy/console/certificate.h"
#include "policy/console/message.h"

namespace weir::console {

inline constexpr std::size_t kConnectionsPerAddressMax = 100;
inline constexpr std::size_t kConnectionsMax =
    4'000;                                        // for a further one that waits longest for its peer ends
inline constexpr std::size_t kWorkAnswerers = 4;  // requests that are answered at a time
inline constexpr std::size_t kWaitingMax = 256;   // requests that wait for one of them: further ones get 503
// Logins take long: theirs are their own, and keep nobody from working.
inline constexpr std::size_t kLoginAnswerers = 2;
inline constexpr std::size_t kLoginsWaitingMax = 32;
inline constexpr std::size_t kAnswerers = kWorkAnswerers + kLoginAnswerers;

struct ServerTimes {
  int handshake_s = 10;
  int request_s = 15;  // for all of a request from its first byte, and between two
  int answer_s = 60;   // until all of an answer is sent
  int event_s = 2;     // between two looks for events
  int alive_s = 20;    // without an event, until a line says that the stream is alive
};

struct ServerOptions {
  std::vector<std::string> listen;  // ADDRESS:PORT
  Identity identity;
  std::string pages;
  ServerTimes times{};
  int stop = -1;  // readable when the server has to end
  /// Answers a request of the API; called by kAnswerers threads, each with its number.
  std::function<Response(std::size_t answerer, const Request& request)> answer;
};

/// Listens, says so by `ready`, and serves until `stop`. kSystem: an address cannot be listened on, or the
/// certificate is not taken.
[[nodiscard]] Result<void> serve(const ServerOptions& options, const std::function<void()>& ready);

}  // namespace weir::console
