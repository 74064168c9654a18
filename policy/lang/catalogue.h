// SPDX-License-Identifier: Apache-2.0
// The software catalogue: which traces a product leaves on the wire. The classifier recognises products by
// it, the policy's section `software` names them by their id. A person edits the file
// (/etc/weir/software.yaml).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"

namespace weir::policy {

inline constexpr std::size_t kProductsMax = 10'000;
inline constexpr std::size_t kTracesPerProductMax = 64;
inline constexpr std::size_t kTraceBytesMax = 256;

struct Product {
  std::string id;                        // [a-z0-9-], "firefox"
  std::string name;                      // "Mozilla Firefox"
  std::vector<std::string> apps;         // nDPI's spelling
  std::vector<std::string> user_agents;  // globs, "Transmission/{version}*"
  std::vector<std::string> tls_names;    // canonical, as in lists of the policy: "x.example", "*.x.example"
};

struct Catalogue {
  std::vector<Product> products;
  [[nodiscard]] const Product* find(std::string_view id) const;
};

[[nodiscard]] ResultAll<Catalogue> parse_catalogue(std::string_view text, const std::string& file);
[[nodiscard]] ResultAll<Catalogue> load_catalogue(const std::string& path);

/// Matches a User-Agent against a glob without regard to ASCII case: `*` is anything, `{version}` is a digit
/// and what follows of letters, digits, `.`, `-`, `_`, `+`. Returns the version (empty where the glob has
/// none), nullopt: no match. At most |glob| times |text| steps.
[[nodiscard]] std::optional<std::string_view> match_user_agent(std::string_view glob,
                                                               std::string_view text) noexcept;

}  // namespace weir::policy
