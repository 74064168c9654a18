// SPDX-License-Identifier: Apache-2.0
// One address into one file, over HTTP with libcurl. A server may be slow, lie, or never end: bytes, seconds
// and redirects are bounded, and what did not come whole is an error.
#pragma once

#include <cstdint>
#include <string>

#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::policy {

inline constexpr std::uint64_t kMegabyte = 1U << 20U;  // bytes
inline constexpr long kRedirectsMax = 5;
inline constexpr long kConnectSecondsMax = 20;  // to a server that answers, TLS included
inline constexpr long kStallSecondsMax = 30;    // with less than kStallBytesMin a second
inline constexpr long kStallBytesMin = 100;
inline constexpr std::size_t kValidatorBytesMax = 1'024;  // a longer ETag is not kept

struct DownloadRequest {
  std::string url;
  bool plain_too = false;       // http, by itself or by a redirect; else https alone
  std::string ca_file{};        // empty: the system's authorities
  std::string etag{};           // of what we have; empty: we have nothing
  std::string last_modified{};  // the same, as the server wrote it
  std::uint64_t bytes_max = 0;
  std::uint32_t seconds_max = 0;
};

struct Downloaded {
  bool changed = false;  // false: what we have is what there is (304)
  std::uint64_t bytes = 0;
  std::string etag{};
  std::string last_modified{};
  TimeNs written_at = 0;  // by the server's Last-Modified; 0: it does not say
};

/// Writes `path`, whatever becomes of it. kUnavailable: the server, its certificate, its answer; kLimit: more
/// bytes, seconds or redirects than there may be; kInvalid: a web page; kSystem: the file.
[[nodiscard]] Result<Downloaded> download(const DownloadRequest& request, const std::string& path);

}  // namespace weir::policy
