// SPDX-License-Identifier: Apache-2.0
// Any bytes as a category file, as they are and with the checksum put right: it is refused, or everything may
// be asked of it.
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "policy/categories/category_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::policy;
  using category_layout::Header;
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(data[i]);
  if (const auto as_it_is = CategoryFile::from_bytes(bytes, "fuzz");
      as_it_is && as_it_is->file_bytes() != size)
    std::abort();
  if (size > sizeof(Header)) {
    constexpr std::size_t kUnchecked = offsetof(Header, checksum) + sizeof(Header::checksum);
    const std::uint64_t sum = XXH3_64bits(bytes.data() + kUnchecked, size - kUnchecked);
    std::memcpy(bytes.data() + offsetof(Header, checksum), &sum, sizeof(sum));
  }
  const int memory = memfd_create("fuzz", MFD_CLOEXEC);
  if (memory < 0 || write(memory, bytes.data(), size) != static_cast<ssize_t>(size)) std::abort();
  const auto file = CategoryFile::open("/proc/self/fd/" + std::to_string(memory));
  close(memory);
  if (!file) {
    if (file.error().what.empty()) std::abort();
    return 0;
  }
  std::size_t members = 0;
  const auto see = [&](const CategoryHit& hit) {
    for (const CategoryMember member : file->members(hit.set))
      members += file->lists()[member.list].category.size();
  };
  std::array<std::string_view, 3> names{"www.bet.example", "a.very.long-label-that-is-more.example", "x"};
  for (const std::string_view name : names) file->lookup(name, see);
  file->lookup_batch(names, [&](std::size_t, const CategoryHit& hit) { see(hit); });
  file->for_each([&](std::string_view name, std::uint16_t) { members += name.size(); });
  return members == static_cast<std::size_t>(-1) ? 1 : 0;
}
