// SPDX-License-Identifier: Apache-2.0
#include "policy/report/pdf_chart.h"

#include <algorithm>
#include <array>

namespace weir::report {
namespace {

constexpr double kAxisWidth = 46;
constexpr double kLabelHeight = 14;
constexpr double kLegendHeight = 14;
constexpr std::int64_t kGridLines = 4;
constexpr double kBarShare = 0.72;
constexpr double kLabelWidth = 36;
constexpr std::array<Colour, 5> kColours{Colour{0.76, 0.82, 0.87}, Colour{0.47, 0.67, 0.80},
                                         Colour{0.96, 0.74, 0.32}, Colour{0.87, 0.42, 0.18},
                                         Colour{0.55, 0.09, 0.13}};

Colour colour_of(const Chart& chart, std::size_t series) {
  return chart.series.size() == 1 ? kAccent : kColours.at(series % kColours.size());
}

std::int64_t sum_at(const Chart& chart, std::size_t label) {
  std::int64_t sum = 0;
  for (const Series& series : chart.series) sum += series.values.at(label);
  return sum;
}

void draw_legend(Page& page, const Chart& chart, const Box& box) {
  if (chart.series.size() < 2) return;
  double x = box.x;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const TextStyle style{.size = 7.5, .colour = kGrey};
    page.canvas().fill({x, box.y + 2, 7, 7}, colour_of(chart, i));
    const double width = page.canvas().width_of(chart.series[i].name, style);
    page.canvas().write({x + 10, box.y, width + 2, 0}, chart.series[i].name, style);
    x += width + 24;
  }
}

void draw_grid(Page& page, const Report& report, const Chart& chart, const Box& plot, std::int64_t top) {
  const std::int64_t step = grid_step(top, chart.bytes);
  for (std::int64_t at = 0; at <= top; at += step) {
    const double y = plot.y + plot.height * (1.0 - static_cast<double>(at) / static_cast<double>(top));
    page.canvas().line(plot.x, y, plot.x + plot.width, y, at == 0 ? 0.8 : 0.4, at == 0 ? kGrey : kRule);
    const Cell cell{chart.bytes ? Cell::Type::kBytes : Cell::Type::kCount, {}, at};
    page.canvas().write({plot.x - kAxisWidth, y - 4.5, kAxisWidth - 5, 0}, cell_text(cell, report),
                        {.size = 7, .colour = kGrey, .align = TextAlign::kRight});
  }
}

void draw_bars(Page& page, const Chart& chart, const Box& plot, std::int64_t top) {
  const double slot = plot.width / static_cast<double>(chart.labels.size());
  const auto labels_fit = static_cast<std::size_t>(plot.width / kLabelWidth);
  const std::size_t every = (chart.labels.size() + labels_fit - 1) / labels_fit;
  for (std::size_t label = 0; label < chart.labels.size(); ++label) {
    const double x = plot.x + slot * static_cast<double>(label);
    double y = plot.y + plot.height;
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      const double height =
          plot.height * static_cast<double>(chart.series[i].values.at(label)) / static_cast<double>(top);
      y -= height;
      if (height > 0)
        page.canvas().fill({x + slot * (1 - kBarShare) / 2, y, slot * kBarShare, height},
                           colour_of(chart, i));
    }
    if (label % every != 0) continue;
    const double centre = x + slot / 2;
    page.canvas().write({centre - kLabelWidth / 2, plot.y + plot.height + 3, kLabelWidth, 0},
                        chart.labels[label], {.size = 7, .colour = kGrey, .align = TextAlign::kCentre});
  }
}

}  // namespace

std::int64_t grid_step(std::int64_t most, bool bytes) {
  const std::int64_t least = std::max<std::int64_t>((most + kGridLines - 1) / kGridLines, 1);
  std::int64_t step = 1;
  if (bytes) {
    while (step < least) step *= 2;
    return step;
  }
  for (std::int64_t power = 1;; power *= 10) {
    for (const std::int64_t factor : {1, 2, 5}) {
      step = power * factor;
      if (step >= least) return step;
    }
  }
}

void draw_chart(Page& page, const Report& report, const Chart& chart, double height) {
  const Box box = page.rest();
  Canvas& canvas = page.canvas();
  const double title = canvas.write(box, chart.title, {.size = 12, .bold = true, .colour = kInk}) + 4;
  draw_legend(page, chart, {box.x, box.y + title, box.width, kLegendHeight});
  const double above = title + (chart.series.size() < 2 ? 0 : kLegendHeight) + 6;
  const Box plot{box.x + kAxisWidth, box.y + above, box.width - kAxisWidth, height - above - kLabelHeight};
  std::int64_t most = 0;
  for (std::size_t i = 0; i < chart.labels.size(); ++i) most = std::max(most, sum_at(chart, i));
  const std::int64_t step = grid_step(most, chart.bytes);
  const std::int64_t top = std::max<std::int64_t>((most + step - 1) / step, 1) * step;
  draw_grid(page, report, chart, plot, top);
  draw_bars(page, chart, plot, top);
  page.advance(height);
}

}  // namespace weir::report
