// SPDX-License-Identifier: Apache-2.0
#include "policy/report/pdf_page.h"

#include <fmt/format.h>

namespace weir::report {
namespace {

constexpr double kSide = 48;
constexpr double kTop = 48;
constexpr double kBottom = 54;
constexpr double kHeaderSpace = 18;

}  // namespace

Page::Page(Canvas& canvas, const PaperInfo& paper, PageWords words)
    : canvas_(canvas), width_(paper.width), height_(paper.height), words_(std::move(words)), y_(kTop) {
  edge();
}

Box Page::rest() const { return {kSide, y_, width_ - 2 * kSide, height_ - kBottom - y_}; }

bool Page::need(double height) {
  if (rest().height >= height) return false;
  canvas_.next_page();
  ++number_;
  y_ = kTop + kHeaderSpace;
  edge();
  return true;
}

void Page::edge() {
  const double inner = width_ - 2 * kSide;
  const double foot = height_ - kBottom + 16;
  const TextStyle small{.size = 7.5, .colour = kGrey};
  TextStyle right = small;
  right.align = TextAlign::kRight;
  canvas_.line(kSide, foot, width_ - kSide, foot, 0.5, kRule);
  canvas_.write({kSide, foot + 5, inner / 2, 0}, "Weir", small);
  const std::string words{text(Word::kPage, words_.language)};
  canvas_.write({kSide + inner / 2, foot + 5, inner / 2, 0},
                fmt::format(fmt::runtime(words), number_, words_.pages), right);
  if (number_ == 1) return;
  canvas_.write({kSide, kTop - 14, inner, 0}, words_.title, small);
  canvas_.line(kSide, kTop, width_ - kSide, kTop, 0.5, kRule);
}

}  // namespace weir::report
