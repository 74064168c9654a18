// SPDX-License-Identifier: Apache-2.0
// Reads one downloaded list of domains into a CategoryBuilder. What is no domain is left out and counted,
// since lists of millions of lines always have some; a text of which most lines are none is refused as a
// whole. Lists that a person writes for a policy are read by list_file.h, which forgives nothing.
//
// Formats: plain (a domain a line), urls (squidGuard's: only what has no path names a whole host), hosts, and
// rpz (a DNS zone file of CNAMEs; `rpz-passthru.` is an override; triggers other than names are left out).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "policy/categories/category_builder.h"
#include "policy/categories/public_suffix.h"
#include "policy/model/error.h"

namespace weir::policy {

enum class SourceFormat : std::uint8_t { kPlain, kUrls, kHosts, kRpz };
[[nodiscard]] std::string_view to_string(SourceFormat format);
[[nodiscard]] std::optional<SourceFormat> source_format(std::string_view word);

inline constexpr std::size_t kSourceBytesMax = 1ULL << 30U;
inline constexpr std::size_t kSourceLineBytesMax = 4'096;

/// What became of the lines of a list.
struct SourceCount {
  std::size_t taken = 0;
  std::size_t with_path = 0;        // addresses of pages: no domain as a whole
  std::size_t public_suffixes = 0;  // com, co.uk
  std::size_t other_triggers = 0;   // of an RPZ: addresses, name servers
  std::size_t not_domains = 0;
  std::size_t allowed = 0;  // rpz-passthru
  SourceMark first_wrong;   // where the first line stands that is no domain
};

struct SourceOptions {
  std::set<std::string, std::less<>> suffixes_taken{};  // public suffixes that a list may name all the same
};

/// From the first lines of the text; `file` by its name alone: squidGuard's "urls".
[[nodiscard]] SourceFormat detect_format(std::string_view text, std::string_view file);

/// kInvalid: more lines are no domains than are, with the place of the first; kLimit: the builder's.
[[nodiscard]] Result<SourceCount> read_source(std::string_view text, const std::string& file,
                                              SourceFormat format, std::uint16_t list,
                                              const PublicSuffixes& suffixes, const SourceOptions& options,
                                              CategoryBuilder& builder);

}  // namespace weir::policy
