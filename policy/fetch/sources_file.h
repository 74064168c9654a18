// SPDX-License-Identifier: Apache-2.0
// The lists that `weirctl category fetch` fetches, as a person writes them: /etc/weir/categories.yaml. The
// keys are in docs/policy.md.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policy/categories/category_source.h"
#include "policy/fetch/list_address.h"
#include "policy/model/error.h"

namespace weir::policy {

inline constexpr const char* kSourcesFileName = "/etc/weir/categories.yaml";
inline constexpr std::size_t kFetchSourcesMax = 64;
inline constexpr std::size_t kLicenceBytesMax = 100;
inline constexpr std::uint32_t kFetchMegabytesMax = 1'024;  // as kSourceBytesMax
inline constexpr std::uint32_t kFetchSecondsMax = 3'600;

struct FetchSource {
  std::string name;
  std::string category;             // of a list; empty: a tree of lists
  std::vector<std::string> tree{};  // of a tree: the categories that are taken; empty: all
  std::string url;
  ListAddress address{};
  std::optional<SourceFormat> format{};  // of a list; else it is looked at
  std::string licence;
  std::string sha256{};              // of what is fetched, in lower case; empty: any
  std::string ca_file{};             // who vouches for the server; empty: the system's authorities
  std::uint32_t megabytes_max = 64;  // fetched
  std::uint32_t seconds_max = 300;   // from the first packet to the last
  int line = 0;

  [[nodiscard]] bool is_tree() const { return category.empty(); }
  [[nodiscard]] bool is_local() const { return address.scheme == ListAddress::Scheme::kFile; }
};

struct SourcesFile {
  std::vector<FetchSource> sources;
  std::string allow_file{};  // domains that are in no category whatever the lists say; empty: none
  std::set<std::string, std::less<>> suffixes_taken{};  // public suffixes that a list may name all the same
};

[[nodiscard]] ResultAll<SourcesFile> read_sources_file(const std::string& path);
/// `file`: what messages call it; a relative path in it is beside it.
[[nodiscard]] ResultAll<SourcesFile> parse_sources_file(std::string_view text, const std::string& file);

}  // namespace weir::policy
