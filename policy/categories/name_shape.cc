// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/name_shape.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>
#include <string>

namespace weir::policy {
namespace {

/// Pairs of letters that are common in words of English, French, German, Italian and Spanish.
constexpr std::string_view kCommonPairs =
    "abacadafagaiakalamanaparasatauavawaxayazbabebiblbobrbubycacccechcickclcocrctcudadddedidodrdsdueaebecedee"
    "efegeielemeneoeperesetevewexeyezfafefffiflfofrftfugageghgiglgngogrgsguhahehihohrhtiaibicidieifigikilimin"
    "ioipirisitivixizjajejojukakekiklknkokrkskulalbldlelflilklllmlolsltlulymambmemimmmompmsmtmumynanbncndnenf"
    "ngninknlnnnonsntnunyobocodofogoiokolomonoooporosotouovowoxpapephpiplpoppprpsptpuqurarcrdrerfrgrirkrlrmrn"
    "rorrrsrtrurvrwrysascseshsiskslsmsospssstsuswsytatetfthtitltotrtstttutvtwtyuaubucudueuguiulumunupurusutuz"
    "vavevivowawewhwiwnwowtyayeyoysytzazezo";

using Pairs = std::bitset<26 * 26>;

constexpr bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
std::size_t pair_of(char first, char second) {
  return static_cast<std::size_t>(first - 'a') * 26 + static_cast<std::size_t>(second - 'a');
}

const Pairs& common_pairs() {
  static const Pairs kPairs = [] {
    Pairs made;
    for (std::size_t i = 0; i + 1 < kCommonPairs.size(); i += 2)
      made.set(pair_of(kCommonPairs[i], kCommonPairs[i + 1]));
    return made;
  }();
  return kPairs;
}

}  // namespace

std::int64_t entropy_hundredths(std::string_view text) {
  if (text.empty()) return 0;
  std::array<std::uint32_t, 256> count{};
  for (const char c : text) ++count[static_cast<unsigned char>(c)];
  double bits = 0;
  const auto size = static_cast<double>(text.size());
  for (const std::uint32_t one : count) {
    if (one == 0) continue;
    const double share = one / size;
    bits -= share * std::log2(share);
  }
  return std::llround(bits * 100);
}

NameLoad load_of(std::string_view name, std::string_view registered) {
  name.remove_suffix(std::min(registered.size(), name.size()));
  NameLoad load;
  std::string below;
  below.reserve(name.size());
  std::int64_t label = 0;
  for (const char c : name) {
    label = c == '.' ? 0 : label + 1;
    load.longest = std::max(load.longest, label);
    if (c != '.') below.push_back(c);
  }
  load.bytes = static_cast<std::int64_t>(below.size());
  load.carrying = below.size() >= kCarryingBytes || static_cast<std::size_t>(load.longest) >= kCarryingLabel;
  if (load.carrying) load.entropy = entropy_hundredths(below);
  return load;
}

bool looks_generated(std::string_view label) {
  if (label.size() < kGeneratedBytesMin || label.starts_with("xn--")) return false;
  const Pairs& common = common_pairs();
  std::size_t pairs = 0;
  std::size_t known = 0;
  std::size_t digits = 0;
  std::size_t turns = 0;  // from a letter to a digit or back
  for (std::size_t i = 0; i < label.size(); ++i) {
    if (is_digit(label[i])) ++digits;
    if (i == 0) continue;
    const char before = label[i - 1];
    if (is_letter(before) && is_letter(label[i])) {
      ++pairs;
      if (common.test(pair_of(before, label[i]))) ++known;
    }
    if ((is_letter(before) && is_digit(label[i])) || (is_digit(before) && is_letter(label[i]))) ++turns;
  }
  if (digits * 5 >= label.size() && turns >= 3) return true;
  return pairs >= kGeneratedBytesMin - 2 && known * 100 < pairs * 62;
}

}  // namespace weir::policy
