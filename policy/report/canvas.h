// SPDX-License-Identifier: Apache-2.0
// Paper to draw on, behind which cairo and pango stay: points from the upper left corner, text in UTF-8, one
// page after the other. The same calls give the same bytes, with the same fonts on the machine.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::report {

struct Colour {
  double red = 0;
  double green = 0;
  double blue = 0;
};

enum class TextAlign : std::uint8_t { kLeft, kRight, kCentre };

struct TextStyle {
  double size = 9;  // points
  bool bold = false;
  Colour colour{};
  TextAlign align = TextAlign::kLeft;
  int lines_max = 1;  // what is longer ends in an ellipsis
};

struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};

struct PaperInfo {
  double width = 595.28;  // A4
  double height = 841.89;
  std::string title;
  std::string author;
  std::string subject;
  std::string language;  // "en": pango breaks lines by it
  TimeNs made = 0;
};

class Canvas {
 public:
  /// A PDF in memory.
  explicit Canvas(const PaperInfo& info);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  /// Within the box's width, from its upper edge; gives the height that it took.
  double write(const Box& box, std::string_view text, const TextStyle& style);
  [[nodiscard]] double height_of(double width, std::string_view text, const TextStyle& style);
  [[nodiscard]] double width_of(std::string_view text, const TextStyle& style);
  void fill(const Box& box, const Colour& colour);
  void line(double x1, double y1, double x2, double y2, double thickness, const Colour& colour);
  void next_page();
  /// Ends the document; nothing may be drawn afterwards. kSystem: cairo failed somewhere.
  [[nodiscard]] Result<std::string> finish();

 private:
  struct Drawing;
  std::unique_ptr<Drawing> drawing_;
};

}  // namespace weir::report
