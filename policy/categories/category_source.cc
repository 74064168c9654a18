// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/category_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "policy/categories/canonical_name.h"
#include "policy/categories/list_file.h"
#include "policy/categories/list_words.h"
#include "policy/model/ip_address.h"

namespace weir::policy {
namespace {

constexpr std::array<std::pair<SourceFormat, std::string_view>, 4> kFormats{{{SourceFormat::kPlain, "plain"},
                                                                             {SourceFormat::kUrls, "urls"},
                                                                             {SourceFormat::kHosts, "hosts"},
                                                                             {SourceFormat::kRpz, "rpz"}}};

std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

class SourceReader {
 public:
  SourceReader(const std::string& file, std::uint16_t list, const PublicSuffixes& suffixes,
               const SourceOptions& options, CategoryBuilder& builder)
      : file_(file), list_(list), suffixes_(suffixes), options_(options), builder_(builder) {}

  Result<void> read(std::string_view line, SourceFormat format) {
    ++number_;
    if (line.size() > kSourceLineBytesMax) return wrong();
    switch (format) {
      case SourceFormat::kPlain:
        return plain(line);
      case SourceFormat::kUrls:
        return url(line);
      case SourceFormat::kHosts:
        return hosts(line);
      case SourceFormat::kRpz:
        return zone(line);
    }
    return {};
  }
  [[nodiscard]] const SourceCount& count() const { return count_; }

 private:
  Result<void> wrong() {
    if (count_.not_domains++ == 0) count_.first_wrong = {file_, number_, 0};
    return {};
  }

  /// The canonical form of x or *.x; nothing and counted when it is to be left out.
  std::optional<std::string> checked(std::string_view name) {
    const bool odd = name.find_first_of("*:[") != std::string_view::npos;
    auto canonical = odd ? std::nullopt : canonical_name(name);
    if (!canonical) {
      static_cast<void>(wrong());
    } else if (suffixes_.has(*canonical) && !options_.suffixes_taken.contains(*canonical)) {
      ++count_.public_suffixes;
      canonical.reset();
    }
    return canonical;
  }

  Result<void> take(std::string_view pattern) {
    const bool below_only = pattern.starts_with("*.");
    const auto name = checked(below_only ? pattern.substr(2) : pattern);
    if (!name) return {};
    ++count_.taken;
    return builder_.add(list_, *name, below_only);
  }

  Result<void> plain(std::string_view line) {
    line = line.substr(0, line.find('#'));
    const std::string_view name = next_word(line);
    if (name.empty()) return {};
    if (!next_word(line).empty()) return wrong();
    return take(name.starts_with('.') ? name.substr(1) : name);
  }

  Result<void> url(std::string_view line) {
    std::string_view address = next_word(line);
    if (address.empty() || address.starts_with('#')) return {};
    if (const std::size_t scheme = address.find("://"); scheme != std::string_view::npos)
      address.remove_prefix(scheme + 3);
    const std::size_t host_end = address.find_first_of("/?#");
    if (host_end != std::string_view::npos && host_end + 1 < address.size()) {
      ++count_.with_path;
      return {};
    }
    address = address.substr(0, host_end);
    const std::size_t port = address.rfind(':');
    const bool has_port = port != std::string_view::npos &&
                          address.find_first_not_of("0123456789", port + 1) == std::string_view::npos;
    return take(has_port ? address.substr(0, port) : address);
  }

  Result<void> hosts(std::string_view line) {
    line = line.substr(0, line.find('#'));
    const std::string_view address = next_word(line);
    if (address.empty()) return {};
    if (!IpAddress::parse(address)) return wrong();
    for (std::string_view name = next_word(line); !name.empty(); name = next_word(line)) {
      if (is_own_name(name) || IpAddress::parse(name)) continue;
      if (auto taken = take(name); !taken) return taken;
    }
    return {};
  }

  /// One record a line (RFC 1035 section 5); a SOA in parentheses may take more.
  Result<void> zone(std::string_view line) {
    line = line.substr(0, line.find(';'));
    const bool within = depth_ > 0;
    depth_ += std::count(line.begin(), line.end(), '(') - std::count(line.begin(), line.end(), ')');
    const bool owner_missing = line.empty() || kBlanks.find(line.front()) != std::string_view::npos;
    const std::string_view owner = next_word(line);
    if (within || owner.empty()) return {};
    if (owner == "$ORIGIN") {
      origin_ = canonical_name(next_word(line)).value_or("");
      return {};
    }
    if (owner.starts_with('$') || owner_missing) return {};
    std::string_view type = next_word(line);
    while (same_word(type, "IN") ||
           (!type.empty() && type.find_first_not_of("0123456789") == std::string_view::npos))
      type = next_word(line);
    if (same_word(type, "SOA") || same_word(type, "NS")) {
      if (same_word(type, "SOA") && origin_.empty() && owner != "@")
        origin_ = canonical_name(owner).value_or("");
      return {};
    }
    if (type.empty()) return wrong();
    return trigger(within_zone(owner), next_word(line));
  }

  /// An owner without the zone's own name.
  [[nodiscard]] std::string_view within_zone(std::string_view owner) const {
    if (!owner.ends_with('.')) return owner;
    owner.remove_suffix(1);
    if (origin_.empty() || owner.size() <= origin_.size()) return owner;
    const std::size_t cut = owner.size() - origin_.size();
    return owner[cut - 1] == '.' && same_word(owner.substr(cut), origin_) ? owner.substr(0, cut - 1) : owner;
  }

  Result<void> trigger(std::string_view name, std::string_view target) {
    for (const std::string_view kind : {".rpz-ip", ".rpz-client-ip", ".rpz-nsip", ".rpz-nsdname"}) {
      if (!name.ends_with(kind)) continue;
      ++count_.other_triggers;
      return {};
    }
    if (!same_word(target, "rpz-passthru.")) return take(name);
    if (const auto allowed = checked(name.starts_with("*.") ? name.substr(2) : name)) {
      ++count_.allowed;
      builder_.allow(*allowed);
    }
    return {};
  }

  const std::string& file_;
  std::uint16_t list_;
  const PublicSuffixes& suffixes_;
  const SourceOptions& options_;
  CategoryBuilder& builder_;
  SourceCount count_;
  int number_ = 0;
  std::ptrdiff_t depth_ = 0;  // of parentheses
  std::string origin_;
};

}  // namespace

std::string_view to_string(SourceFormat format) {
  for (const auto& [value, word] : kFormats) {
    if (value == format) return word;
  }
  return "";
}

std::optional<SourceFormat> source_format(std::string_view word) {
  for (const auto& [value, known] : kFormats) {
    if (known == word) return value;
  }
  return std::nullopt;
}

SourceFormat detect_format(std::string_view text, std::string_view file) {
  constexpr int kLinesLookedAt = 100;
  if (file.substr(file.rfind('/') + 1) == "urls") return SourceFormat::kUrls;
  for (int i = 0; i < kLinesLookedAt && !text.empty(); ++i) {
    std::string_view line = next_line(text);
    if (line.starts_with("$TTL") || line.starts_with("$ORIGIN")) return SourceFormat::kRpz;
    if (line.starts_with('#') || line.starts_with(';')) continue;
    const std::string_view first = next_word(line);
    if (first.empty()) continue;
    for (std::string_view rest = line, word = next_word(rest); !word.empty(); word = next_word(rest)) {
      if (same_word(word, "SOA") || same_word(word, "CNAME")) return SourceFormat::kRpz;
    }
    if (IpAddress::parse(first) && !next_word(line).empty()) return SourceFormat::kHosts;
    if (first.find('/') != std::string_view::npos) return SourceFormat::kUrls;
  }
  return SourceFormat::kPlain;
}

Result<SourceCount> read_source(std::string_view text, const std::string& file, SourceFormat format,
                                std::uint16_t list, const PublicSuffixes& suffixes,
                                const SourceOptions& options, CategoryBuilder& builder) {
  SourceReader reader{file, list, suffixes, options, builder};
  while (!text.empty()) {
    if (auto read = reader.read(next_line(text), format); !read) return tl::unexpected(read.error());
  }
  const SourceCount& count = reader.count();
  const std::size_t understood =
      count.taken + count.with_path + count.public_suffixes + count.other_triggers + count.allowed;
  if (count.not_domains <= understood) return count;
  return tl::unexpected<Error>(
      Error{ErrorCode::kInvalid,
            fmt::format("is no list of domains: read as {}, {} of its entries are none", to_string(format),
                        count.not_domains),
            "give its --format, if it was not recognised", count.first_wrong});
}

}  // namespace weir::policy
