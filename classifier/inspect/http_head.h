// SPDX-License-Identifier: Apache-2.0
// The head of one HTTP request or reply of any version, as far as facts come from it, and the hosts by which
// a request is to be judged: every distinct one that a server could take for it, the effective one last.
// Parsers of HTTP/1 and HTTP/2 fill it; how a message is delimited is theirs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/flow_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kUrlPathBytesMax = 1'024;
inline constexpr std::size_t kHttpMethodBytesMax = 32;
inline constexpr std::size_t kUserAgentBytesMax = 512;
inline constexpr std::size_t kRefererBytesMax = 1'024;
inline constexpr std::size_t kContentTypeBytesMax = 128;
inline constexpr std::size_t kFileNameBytesMax = 255;
/// Distinct hosts that one request may name; more is an error.
inline constexpr std::size_t kHostsPerRequestMax = 4;

class HttpRequestHead {
 public:
  void set_method(std::string_view method);
  /// Origin form, or what is left of an absolute target.
  void set_target(std::string_view target);
  void set_version(std::string_view literal) { version_ = literal; }
  /// Notes fields that become facts; hosts are the caller's (`add_host`).
  void field(std::string_view name, std::string_view value);
  /// False when it cannot be a host, or is one more than kHostsPerRequestMax.
  [[nodiscard]] bool add_host(std::string_view authority);
  /// The same request under other hosts follows.
  void forget_hosts() {
    hosts_.clear();
    reported_ = 0;
  }
  /// This one counts: it is reported last.
  void set_effective(std::string_view authority);

  /// A host that was not reported yet.
  [[nodiscard]] bool unreported() const { return reported_ < hosts_.size(); }
  /// All hosts are reported once more, with what became known since.
  void report_again() { reported_ = 0; }
  /// Puts the request into the facts, judged by the next host; true when another one waits.
  [[nodiscard]] bool report(FlowFacts& facts);
  [[nodiscard]] const std::string& method() const { return method_; }

 private:
  std::string method_;
  std::string path_;
  std::string url_path_;
  std::string user_agent_;
  std::string referer_;
  std::string_view version_;
  bool grpc_ = false;
  std::vector<std::string> hosts_;
  std::size_t reported_ = 0;
  bool counted_ = false;
};

class HttpReplyHead {
 public:
  void set_status(std::uint32_t status) { status_ = status; }
  [[nodiscard]] std::uint32_t status() const { return status_; }
  void field(std::string_view name, std::string_view value);
  /// Only that: a reply brings nothing that has to be judged before it goes on.
  void write(FlowFacts& facts) const;

 private:
  std::uint32_t status_ = 0;
  std::string content_type_;
  std::optional<std::uint64_t> content_length_;
  std::string file_name_;
};

/// The file name of a Content-Disposition (RFC 6266; `filename*` of RFC 8187 counts before `filename`), its
/// last part behind any folders, printable; empty: none.
[[nodiscard]] std::string disposition_file_name(std::string_view value);

/// Appends a hop, in the place of the last one if that is the same or a request too; the first kProxyHopsMax
/// are kept.
void note_proxy(FlowFacts& facts, ProxyHop hop);
/// The target of a CONNECT or of a request to a proxy.
void note_http_proxy(FlowFacts& facts, std::string_view kind, std::string_view authority);

}  // namespace weir::classifier
