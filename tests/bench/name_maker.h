// SPDX-License-Identifier: Apache-2.0
// Names as lists of domains have them: four fifths are a label and an ending, the others have one label more;
// 4 to 16 letters and digits a label, the endings of com most often.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>

namespace weir::bench {

class NameMaker {
 public:
  std::string listed() {
    std::string name = fmt::format("{}.{}", label(), kEndings[std::min(ending_(dice_), kEndings.size() - 1)]);
    return dice_() % 5 == 0 ? label() + "." + name : name;
  }
  std::string label() {
    std::string text(4 + dice_() % 6 + dice_() % 8, '\0');
    for (char& c : text) c = "abcdefghijklmnopqrstuvwxyz0123456789-ea"[dice_() % 39];
    text.front() = text.back() = 'a';
    text += std::to_string(made_++ % 1'000);
    return text;
  }
  std::size_t below(std::size_t end) { return dice_() % end; }

 private:
  static constexpr std::array<std::string_view, 12> kEndings{"com", "net", "org",   "de",     "ru", "info",
                                                             "xyz", "top", "co.uk", "com.br", "nl", "online"};
  std::mt19937_64 dice_{20'261'127};
  std::geometric_distribution<std::size_t> ending_{0.35};
  std::size_t made_ = 0;
};

}  // namespace weir::bench
