// SPDX-License-Identifier: Apache-2.0
#include "policy/report/pdf_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::report {
namespace {

constexpr double kPadding = 4;
constexpr double kRowPadding = 2.6;
constexpr int kCellLines = 2;
constexpr double kTextSize = 8;
constexpr std::size_t kRowsTogether = 3;  // a heading does not stand alone at the foot of a page

struct Place {
  double x = 0;
  double width = 0;
};

/// Two columns a page apart are hard to read together.
Box box_of(const Page& page, const Table& table) {
  constexpr double kNarrowShare = 0.55;
  Box box = page.rest();
  if (table.columns.size() <= 2) box.width *= kNarrowShare;
  return box;
}

std::vector<Place> places_of(const Table& table, const Box& box) {
  double sum = 0;
  for (const Column& column : table.columns) sum += column.width;
  std::vector<Place> places;
  double x = box.x;
  for (const Column& column : table.columns) {
    const double width = box.width * column.width / sum;
    places.push_back({x + kPadding, width - 2 * kPadding});
    x += width;
  }
  return places;
}

TextStyle style_of(const Column& column, bool head) {
  return {.size = head ? 7.5 : kTextSize,
          .bold = head,
          .colour = head ? kGrey : kInk,
          .align = column.number ? TextAlign::kRight : TextAlign::kLeft,
          .lines_max = head ? 1 : kCellLines};
}

double row_height(Canvas& canvas, const Report& report, const Table& table, const std::vector<Place>& places,
                  const std::vector<Cell>& row) {
  double height = 0;
  for (std::size_t i = 0; i < row.size(); ++i)
    height = std::max(height, canvas.height_of(places[i].width, cell_text(row[i], report),
                                               style_of(table.columns[i], false)));
  return height + 2 * kRowPadding;
}

void draw_head(Page& page, const Table& table, const std::vector<Place>& places) {
  const Box box = box_of(page, table);
  double height = 0;
  for (std::size_t i = 0; i < places.size(); ++i)
    height = std::max(height, page.canvas().write({places[i].x, box.y + kRowPadding, places[i].width, 0},
                                                  table.columns[i].title, style_of(table.columns[i], true)));
  page.advance(height + 2 * kRowPadding);
  const double y = page.rest().y;
  page.canvas().line(box.x, y, box.x + box.width, y, 0.8, kGrey);
}

void draw_title(Page& page, const Table& table) {
  page.advance(page.canvas().write(page.rest(), table.title, {.size = 12, .bold = true, .colour = kInk}) + 2);
  if (table.about.empty()) return;
  page.advance(page.canvas().write(page.rest(), table.about, {.size = 7.5, .colour = kGrey, .lines_max = 2}) +
               3);
}

}  // namespace

void draw_table(Page& page, const Report& report, const Table& table) {
  Canvas& canvas = page.canvas();
  const std::vector<Place> places = places_of(table, box_of(page, table));
  constexpr double kHeadHeight = 60;  // of title, sentence and columns
  double together = kHeadHeight;
  for (std::size_t i = 0; i < std::min(kRowsTogether, table.rows.size()); ++i)
    together += row_height(canvas, report, table, places, table.rows[i]);
  page.need(together);
  draw_title(page, table);
  if (table.rows.empty()) {
    page.advance(canvas.write(page.rest(), text(Word::kNothing, report.language),
                              {.size = kTextSize, .colour = kGrey}));
    return;
  }
  draw_head(page, table, places);
  for (std::size_t at = 0; at < table.rows.size(); ++at) {
    const auto& row = table.rows[at];
    const double height = row_height(canvas, report, table, places, row);
    if (page.need(height)) draw_head(page, table, places);
    const Box box = box_of(page, table);
    if (at % 2 == 1) canvas.fill({box.x, box.y, box.width, height}, kPale);
    for (std::size_t i = 0; i < row.size(); ++i)
      canvas.write({places[i].x, box.y + kRowPadding, places[i].width, 0}, cell_text(row[i], report),
                   style_of(table.columns[i], false));
    page.advance(height);
  }
  const Box end = box_of(page, table);
  canvas.line(end.x, end.y, end.x + end.width, end.y, 0.4, kRule);
  if (table.left_out == 0) return;
  const std::string words{text(Word::kMoreRows, report.language)};
  const std::string more = fmt::format(
      fmt::runtime(words), count_text(static_cast<std::int64_t>(table.left_out), report.language));
  page.advance(kRowPadding);
  page.advance(canvas.write(page.rest(), more, {.size = kTextSize, .colour = kGrey}));
}

}  // namespace weir::report
