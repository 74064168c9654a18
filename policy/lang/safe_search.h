// SPDX-License-Identifier: Apache-2.0
// Search engines that have a second name under which they show no explicit results, and which names are
// answered with it where the policy says `then: safe_search`. A person edits the file
// (/etc/weir/classifier/safe_search.yaml).
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/ip_address.h"

namespace weir::policy {

inline constexpr std::size_t kSafeEnginesMax = 256;
inline constexpr std::size_t kSafeNamesMax = 64;       // of one engine
inline constexpr std::size_t kSafeNameBytesMax = 100;  // so that an answer fits 512 bytes
inline constexpr std::size_t kSafeAddressesMax = 8;    // of one safe name

struct SafeName {
  std::string name;  // canonical
  std::vector<IpAddress> addresses{};
};

struct SafeEngine {
  std::string engine;              // "google"
  std::vector<std::string> names;  // canonical; "www.google.*": by countries
  SafeName safe{};
  std::optional<SafeName> moderate{};  // a weaker restriction, where there is one
};

class SafeSearchTable {
 public:
  SafeSearchTable() = default;
  explicit SafeSearchTable(std::vector<SafeEngine> engines);

  /// The engine of this canonical name, or nullptr.
  [[nodiscard]] const SafeEngine* find(std::string_view name) const;
  [[nodiscard]] std::size_t engines() const { return engines_.size(); }

 private:
  std::vector<SafeEngine> engines_;
  std::map<std::string, std::size_t, std::less<>> names_;          // whole ones
  std::vector<std::pair<std::string, std::size_t>> by_countries_;  // "www.google."
};

/// All mistakes at once, each with its place. At most 1 MiB of text.
[[nodiscard]] ResultAll<std::vector<SafeEngine>> parse_safe_search(std::string_view text,
                                                                   const std::string& file);
[[nodiscard]] ResultAll<std::vector<SafeEngine>> load_safe_search(const std::string& path);

}  // namespace weir::policy
