// SPDX-License-Identifier: Apache-2.0
#include "policy/report/pdf.h"

#include <fmt/format.h>

#include "policy/lang/moment.h"
#include "policy/report/pdf_chart.h"
#include "policy/report/pdf_page.h"
#include "policy/report/pdf_table.h"

namespace weir::report {
namespace {

constexpr std::size_t kFiguresARow = 4;
constexpr double kFigureHeight = 50;
constexpr double kGap = 8;
constexpr double kChartHeight = 150;
constexpr double kSectionGap = 16;

std::string period_text(const Report& report, const Period& period) {
  const std::string first = date_text(period.first_day);
  if (period.days() == 1) return first;
  return fmt::format("{} {} {}", first, text(Word::kTo, report.language), date_text(period.end_day - 1));
}

void heading(Page& page, const Report& report) {
  Canvas& canvas = page.canvas();
  const auto word = [&](Word one) { return text(one, report.language); };
  page.advance(canvas.write(page.rest(), title_of(report), {.size = 24, .bold = true, .colour = kInk}) + 4);
  const std::string group = report.group.empty() ? std::string(word(Word::kAllGroups)) : report.group;
  const auto row = [&](Word name, const std::string& value) {
    Box box = page.rest();
    canvas.write(box, word(name), {.size = 9, .colour = kGrey});
    box.x += 110;
    box.width -= 110;
    page.advance(canvas.write(box, value, {.size = 9, .colour = kInk}) + 2);
  };
  row(Word::kAppliance, report.appliance);
  row(Word::kPeriod, fmt::format("{} ({})", period_text(report, report.period), report.zone_name));
  row(Word::kComparedWith, period_text(report, report.previous));
  row(Word::kGroup, group);
  row(Word::kGenerated, policy::local_text(report.zone, report.made));
  page.advance(kSectionGap);
}

void figure(Page& page, const Report& report, const Figure& one, const Box& box) {
  Canvas& canvas = page.canvas();
  canvas.fill(box, kPale);
  canvas.fill({box.x, box.y, 2.5, box.height}, kAccent);
  const double width = box.width - 16;
  canvas.write({box.x + 10, box.y + 6, width, 0}, one.title, {.size = 8, .colour = kGrey});
  const std::string value = cell_text(one.now, report);
  canvas.write({box.x + 10, box.y + 20, width, 0}, value, {.size = 17, .bold = true, .colour = kInk});
  if (one.change.type == Cell::Type::kNone) return;
  const std::string sign = one.change.number > 0 ? "+" : "";
  canvas.write({box.x + 10, box.y + 27, width, 0}, sign + cell_text(one.change, report),
               {.size = 9, .colour = kGrey, .align = TextAlign::kRight});
}

void figures(Page& page, const Report& report) {
  const Box whole = page.rest();
  const double width = (whole.width - kGap * (kFiguresARow - 1)) / kFiguresARow;
  for (std::size_t i = 0; i < report.figures.size(); ++i) {
    const std::size_t column = i % kFiguresARow;
    if (column == 0 && i > 0) page.advance(kFigureHeight + kGap);
    const Box row = page.rest();
    figure(page, report, report.figures[i],
           {row.x + static_cast<double>(column) * (width + kGap), row.y, width, kFigureHeight});
  }
  page.advance(kFigureHeight + kSectionGap);
}

/// Draws all of it; `pages`: how many there are, as far as that is known.
Result<std::string> draw(const Report& report, Paper paper, std::size_t pages, std::size_t& drawn) {
  constexpr double kLetterWidth = 612;
  constexpr double kLetterHeight = 792;
  PaperInfo info;
  if (paper == Paper::kLetter) {
    info.width = kLetterWidth;
    info.height = kLetterHeight;
  }
  info.title = fmt::format("{} {}", title_of(report), period_text(report, report.period));
  info.author = "Weir " + report.appliance;
  info.subject = period_text(report, report.period);
  info.language = report.language == Language::kFrench ? "fr" : "en";
  info.made = report.made;
  Canvas canvas{info};
  Page page{canvas, info, {info.title + " - " + report.appliance, report.language, pages}};
  heading(page, report);
  figures(page, report);
  for (const Chart& chart : report.charts) {
    page.need(kChartHeight);
    draw_chart(page, report, chart, kChartHeight);
    page.advance(kSectionGap);
  }
  for (const Table& table : report.tables) {
    draw_table(page, report, table);
    page.advance(kSectionGap);
  }
  drawn = page.number();
  return canvas.finish();
}

}  // namespace

Result<std::string> to_pdf(const Report& report, Paper paper) {
  std::size_t pages = 0;
  if (auto counted = draw(report, paper, 0, pages); !counted) return counted;
  return draw(report, paper, pages, pages);
}

}  // namespace weir::report
