// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/category_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>

namespace weir::policy {
namespace {

using category_layout::Bucket;
using category_layout::Entry;
using category_layout::Header;

constexpr std::size_t kUnchecked = offsetof(Header, checksum) + sizeof(Header::checksum);

tl::unexpected<Error> damaged(const std::string& name, std::string what) {
  return tl::unexpected<Error>(Error{ErrorCode::kCorrupt,
                                     std::move(what),
                                     "weirctl category rollback brings the file before back",
                                     {name, 0, 0}});
}

tl::unexpected<Error> refused(const std::string& name, std::string_view what) {
  const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kSystem;
  return tl::unexpected<Error>(
      Error{code, fmt::format("{}: {}", what, std::generic_category().message(errno)), {}, {name, 0, 0}});
}

/// Where the sections lie; each begins at a multiple of the alignment.
struct Sections {
  explicit Sections(const Header& header) {
    filter = place(std::size_t{header.filter_words} * sizeof(std::uint64_t));
    buckets = place((std::size_t{header.buckets} + 1) * sizeof(Bucket));
    entries = place(std::size_t{header.entries} * sizeof(Entry));
    set_starts = place((std::size_t{header.sets} + 1) * sizeof(std::uint32_t));
    set_members = place(std::size_t{header.set_members} * sizeof(CategoryMember));
    lists = place(header.lists_bytes);
    names = at;
    end = names + header.names_bytes;
  }
  std::size_t place(std::size_t bytes) {
    const std::size_t begin = at;
    at +=
        (bytes + category_layout::kAlignment - 1) / category_layout::kAlignment * category_layout::kAlignment;
    return begin;
  }
  std::size_t at = sizeof(Header);
  std::size_t filter, buckets, entries, set_starts, set_members, lists, names, end;
};
static_assert(sizeof(Header) % category_layout::kAlignment == 0);

template <typename T>
std::span<const T> section(const char* bytes, std::size_t offset, std::size_t count) {
  return {reinterpret_cast<const T*>(bytes + offset), count};
}

}  // namespace

bool is_category_name(std::string_view text) {
  constexpr std::size_t kBytesMax = 64;
  return !text.empty() && text.size() <= kBytesMax &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string_view::npos;
}

Result<CategoryFile> CategoryFile::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return refused(path, "cannot be opened");
  struct stat status {};
  const bool regular = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (!regular || size < sizeof(Header) || size > kCategoryFileBytesMax) {
    ::close(file);
    return damaged(path,
                   fmt::format("is not a category file: {}",
                               regular ? fmt::format("it has {} bytes", size) : "it is no regular file"));
  }
  void* const mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  ::close(file);
  if (mapped == MAP_FAILED) return refused(path, "cannot be mapped");
  return over({static_cast<const char*>(mapped), [mapped, size](const char*) { munmap(mapped, size); }}, size,
              path);
}

Result<CategoryFile> CategoryFile::from_bytes(std::string_view bytes, const std::string& name) {
  if (bytes.size() < sizeof(Header)) {
    return damaged(name, fmt::format("is not a category file: it has {} bytes", bytes.size()));
  }
  constexpr std::align_val_t kAligned{category_layout::kAlignment};
  char* const copy = static_cast<char*>(::operator new(bytes.size(), kAligned));
  std::memcpy(copy, bytes.data(), bytes.size());
  return over({copy, [](const char* held) { ::operator delete(const_cast<char*>(held), kAligned); }},
              bytes.size(), name);
}

Result<CategoryFile> CategoryFile::over(std::shared_ptr<const char> bytes, std::size_t size,
                                        const std::string& name) {
  CategoryFile file;
  Header& header = file.header_;
  std::memcpy(&header, bytes.get(), sizeof(Header));
  if (std::memcmp(header.magic, category_layout::kMagic, sizeof(header.magic)) != 0)
    return damaged(name, "is not a category file: its first bytes are others");
  if (header.version != category_layout::kVersion || header.header_bytes != sizeof(Header)) {
    return damaged(name, fmt::format("is of version {}, and this Weir reads version {}: import it again",
                                     header.version, category_layout::kVersion));
  }
  const bool counts = header.filter_words > 0 && header.buckets > 0 && header.sets > 0 &&
                      header.sets <= kCategorySetsMax && header.entries <= kCategoryDomainsMax &&
                      header.names_bytes <= size;
  const Sections at{header};
  if (!counts || header.file_bytes != size || at.end != size) {
    return damaged(name, fmt::format("is damaged: its header speaks of {} bytes, and it has {}",
                                     header.file_bytes == size ? at.end : header.file_bytes, size));
  }
  const std::uint64_t checksum = XXH3_64bits(bytes.get() + kUnchecked, size - kUnchecked);
  if (checksum != header.checksum) {
    return damaged(name, fmt::format("is damaged: its checksum is {:016x}, and its header says {:016x}",
                                     checksum, header.checksum));
  }
  const char* const base = bytes.get();
  file.filter_ = section<std::uint64_t>(base, at.filter, header.filter_words).data();
  file.buckets_ = section<Bucket>(base, at.buckets, std::size_t{header.buckets} + 1);
  file.entries_ = section<Entry>(base, at.entries, header.entries);
  file.set_starts_ = section<std::uint32_t>(base, at.set_starts, std::size_t{header.sets} + 1);
  file.set_members_ = section<CategoryMember>(base, at.set_members, header.set_members);
  file.names_ = {base + at.names, header.names_bytes};
  file.bytes_ = std::move(bytes);
  if (!file.read_lists({base + at.lists, header.lists_bytes}) || !file.is_sound())
    return damaged(name, "contradicts itself: import it again");
  return file;
}

/// What a file with a right checksum could still say to make a lookup read beside it.
bool CategoryFile::is_sound() const {
  if (buckets_.front().entry != 0 || buckets_.back().entry != header_.entries) return false;
  for (std::size_t i = 1; i < buckets_.size(); ++i) {
    if (buckets_[i].entry < buckets_[i - 1].entry || buckets_[i].name < buckets_[i - 1].name) return false;
  }
  const auto known_set = [&](const Entry& entry) { return entry.set < header_.sets; };
  if (!std::all_of(entries_.begin(), entries_.end(), known_set)) return false;
  if (set_starts_.back() != set_members_.size() || set_starts_[1] != set_starts_[0]) return false;
  if (!std::is_sorted(set_starts_.begin(), set_starts_.end())) return false;
  return std::all_of(set_members_.begin(), set_members_.end(),
                     [&](const CategoryMember& member) { return member.list < lists_->size(); });
}

bool CategoryFile::read_lists(std::string_view json) {
  const auto rows = nlohmann::json::parse(json, nullptr, false);
  if (!rows.is_array() || rows.size() > kCategoryListsMax) return false;
  auto lists = std::make_shared<std::vector<CategoryList>>();
  for (const auto& row : rows) {
    const auto is_text = [&](const char* key) { return row.contains(key) && row[key].is_string(); };
    const auto is_count = [&](const char* key) { return row.contains(key) && row[key].is_number_integer(); };
    if (!row.is_object() || !is_text("category") || !is_text("source") || !is_text("format") ||
        !is_text("licence") || !is_count("read_at") || !is_count("domains")) {
      return false;
    }
    lists->push_back({row["category"], row["source"], row["format"], row["licence"], row["read_at"],
                      row["domains"].get<std::uint32_t>()});
  }
  lists_ = std::move(lists);
  return true;
}

std::span<const CategoryMember> CategoryFile::members(std::uint16_t set) const {
  return set_members_.subspan(set_starts_[set], set_starts_[set + 1U] - set_starts_[set]);
}

std::string_view CategoryFile::name_at(std::size_t offset) const noexcept {
  if (offset >= names_.size()) return {};
  return names_.substr(offset + 1, static_cast<unsigned char>(names_[offset]));
}

std::optional<std::uint16_t> CategoryFile::find(std::uint64_t hash, std::string_view name) const noexcept {
  const std::size_t slot = category_layout::slot_of(hash, header_.buckets);
  const std::uint32_t end = buckets_.data()[slot + 1].entry;
  std::size_t name_offset = buckets_.data()[slot].name;
  const std::uint16_t fingerprint = category_layout::fingerprint_of(hash);
  std::size_t at = buckets_.data()[slot].entry;
  for (std::size_t byte = 0; byte < 192; byte += 64) __builtin_prefetch(names_.data() + name_offset + byte);
  std::size_t names_before = 0;  // entries whose names were not stepped over yet
  for (; at < end; ++at, ++names_before) {
    if (entries_.data()[at].fingerprint != fingerprint) continue;
    for (; names_before > 0; --names_before) name_offset += name_at(name_offset).size() + 1;
    if (name_at(name_offset) == name) return entries_.data()[at].set;
  }
  return std::nullopt;
}

void CategoryFile::fetch_entries(std::uint64_t hash) const noexcept {
  const Bucket& bucket = buckets_.data()[category_layout::slot_of(hash, header_.buckets)];
  __builtin_prefetch(entries_.data() + bucket.entry);
  for (std::size_t byte = 0; byte < 192; byte += 64) __builtin_prefetch(names_.data() + bucket.name + byte);
}

}  // namespace weir::policy
