// SPDX-License-Identifier: Apache-2.0
// The imported categories: one file that `weirctl category import` builds and every process maps. It says
// which lists name a host or one of its parents. Nothing in it is a guess: an index of hashes finds where a
// name would stand, and the name that stands there is compared.
//
//   header | filter | buckets | entries | set starts | set members | lists (JSON) | names
//
// Every section begins at a multiple of 64 bytes and is as long as the header's counts say, so that no offset
// can be wrong. Numbers are little-endian. A lookup goes from the last label to the whole name: a 64-bit word
// of the filter says whether the suffix may be listed and whether anything longer may be; what may be listed
// is looked for in its bucket (a range of entries in the order of their hashes), and the name of an entry
// whose 16-bit fingerprint agrees is compared. So most names that are in no list cost one cache line.
//
// Read-only once opened; any number of threads may look up. The file must not be changed in place: whoever
// makes a new one renames it over the old (policy/ctl/category_folder.h), and what is mapped stays as it was.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "policy/categories/suffix_walk.h"
#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::policy {

inline constexpr const char* kCategoryFileName = "categories.wcat";  // beside the policy
inline constexpr std::size_t kCategoryFileBytesMax = 4ULL << 30U;
inline constexpr std::size_t kCategoryDomainsMax = 50'000'000;
inline constexpr std::size_t kCategoryListsMax = 4'096;
inline constexpr std::size_t kCategorySetsMax = 65'536;  // different sets of lists that name one domain

/// As rules name them: 1 to 64 of a-z, 0-9, - and _.
[[nodiscard]] bool is_category_name(std::string_view text);

/// One file of domains that was imported.
struct CategoryList {
  std::string category;
  std::string source;   // the file it was read from, or the address that it was fetched from
  std::string format;   // plain, hosts, rpz, urls
  std::string licence;  // as whoever imported it says; may be empty
  TimeNs read_at = 0;   // when the source was written, by its file's time
  std::uint32_t domains = 0;
};

/// A list that names a domain.
struct CategoryMember {
  std::uint16_t list = 0;
  std::uint16_t below_only = 0;  // 1: the list says *.x, which is not x itself
};

/// One listed suffix of a name.
struct CategoryHit {
  std::uint16_t set = 0;   // CategoryFile::members; kAllowed: an override, nothing shorter counts
  std::string_view entry;  // within the name that was looked up
};

namespace category_layout {  // how it lies in the file
struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::uint64_t file_bytes;
  std::uint64_t checksum;  // XXH3 of every byte behind this field
  std::uint64_t names_bytes;
  std::int64_t made_at;  // ns since 1970
  std::uint32_t filter_words;
  std::uint32_t buckets;
  std::uint32_t entries;
  std::uint32_t sets;
  std::uint32_t set_members;
  std::uint32_t lists_bytes;
  std::uint32_t labels_min;  // of every listed name
  std::uint32_t unused[13];
};
struct Bucket {
  std::uint32_t entry;  // its first
  std::uint32_t name;   // offset of its first entry's name; a name is its length in one byte and its bytes
};
struct Entry {
  std::uint16_t fingerprint;
  std::uint16_t set;
};
inline constexpr char kMagic[8] = {'W', 'E', 'I', 'R', 'C', 'A', 'T', '\n'};
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::size_t kAlignment = 64;  // bytes
inline constexpr std::size_t kEntriesPerBucket = 8;
inline constexpr std::size_t kFilterBitsPerKey = 10;

inline std::size_t slot_of(std::uint64_t hash, std::uint32_t slots) { return ((hash >> 32U) * slots) >> 32U; }
inline std::uint16_t fingerprint_of(std::uint64_t hash) { return static_cast<std::uint16_t>(hash); }
/// Four bits of a filter's word each. The hash is spread again, since a word's neighbours share its high
/// bits.
inline std::uint64_t four_bits(std::uint64_t from) {
  return 1ULL << (from & 63U) | 1ULL << (from >> 6U & 63U) | 1ULL << (from >> 12U & 63U) |
         1ULL << (from >> 18U & 63U);
}
inline std::uint64_t listed_bits(std::uint64_t hash) {
  return four_bits(hash * 0x9e37'79b9'7f4a'7c15U >> 40U);
}
inline std::uint64_t longer_bits(std::uint64_t hash) {
  return four_bits(hash * 0xd6e8'feb8'6659'fd93U >> 40U);
}
}  // namespace category_layout

class CategoryFile {
 public:
  static constexpr std::uint16_t kAllowed = 0;  // the set of no list: an override

  /// kNotFound: no such file; kCorrupt: damaged, truncated or of another version, said which; kSystem.
  [[nodiscard]] static Result<CategoryFile> open(const std::string& path);
  /// The same of bytes in memory; `name` is what errors call them.
  [[nodiscard]] static Result<CategoryFile> from_bytes(std::string_view bytes, const std::string& name);

  /// visit(CategoryHit) for every listed suffix of a canonical name, the shortest first.
  template <typename Visit>
  void lookup(std::string_view name, Visit&& visit) const noexcept {
    SuffixWalk walk{name};
    for (std::uint32_t labels = 1; walk.next(); ++labels) {
      if (labels < header_.labels_min) continue;
      fetch_bucket(walk.hash());  // while the filter's word comes
      const std::uint64_t word = filter_[category_layout::slot_of(walk.hash(), header_.filter_words)];
      if (has(word, category_layout::listed_bits(walk.hash()))) {
        if (const auto set = find(walk.hash(), walk.suffix())) visit(CategoryHit{*set, walk.suffix()});
      }
      if (!has(word, category_layout::longer_bits(walk.hash()))) return;
    }
  }

  /// The same for up to kBatch names at once, whose memory is fetched side by side: visit(index,
  /// CategoryHit).
  static constexpr std::size_t kBatch = 8;
  template <typename Visit>
  void lookup_batch(std::span<const std::string_view> names, Visit&& visit) const noexcept;

  [[nodiscard]] const std::vector<CategoryList>& lists() const { return *lists_; }
  /// The lists of a set; none for kAllowed.
  [[nodiscard]] std::span<const CategoryMember> members(std::uint16_t set) const;
  [[nodiscard]] std::size_t sets() const { return header_.sets; }
  [[nodiscard]] std::size_t domains() const { return header_.entries; }
  [[nodiscard]] TimeNs made_at() const { return header_.made_at; }
  [[nodiscard]] std::size_t file_bytes() const { return header_.file_bytes; }
  /// What lookups of unlisted names read: everything but the names.
  [[nodiscard]] std::size_t index_bytes() const { return header_.file_bytes - header_.names_bytes; }

  /// visit(name, set) for every entry, in no order that means anything; where it gives a bool, false ends it.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    std::size_t at = 0;
    for (const category_layout::Entry& entry : entries_) {
      const std::string_view name = name_at(at);
      if constexpr (std::is_same_v<std::invoke_result_t<Visit&, std::string_view, std::uint16_t>, bool>) {
        if (!visit(name, entry.set)) return;
      } else {
        visit(name, entry.set);
      }
      at += name.size() + 1;
    }
  }

 private:
  static bool has(std::uint64_t word, std::uint64_t bits) { return (word & bits) == bits; }
  [[nodiscard]] static Result<CategoryFile> over(std::shared_ptr<const char> bytes, std::size_t size,
                                                 const std::string& name);
  /// The set of the entry whose name is `name`.
  [[nodiscard]] std::optional<std::uint16_t> find(std::uint64_t hash, std::string_view name) const noexcept;
  /// The name at an offset of the section; empty behind its end.
  [[nodiscard]] std::string_view name_at(std::size_t offset) const noexcept;
  void fetch_bucket(std::uint64_t hash) const noexcept {
    __builtin_prefetch(buckets_.data() + category_layout::slot_of(hash, header_.buckets));
  }
  void fetch_entries(std::uint64_t hash) const noexcept;
  [[nodiscard]] bool is_sound() const;
  [[nodiscard]] bool read_lists(std::string_view json);

  std::shared_ptr<const char> bytes_;
  category_layout::Header header_{};
  const std::uint64_t* filter_ = nullptr;
  std::span<const category_layout::Bucket> buckets_;  // and one behind the last, where all ends
  std::span<const category_layout::Entry> entries_;
  std::span<const std::uint32_t> set_starts_;  // and one behind the last
  std::span<const CategoryMember> set_members_;
  std::string_view names_;
  std::shared_ptr<const std::vector<CategoryList>> lists_;
};

template <typename Visit>
void CategoryFile::lookup_batch(std::span<const std::string_view> names, Visit&& visit) const noexcept {
  struct Candidate {
    std::size_t index = 0;
    std::uint64_t hash = 0;
    std::string_view suffix;
  };
  std::array<SuffixWalk, kBatch> walks;
  std::array<std::size_t, kBatch> going{};  // names whose walk goes on
  std::array<Candidate, 2 * kBatch> candidates;
  std::size_t going_count = std::min(names.size(), kBatch);
  std::size_t found = 0;
  const auto look = [&] {
    for (std::size_t i = 0; i < found; ++i) fetch_entries(candidates[i].hash);
    for (std::size_t i = 0; i < found; ++i) {
      const Candidate& one = candidates[i];
      if (const auto set = find(one.hash, one.suffix)) visit(one.index, CategoryHit{*set, one.suffix});
    }
    found = 0;
  };
  for (std::size_t i = 0; i < going_count; ++i) {
    walks[i] = SuffixWalk{names[i]};
    going[i] = i;
  }
  for (std::uint32_t labels = 1; going_count > 0; ++labels) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < going_count; ++i) {
      SuffixWalk& walk = walks[going[i]];
      if (!walk.next()) continue;
      __builtin_prefetch(filter_ + category_layout::slot_of(walk.hash(), header_.filter_words));
      going[kept++] = going[i];
    }
    going_count = kept;
    if (labels < header_.labels_min) continue;
    kept = 0;
    for (std::size_t i = 0; i < going_count; ++i) {
      const SuffixWalk& walk = walks[going[i]];
      const std::uint64_t word = filter_[category_layout::slot_of(walk.hash(), header_.filter_words)];
      if (has(word, category_layout::listed_bits(walk.hash()))) {
        candidates[found++] = {going[i], walk.hash(), walk.suffix()};
        fetch_bucket(walk.hash());
      }
      if (has(word, category_layout::longer_bits(walk.hash()))) going[kept++] = going[i];
    }
    going_count = kept;
    if (found > kBatch) look();
  }
  look();
}

}  // namespace weir::policy
