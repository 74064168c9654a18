// SPDX-License-Identifier: Apache-2.0
// Reports: those that are kept, and new ones, as weirctl report makes them. What leaves is in the audit log
// before.
#include <fmt/format.h>

#include "policy/audit/signing.h"
#include "policy/console/answers.h"
#include "policy/ctl/audited.h"
#include "policy/ctl/report_make.h"
#include "policy/report/table_text.h"

namespace weir::console {
namespace {

constexpr std::size_t kReportsShown = 1'000;
constexpr std::size_t kReportBytesMax = 48U << 20U;  // below what an answer may have (kFrameBytesMax)

Response file_response(std::string name, std::string bytes) {
  Response response;
  response.type = "application/octet-stream";
  response.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"{}\"", name));
  response.body = std::move(bytes);
  return response;
}

/// The file, once the audit log has that it leaves.
Response leaving(Desk& desk, const Call& call, std::string name, std::string bytes) {
  auto entry = Desk::entry_of(call, "report export", name);
  entry.result += fmt::format(", sha256 {}", policy::sha256(bytes));
  if (auto written = ctl::audit_first(desk.settings(), desk.store(), entry); !written)
    return problem_of(written.error());
  return file_response(std::move(name), std::move(bytes));
}

/// A report as a page shows it before it is downloaded.
Json report_json(const report::Report& made) {
  Json figures = Json::array(), tables = Json::array();
  for (const report::Figure& one : made.figures) {
    figures.push_back({{"title", one.title},
                       {"now", report::cell_text(one.now, made)},
                       {"change", report::cell_text(one.change, made)}});
  }
  for (const report::Table& one : made.tables) {
    tables.push_back({{"key", one.key},
                      {"title", one.title},
                      {"about", one.about},
                      {"rows", one.rows.size()},
                      {"left_out", one.left_out}});
  }
  return {{"title", report::title_of(made)},
          {"first_day", report::date_text(made.period.first_day)},
          {"last_day", report::date_text(made.period.end_day - 1)},
          {"zone", made.zone_name},
          {"group", made.group},
          {"figures", std::move(figures)},
          {"tables", std::move(tables)}};
}

Response as_asked(Desk& desk, const Call& call, const report::Report& made, const std::string& format) {
  const std::string stem = ctl::report_stem(made);
  if (format == "pdf") {
    auto pdf = ctl::report_pdf(desk.settings(), made);
    return pdf ? leaving(desk, call, stem + ".pdf", std::move(*pdf)) : problem_of(pdf.error());
  }
  const auto table = ctl::table_of(made, call.text("table"));
  if (!table) return problem_of(table.error());
  return leaving(desk, call, fmt::format("{}-{}.csv", stem, (*table)->key), report::to_csv(**table));
}

}  // namespace

Response list_reports(Desk& desk, const Call&) {
  const auto kept = ctl::kept_reports(desk.settings(), kReportsShown);
  if (!kept) return problem_of(kept.error());
  Json rows = Json::array();
  for (const ctl::KeptReport& one : *kept)
    rows.push_back({{"name", one.name}, {"bytes", one.bytes}, {"made", time_json(one.made)}});
  return json_response({{"reports", std::move(rows)}});
}

Response make_report(Desk& desk, const Call& call) {
  const std::string format = call.text("format");
  if (format != "page" && format != "pdf" && format != "csv")
    return problem(422, "invalid", "format is page, pdf or csv");
  const auto kind = report::kind_of(call.text("kind"));
  if (!kind) return problem(422, "invalid", "kind is daily, weekly or monthly");
  const std::string language = call.text("language");
  if (!language.empty() && language != "en" && language != "fr")
    return problem(422, "invalid", "language is en or fr");
  const auto made = ctl::make_report(desk.settings(), desk.store(),
                                     {.kind = *kind,
                                      .group = call.text("group"),
                                      .from = call.text("from"),
                                      .to = call.text("to"),
                                      .language = language});
  if (!made) return problem_of(made.error());
  return format == "page" ? json_response(report_json(*made)) : as_asked(desk, call, *made, format);
}

Response fetch_report(Desk& desk, const Call& call) {
  auto bytes = ctl::read_kept_report(desk.settings(), call.text("name"), kReportBytesMax);
  return bytes ? leaving(desk, call, call.text("name"), std::move(*bytes)) : problem_of(bytes.error());
}

}  // namespace weir::console
