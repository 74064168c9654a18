// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/category_builder.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "policy/categories/canonical_name.h"

namespace weir::policy {
namespace {

using category_layout::Bucket;
using category_layout::Entry;
using category_layout::Header;

constexpr std::uint16_t kOverride = kCategoryListsMax;  // the list of names that are in no category

std::uint64_t hash_of(std::string_view name) {
  SuffixWalk walk{name};
  while (walk.next()) continue;
  return walk.hash();
}

/// The sections while they grow; every name's entry comes in the order of its hash.
struct Parts {
  std::vector<std::uint64_t> filter;
  std::vector<Bucket> buckets;
  std::vector<Entry> entries;
  std::vector<std::uint32_t> set_starts{0, 0};  // of set 0, which has no list, and of the next one
  std::vector<CategoryMember> set_members;
  std::string names;
  std::uint32_t labels_min = kDomainBytesMax;
};

class SetNumbers {
 public:
  /// The number of a set of lists, which is new or known; kCategorySetsMax: there are too many.
  std::size_t of(const std::vector<CategoryMember>& members, Parts& parts) {
    std::string key(reinterpret_cast<const char*>(members.data()), members.size() * sizeof(CategoryMember));
    const auto [at, fresh] = numbers_.try_emplace(std::move(key), parts.set_starts.size() - 1);
    if (fresh) {
      parts.set_members.insert(parts.set_members.end(), members.begin(), members.end());
      parts.set_starts.push_back(static_cast<std::uint32_t>(parts.set_members.size()));
    }
    return at->second;
  }

 private:
  std::map<std::string, std::size_t, std::less<>> numbers_;
};

/// Every parent of a listed name gets the bits that say that something longer is listed.
void fill_filter(Parts& parts, const std::vector<std::uint64_t>& listed) {
  std::vector<std::uint64_t> parents;
  std::size_t at = 0;
  for (std::size_t i = 0; i < listed.size(); ++i) {
    const auto bytes = static_cast<unsigned char>(parts.names[at]);
    SuffixWalk walk{std::string_view{parts.names}.substr(at + 1, bytes)};
    std::uint32_t labels = 1;
    for (; walk.next() && !walk.is_whole(); ++labels) parents.push_back(walk.hash());
    parts.labels_min = std::min(parts.labels_min, labels);
    at += bytes + 1U;
  }
  std::sort(parents.begin(), parents.end());
  parents.erase(std::unique(parents.begin(), parents.end()), parents.end());
  const std::size_t bits = (listed.size() + parents.size()) * category_layout::kFilterBitsPerKey;
  parts.filter.assign(bits / 64 + 1, 0);
  const auto words = static_cast<std::uint32_t>(parts.filter.size());
  for (const std::uint64_t hash : listed) {
    parts.filter[category_layout::slot_of(hash, words)] |= category_layout::listed_bits(hash);
  }
  for (const std::uint64_t hash : parents) {
    parts.filter[category_layout::slot_of(hash, words)] |= category_layout::longer_bits(hash);
  }
}

/// hashes[i] is that of entry i.
void fill_buckets(Parts& parts, const std::vector<std::uint64_t>& hashes) {
  const auto count = static_cast<std::uint32_t>(hashes.size() / category_layout::kEntriesPerBucket + 1);
  parts.buckets.reserve(count + 1U);
  std::size_t name = 0;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const Bucket here{static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(name)};
    while (parts.buckets.size() <= category_layout::slot_of(hashes[i], count)) parts.buckets.push_back(here);
    name += static_cast<unsigned char>(parts.names[name]) + 1U;
  }
  parts.buckets.resize(count + 1U,
                       {static_cast<std::uint32_t>(hashes.size()), static_cast<std::uint32_t>(name)});
}

template <typename T>
void append(std::string& bytes, const std::vector<T>& values) {
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  bytes.resize((bytes.size() + category_layout::kAlignment - 1) / category_layout::kAlignment *
               category_layout::kAlignment);
}

std::string json_of(const std::vector<CategoryList>& lists) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const CategoryList& list : lists) {
    rows.push_back({{"category", list.category},
                    {"source", list.source},
                    {"format", list.format},
                    {"licence", list.licence},
                    {"read_at", list.read_at},
                    {"domains", list.domains}});
  }
  return rows.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string bytes_of(const Parts& parts, const std::vector<CategoryList>& lists, TimeNs made_at) {
  const std::string json = json_of(lists);
  Header header{};
  std::memcpy(header.magic, category_layout::kMagic, sizeof(header.magic));
  header.version = category_layout::kVersion;
  header.header_bytes = sizeof(Header);
  header.names_bytes = parts.names.size();
  header.made_at = made_at;
  header.filter_words = static_cast<std::uint32_t>(parts.filter.size());
  header.buckets = static_cast<std::uint32_t>(parts.buckets.size() - 1);
  header.entries = static_cast<std::uint32_t>(parts.entries.size());
  header.sets = static_cast<std::uint32_t>(parts.set_starts.size() - 1);
  header.set_members = static_cast<std::uint32_t>(parts.set_members.size());
  header.lists_bytes = static_cast<std::uint32_t>(json.size());
  header.labels_min = parts.labels_min;
  std::string bytes(sizeof(Header), '\0');
  bytes.reserve(parts.entries.size() * 8 + parts.names.size());
  append(bytes, parts.filter);
  append(bytes, parts.buckets);
  append(bytes, parts.entries);
  append(bytes, parts.set_starts);
  append(bytes, parts.set_members);
  append(bytes, std::vector<char>(json.begin(), json.end()));
  bytes += parts.names;
  header.file_bytes = bytes.size();
  std::memcpy(bytes.data(), &header, sizeof(Header));
  constexpr std::size_t kUnchecked = offsetof(Header, checksum) + sizeof(Header::checksum);
  header.checksum = XXH3_64bits(bytes.data() + kUnchecked, bytes.size() - kUnchecked);
  std::memcpy(bytes.data(), &header, sizeof(Header));
  return bytes;
}

}  // namespace

Result<std::uint16_t> CategoryBuilder::add_list(CategoryList list) {
  if (lists_.size() >= limits_.lists_max) {
    return failure(ErrorCode::kLimit,
                   fmt::format("more than {} lists in one category file", limits_.lists_max));
  }
  lists_.push_back(std::move(list));
  return static_cast<std::uint16_t>(lists_.size() - 1);
}

Result<void> CategoryBuilder::add(std::uint16_t list, std::string_view name, bool below_only) {
  if (records_.size() >= limits_.domains_max || names_.size() >= kNamesBytesMax) {
    return failure(ErrorCode::kLimit,
                   fmt::format("more than {} domains in one category file", limits_.domains_max));
  }
  const CategoryMember member{list, below_only ? std::uint16_t{1} : std::uint16_t{0}};
  records_.push_back({hash_of(name), static_cast<std::uint32_t>(names_.size()), member,
                      static_cast<std::uint8_t>(name.size())});
  names_ += name;
  return {};
}

void CategoryBuilder::allow(std::string_view name) { allowed_.emplace(name); }

bool CategoryBuilder::is_allowed(std::string_view name) const {
  SuffixWalk walk{name};
  while (walk.next()) {
    if (allowed_.contains(std::string{walk.suffix()})) return true;
  }
  return false;
}

void CategoryBuilder::drop_overridden() {
  if (allowed_.empty()) return;
  overridden_ = std::erase_if(records_, [&](const Record& record) { return is_allowed(name_of(record)); });
  for (const std::string& name : allowed_) {
    records_.push_back({hash_of(name),
                        static_cast<std::uint32_t>(names_.size()),
                        {kOverride, 0},
                        static_cast<std::uint8_t>(name.size())});
    names_ += name;
  }
}

Result<std::string> CategoryBuilder::build(TimeNs made_at) {
  drop_overridden();
  std::sort(records_.begin(), records_.end(), [&](const Record& a, const Record& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    const int names = name_of(a).compare(name_of(b));
    return names != 0
               ? names < 0
               : std::tie(a.member.list, a.member.below_only) < std::tie(b.member.list, b.member.below_only);
  });
  Parts parts;
  SetNumbers numbers;
  std::vector<std::uint64_t> hashes;
  std::vector<CategoryMember> members;
  for (std::size_t i = 0; i < records_.size();) {
    const Record& first = records_[i];
    members.clear();
    for (; i < records_.size() && records_[i].hash == first.hash && name_of(records_[i]) == name_of(first);
         ++i) {
      const CategoryMember member = records_[i].member;
      if (member.list == kOverride) continue;
      // Of one list that says x and *.x, the first is the wider.
      if (!members.empty() && members.back().list == member.list) continue;
      members.push_back(member);
      ++lists_[member.list].domains;
    }
    const std::size_t set = members.empty() ? CategoryFile::kAllowed : numbers.of(members, parts);
    if (set >= limits_.sets_max) {
      return failure(
          ErrorCode::kLimit,
          fmt::format("more than {} different sets of lists that name one domain", limits_.sets_max));
    }
    hashes.push_back(first.hash);
    parts.entries.push_back({category_layout::fingerprint_of(first.hash), static_cast<std::uint16_t>(set)});
    parts.names.push_back(static_cast<char>(first.name_bytes));
    parts.names += name_of(first);
  }
  records_ = {};
  names_ = {};
  fill_buckets(parts, hashes);
  fill_filter(parts, hashes);
  return bytes_of(parts, lists_, made_at);
}

}  // namespace weir::policy
