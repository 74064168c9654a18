// SPDX-License-Identifier: Apache-2.0
// Any sequence of fragments, five bytes each: a datagram is whole exactly when a plain model, a map of bytes,
// says so; what contradicts the model is never held; no place is lost.
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <vector>

#include "dataplane/flow/fragment_table.h"

namespace {

using namespace weir::dataplane;

constexpr std::uint32_t kDatagrams = 4;
constexpr std::uint32_t kFragments = 24;

void require(bool holds) {
  if (!holds) std::abort();
}

/// What is known of one datagram, the plain way.
struct Model {
  std::vector<Fragment> held;
  std::map<std::uint32_t, std::uint8_t> bytes;
  std::optional<std::uint32_t> end;

  [[nodiscard]] bool contradicts(const Fragment& f) const {
    if (f.payload.empty() || (f.more && f.end() % 8 != 0) ||
        f.ip_header_bytes() + f.end() > kWholeDatagramBytesMax)
      return true;
    for (std::uint32_t at = f.offset; at < f.end(); ++at) {
      if (bytes.contains(at)) return true;
    }
    if (end && (f.end() >= *end || !f.more)) return true;
    return !f.more && !bytes.empty() && bytes.rbegin()->first >= f.end();
  }
  [[nodiscard]] bool repeats(const Fragment& f) const {
    for (const Fragment& one : held) {
      if (one.offset == f.offset && one.more == f.more && !f.payload.empty() &&
          std::vector(one.payload.begin(), one.payload.end()) ==
              std::vector(f.payload.begin(), f.payload.end())) {
        return true;
      }
    }
    return false;
  }
  void add(const Fragment& f) {
    held.push_back(f);
    for (std::uint32_t i = 0; i < f.payload.size(); ++i) bytes[f.offset + i] = f.payload[i];
    if (!f.more) end = f.end();
  }
  [[nodiscard]] bool whole() const { return end && bytes.size() == *end; }
};

FragmentFit expected(const Model& model, const Fragment& fragment) {
  if (model.repeats(fragment)) return FragmentFit::kDuplicate;
  if (model.contradicts(fragment)) return FragmentFit::kOverlap;
  Model then = model;
  then.add(fragment);
  return then.whole() ? FragmentFit::kComplete : FragmentFit::kHeld;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::uint8_t> content = [] {
    std::vector<std::uint8_t> bytes(512);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i / 3);
    return bytes;
  }();
  FragmentTable table(kDatagrams, kFragments);
  std::map<std::uint32_t, Model> models;  // by the datagram's place in the table
  for (std::size_t at = 0; at + 5 <= size; at += 5) {
    const std::uint8_t* input = data + at;
    Fragment fragment;
    fragment.datagram.high_port = input[0] % 8;
    fragment.hash = hash_of(fragment.datagram, 1);
    fragment.more = (input[1] & 1U) != 0;
    fragment.head_bytes = 20;
    fragment.offset = ((input[1] & 2U) != 0 ? 65'536U - 8U * (1U + input[2] % 8U) : 8U * (input[2] % 32U));
    fragment.payload = weir::Bytes{content}.subspan(input[3], input[4]);

    std::uint32_t datagram = table.find(fragment);
    while (!table.has_room(datagram == kNoFragment)) {
      const std::uint32_t oldest = table.oldest();
      models.erase(oldest);
      table.close(oldest);
      if (oldest == datagram) datagram = kNoFragment;
    }
    if (datagram == kNoFragment) datagram = table.open(fragment, 0);
    if (table.at(datagram).condemned) continue;
    Model& model = models[datagram];
    const FragmentFit fit = table.add(datagram, fragment);
    require(fit == expected(model, fragment));
    if (fit == FragmentFit::kHeld) model.add(fragment);
    if (fit == FragmentFit::kOverlap) table.condemn(datagram);
    if (fit == FragmentFit::kComplete) {
      std::uint32_t next = 0;
      for (std::uint32_t f = table.at(datagram).lowest; f != kNoFragment; f = table.held(f).next_by_offset) {
        require(table.held(f).fragment.offset == next);
        next = table.held(f).fragment.end();
      }
      require(next == table.at(datagram).end);
      table.close(datagram);
    }
    if (fit == FragmentFit::kOverlap || fit == FragmentFit::kComplete) models.erase(datagram);
  }
  std::uint32_t held = 0;
  for (; table.oldest() != kNoFragment; table.close(table.oldest())) held += table.at(table.oldest()).count;
  require(held <= kFragments && table.size() == 0 && table.held_count() == 0);
  return 0;
}
