// SPDX-License-Identifier: Apache-2.0
// Where on which page the next thing goes, and what stands on the edge of each.
#pragma once

#include <string>

#include "policy/report/canvas.h"
#include "policy/report/words.h"

namespace weir::report {

inline constexpr Colour kInk{0.11, 0.15, 0.20};
inline constexpr Colour kGrey{0.40, 0.45, 0.50};
inline constexpr Colour kRule{0.80, 0.83, 0.86};
inline constexpr Colour kPale{0.955, 0.965, 0.975};
inline constexpr Colour kAccent{0.09, 0.37, 0.55};

struct PageWords {
  std::string title;  // of every page but the first
  Language language = Language::kEnglish;
  std::size_t pages = 0;
};

class Page {
 public:
  Page(Canvas& canvas, const PaperInfo& paper, PageWords words);

  [[nodiscard]] Canvas& canvas() { return canvas_; }
  /// What is free below.
  [[nodiscard]] Box rest() const;
  void advance(double height) { y_ += height; }
  /// Begins the next page unless so much is free. True: it did.
  bool need(double height);
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  void edge();

  Canvas& canvas_;
  double width_;
  double height_;
  PageWords words_;
  double y_;
  std::size_t number_ = 1;
};

}  // namespace weir::report
