// SPDX-License-Identifier: Apache-2.0
// What HTTP and the tunnels that are opened inside a flow show in clear text: the request judged last, the
// reply seen last, and each proxy that was asked to carry the flow further. Part of FlowFacts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

struct HttpFacts {
  bool seen = false;
  std::string method{};
  std::string host{};  // canonical, without port
  std::string path{};  // as sent, at most kUrlPathBytesMax
  std::string user_agent{};
  std::uint32_t requests = 0;  // judged on this connection so far

  std::string url_path{};      // the path without its query as servers resolve it (normal_path)
  std::string referer{};       // as sent
  std::string_view version{};  // "0.9", "1.0", "1.1" or "2"
  bool grpc = false;           // the request's content type says so

  std::uint32_t status = 0;  // of the reply; 0: none was seen since the request
  std::string content_type{};
  std::optional<std::uint64_t> content_length{};
  std::string file_name{};  // of Content-Disposition, without folders
};

/// Proxies of one flow that are told.
inline constexpr std::size_t kProxyHopsMax = 8;

/// What a client asked a proxy for, or what a proxy said of the connection that it passes on.
struct ProxyHop {
  // http | http-connect | http2-connect | socks4 | socks4a | socks5 | proxy-v1 | proxy-v2
  std::string_view kind{};
  std::string_view
      command{};         // connect | bind | udp-associate | request (kind http) | proxy | local (headers)
  std::string target{};  // canonical name, or address
  std::uint16_t port = 0;
  std::string source{};  // of a PROXY header: who opened the connection; else empty
  bool operator==(const ProxyHop&) const = default;
};

}  // namespace weir
