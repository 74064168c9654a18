// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/domain_table.h"

#include <fmt/format.h>

#include "policy/categories/canonical_name.h"

namespace weir::policy {
namespace {

constexpr std::size_t kSlotsAtFirst = 64;

/// FNV-1a, taken from a name's end to its front: the hash of each longer suffix continues that of the shorter
/// one.
class SuffixHash {
 public:
  void add(char c) { state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x0000'0100'0000'01b3U; }
  [[nodiscard]] std::uint32_t value() const {
    const std::uint64_t mixed = (state_ ^ (state_ >> 32U)) * 0x9e37'79b9'7f4a'7c15U;
    return static_cast<std::uint32_t>(mixed >> 32U);
  }

 private:
  std::uint64_t state_ = 0xcbf2'9ce4'8422'2325U;
};

std::uint32_t short_hash_of(std::string_view name) {
  SuffixHash hash;
  for (auto c = name.rbegin(); c != name.rend(); ++c) hash.add(*c);
  return hash.value();
}

}  // namespace

DomainTable::DomainTable(DomainLimits limits) : limits_(limits), slots_(kSlotsAtFirst) {}

Result<DomainSet> DomainTable::add_set() {
  if (sets_ >= limits_.sets_max || sets_ >= kDomainSetsMax) {
    return failure(ErrorCode::kLimit, fmt::format("more than {} sets of domains", limits_.sets_max),
                   "give rules that name the same domains one list");
  }
  return static_cast<DomainSet>(sets_++);
}

Result<void> DomainTable::add(DomainSet set, std::string_view pattern) {
  const bool below_only = pattern.starts_with("*.");
  const auto name = canonical_name(below_only ? pattern.substr(2) : pattern);
  const bool wildcard = pattern.find('*', below_only ? 1 : 0) != std::string_view::npos;
  if (!name || wildcard || pattern.find(':') != std::string_view::npos) {
    return failure(
        ErrorCode::kInvalid, fmt::format("\"{}\" is not a domain", pattern),
        "write name.example for a name and what is below it, *.name.example for what is below it only");
  }
  if (memberships_.size() >= limits_.domains_max || names_.size() >= kNamesBytesMax) {
    return failure(ErrorCode::kLimit, fmt::format("more than {} domains in one policy", limits_.domains_max));
  }
  if ((used_ + 1) * 2 > slots_.size()) grow();
  const std::uint32_t hash = short_hash_of(*name);
  Slot& slot = slots_[probe(*name, hash)];
  if (slot.first_membership == kNone) {
    slot.hash = hash;
    slot.name_offset = static_cast<std::uint32_t>(names_.size());
    slot.name_bytes = static_cast<std::uint8_t>(name->size());
    names_ += *name;
    ++used_;
  }
  for (std::uint32_t at = slot.first_membership; at != kNone; at = memberships_[at].next) {
    Membership& there = memberships_[at];
    if (there.set != set) continue;
    there.below_only = there.below_only && below_only;
    return {};
  }
  memberships_.push_back({slot.first_membership, set, below_only});
  slot.first_membership = static_cast<std::uint32_t>(memberships_.size() - 1);
  return {};
}

bool DomainTable::import(const CategoryFile& file, std::string_view category, DomainSet set) {
  if (!imported_) {
    imported_ = file;
    set_of_list_.resize(file.lists().size());
  }
  bool known = false;
  for (std::size_t i = 0; i < set_of_list_.size(); ++i) {
    if (imported_->lists()[i].category != category) continue;
    set_of_list_[i] = set;
    imported_sets_.set(index_of(set));
    known = true;
  }
  return known;
}

void DomainTable::lookup_imported(std::string_view name, DomainMatches& matches) const noexcept {
  imported_->lookup(name, [&](const CategoryHit& hit) {
    if (hit.set == CategoryFile::kAllowed) matches &= ~imported_sets_;
    for (const CategoryMember member : imported_->members(hit.set)) {
      const std::optional<DomainSet> set = set_of_list_[member.list];
      if (set && (member.below_only == 0 || hit.entry.size() < name.size())) matches.set(index_of(*set));
    }
  });
}

void DomainTable::lookup(std::string_view name, DomainMatches& matches) const noexcept {
  if (imported_) lookup_imported(name, matches);
  if (used_ == 0) return;
  SuffixHash hash;
  for (std::size_t at = name.size(); at-- > 0;) {
    hash.add(name[at]);
    if (at != 0 && name[at - 1] != '.') continue;
    const Slot& slot = slots_[probe(name.substr(at), hash.value())];
    for (std::uint32_t i = slot.first_membership; i != kNone; i = memberships_[i].next) {
      const Membership& there = memberships_[i];
      if (at != 0 || !there.below_only) matches.set(index_of(there.set));
    }
  }
}

std::optional<CategoryMember> DomainTable::member_of(DomainSet set, std::uint16_t file_set) const {
  for (const CategoryMember member : imported_->members(file_set)) {
    if (set_of_list_[member.list] == set) return member;
  }
  return std::nullopt;
}

std::vector<std::string> DomainTable::examples(DomainSet set, std::size_t most) const {
  std::vector<std::string> found;
  const auto take = [&](std::string_view name, bool below_only) {
    found.push_back((below_only ? "www." : "") + std::string(name));
    return found.size() < most;
  };
  for (const Slot& slot : slots_) {
    if (found.size() >= most) return found;
    for (std::uint32_t i = slot.first_membership; i != kNone; i = memberships_[i].next) {
      if (memberships_[i].set != set) continue;
      static_cast<void>(take(std::string_view(names_).substr(slot.name_offset, slot.name_bytes),
                             memberships_[i].below_only));
    }
  }
  if (imported_ && imported_sets_.test(index_of(set)) && found.size() < most) {
    imported_->for_each([&](std::string_view name, std::uint16_t file_set) {
      const auto member = member_of(set, file_set);
      return !member || take(name, member->below_only != 0);
    });
  }
  return found;
}

std::size_t DomainTable::probe(std::string_view name, std::uint32_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {  // ends: at least half of the slots are free
    const Slot& slot = slots_[at];
    if (slot.first_membership == kNone) return at;
    if (slot.hash == hash && std::string_view(names_).substr(slot.name_offset, slot.name_bytes) == name)
      return at;
  }
}

void DomainTable::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.first_membership == kNone) continue;
    std::size_t at = slot.hash & mask;
    while (slots_[at].first_membership != kNone) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

}  // namespace weir::policy
