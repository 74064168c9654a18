// SPDX-License-Identifier: Apache-2.0
#include "policy/report/canvas.h"

#include <cairo-pdf.h>
#include <fmt/format.h>
#include <pango/pangocairo.h>

#include "policy/notify/utc_text.h"

namespace weir::report {
namespace {

constexpr const char* kFont = "DejaVu Sans";  // the package fonts-dejavu-core

cairo_status_t append(void* into, const unsigned char* bytes, unsigned length) {
  auto& text = *static_cast<std::string*>(into);
  for (unsigned i = 0; i < length; ++i) text += static_cast<char>(bytes[i]);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

struct Canvas::Drawing {
  std::string bytes{};
  cairo_surface_t* surface = nullptr;
  cairo_t* cairo = nullptr;
  PangoLayout* layout = nullptr;

  /// Sets the layout; gives its extents in points.
  std::pair<double, double> lay_out(double width, std::string_view text, const TextStyle& style) const {
    PangoFontDescription* const font = pango_font_description_new();
    pango_font_description_set_family_static(font, kFont);
    pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
    pango_font_description_set_weight(font, style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_width(layout, width < 0 ? -1 : static_cast<int>(width * PANGO_SCALE));
    pango_layout_set_height(layout, -style.lines_max);
    pango_layout_set_ellipsize(layout, width < 0 ? PANGO_ELLIPSIZE_NONE : PANGO_ELLIPSIZE_END);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(layout, style.align == TextAlign::kRight    ? PANGO_ALIGN_RIGHT
                                       : style.align == TextAlign::kCentre ? PANGO_ALIGN_CENTER
                                                                           : PANGO_ALIGN_LEFT);
    char* const valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
    pango_layout_set_text(layout, valid, -1);
    g_free(valid);
    int pango_width = 0;
    int pango_height = 0;
    pango_layout_get_size(layout, &pango_width, &pango_height);
    return {static_cast<double>(pango_width) / PANGO_SCALE, static_cast<double>(pango_height) / PANGO_SCALE};
  }
  void ink(const Colour& colour) const { cairo_set_source_rgb(cairo, colour.red, colour.green, colour.blue); }
};

Canvas::Canvas(const PaperInfo& info) : drawing_(std::make_unique<Drawing>()) {
  drawing_->surface = cairo_pdf_surface_create_for_stream(&append, &drawing_->bytes, info.width, info.height);
  const auto about = [&](cairo_pdf_metadata_t field, const std::string& value) {
    cairo_pdf_surface_set_metadata(drawing_->surface, field, value.c_str());
  };
  about(CAIRO_PDF_METADATA_TITLE, info.title);
  about(CAIRO_PDF_METADATA_AUTHOR, info.author);
  about(CAIRO_PDF_METADATA_SUBJECT, info.subject);
  about(CAIRO_PDF_METADATA_CREATOR, "Weir " WEIR_VERSION);
  about(CAIRO_PDF_METADATA_CREATE_DATE, notify::utc_text(info.made));
  about(CAIRO_PDF_METADATA_MOD_DATE, notify::utc_text(info.made));
  drawing_->cairo = cairo_create(drawing_->surface);
  drawing_->layout = pango_cairo_create_layout(drawing_->cairo);
  PangoContext* const context = pango_layout_get_context(drawing_->layout);
  pango_context_set_language(context, pango_language_from_string(info.language.c_str()));
  // Paper has no pixels to fit letters to.
  pango_context_set_round_glyph_positions(context, FALSE);
  cairo_font_options_t* const options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(context, options);
  cairo_font_options_destroy(options);
}

Canvas::~Canvas() {
  g_object_unref(drawing_->layout);
  cairo_destroy(drawing_->cairo);
  cairo_surface_destroy(drawing_->surface);
}

double Canvas::write(const Box& box, std::string_view text, const TextStyle& style) {
  const double height = drawing_->lay_out(box.width, text, style).second;
  drawing_->ink(style.colour);
  cairo_move_to(drawing_->cairo, box.x, box.y);
  pango_cairo_show_layout(drawing_->cairo, drawing_->layout);
  return height;
}

double Canvas::height_of(double width, std::string_view text, const TextStyle& style) {
  return drawing_->lay_out(width, text, style).second;
}

double Canvas::width_of(std::string_view text, const TextStyle& style) {
  return drawing_->lay_out(-1, text, style).first;
}

void Canvas::fill(const Box& box, const Colour& colour) {
  drawing_->ink(colour);
  cairo_rectangle(drawing_->cairo, box.x, box.y, box.width, box.height);
  cairo_fill(drawing_->cairo);
}

void Canvas::line(double x1, double y1, double x2, double y2, double thickness, const Colour& colour) {
  drawing_->ink(colour);
  cairo_set_line_width(drawing_->cairo, thickness);
  cairo_move_to(drawing_->cairo, x1, y1);
  cairo_line_to(drawing_->cairo, x2, y2);
  cairo_stroke(drawing_->cairo);
}

void Canvas::next_page() { cairo_show_page(drawing_->cairo); }

Result<std::string> Canvas::finish() {
  cairo_show_page(drawing_->cairo);
  const cairo_status_t drawn = cairo_status(drawing_->cairo);
  cairo_surface_finish(drawing_->surface);
  const cairo_status_t ended = cairo_surface_status(drawing_->surface);
  const cairo_status_t wrong = drawn != CAIRO_STATUS_SUCCESS ? drawn : ended;
  if (wrong != CAIRO_STATUS_SUCCESS)
    return failure(ErrorCode::kSystem,
                   fmt::format("cannot draw the report: {}", cairo_status_to_string(wrong)));
  return std::move(drawing_->bytes);
}

}  // namespace weir::report
