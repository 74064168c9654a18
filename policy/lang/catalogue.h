// SPDX-License-Identifier: Apache-2.0
// The software catalogue: which traces a product leaves on the wire. The classifier recognises products by
// it, the policy's section `software` names them by their id. A person edits the file
// (/etc/weir/classifier/software.yaml).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/flow_facts.h"

namespace weir::policy {

inline constexpr std::size_t kProductsMax = 10'000;
inline constexpr std::size_t kTracesPerProductMax = 64;
inline constexpr std::size_t kTraceBytesMax = 256;

struct Product {
  std::string id;                        // [a-z0-9-], "firefox"
  std::string name;                      // "Mozilla Firefox"
  std::vector<std::string> apps;         // nDPI's spelling
  std::vector<std::string> user_agents;  // patterns, "Transmission/{version}*"
  std::vector<std::string> tls_names;    // canonical, as in lists of the policy: "x.example", "*.x.example"
  std::vector<std::string> update_hosts{};
  std::vector<std::string> telemetry_hosts{};
  std::vector<std::string> ja4{};                // whole fingerprints
  std::vector<std::string> ssh_banners{};        // patterns, without "SSH-2.0-"
  std::vector<std::string> hassh{};              // 32 hex digits
  std::vector<std::string> mailers{};            // patterns of X-Mailer and User-Agent in a message
  std::vector<std::string> server_banners{};     // patterns of a mail server's greeting
  std::vector<std::string> dhcp_vendors{};       // patterns of option 60
  std::vector<std::string> dhcp_fingerprints{};  // "1,3,6,15"
};

enum class TraceKind : std::uint8_t {
  kApp,
  kUserAgent,
  kTlsName,
  kUpdateHost,
  kTelemetryHost,
  kJa4,
  kSshBanner,
  kHassh,
  kMailer,
  kServerBanner,
  kDhcpVendor,
  kDhcpFingerprint,
};
inline constexpr std::size_t kTraceKinds = 12;

enum class TraceForm : std::uint8_t { kValue, kPattern, kHost };

/// What every trace of a kind has in common.
struct TraceRule {
  TraceKind kind;
  TraceForm form;
  std::string_view key;           // in the file
  std::string_view evidence;      // in events
  SoftwareConfidence confidence;  // a pattern that shows a version is high
  std::vector<std::string> Product::*traces;
};
[[nodiscard]] std::span<const TraceRule> trace_rules();  // by TraceKind
[[nodiscard]] const TraceRule& trace_rule(TraceKind kind);

struct Catalogue {
  std::vector<Product> products;
  [[nodiscard]] const Product* find(std::string_view id) const;
};

[[nodiscard]] ResultAll<Catalogue> parse_catalogue(std::string_view text, const std::string& file);
[[nodiscard]] ResultAll<Catalogue> load_catalogue(const std::string& path);

/// Matches a text against a pattern without regard to ASCII case: `*` is anything, `{version}` is a digit
/// and what follows of letters, digits, `.`, `-`, `_`, `+`. Returns the version (empty where the glob has
/// none), nullopt: no match. At most |glob| times |text| steps.
[[nodiscard]] std::optional<std::string_view> match_pattern(std::string_view glob,
                                                            std::string_view text) noexcept;

}  // namespace weir::policy
