// SPDX-License-Identifier: Apache-2.0
// Memory of large objects that live as long as a flow is looked at: kept when one ends and given to the next,
// instead of going through the allocator. Nothing of what was in it is used again.
//
// struct Impl : Recycled<Impl> { ... };
//
// Threads: each has its own store. Under a sanitizer there is none, so that it sees every end.
#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace weir::classifier {

inline constexpr std::size_t kRecycledMax = 256;  // objects of one type

template <typename T>
class Recycled {
 public:
  static void* operator new(std::size_t bytes) {
    Store& store = stored();
    return store.count > 0 ? store.blocks[--store.count] : ::operator new(bytes);
  }
  static void operator delete(void* at) noexcept {
    Store& store = stored();
    if (store.count < kKept) {
      store.blocks[store.count++] = at;
    } else {
      ::operator delete(at);  // clang 14 has no sized one
    }
  }

 private:
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__clang__)
  static constexpr std::size_t kKept = 0;
#else
  static constexpr std::size_t kKept = kRecycledMax;
#endif
  struct Store {
    std::array<void*, kRecycledMax> blocks;
    std::size_t count;
  };
  static Store& stored() noexcept {
    static thread_local constinit Store store{};
    return store;
  }
};

}  // namespace weir::classifier
