// SPDX-License-Identifier: Apache-2.0
// weirctl report daily | weekly | monthly: what happened in a day, a week, a month, as PDF, CSV or JSON.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/replace_file.h"
#include "policy/ctl/report_make.h"
#include "policy/notify/spool.h"
#include "policy/report/table_text.h"

namespace weir::ctl {
namespace {

namespace fs = std::filesystem;
using report::Kind;
using report::Report;

struct ReportWords {
  ReportAsked asked;
  std::string file;   // "-": standard output
  std::string table;  // of CSV; empty: each
  bool keep = false;
};

std::optional<Report> make_report(Context& context, const Settings& settings, const ReportAsked& asked) {
  auto store = open_store(settings);
  if (!store) {
    context.fail(store.error());
    return std::nullopt;
  }
  auto made = make_report(settings, *store, asked);
  if (made) return std::move(*made);
  made.error().size() == 1 ? context.fail(made.error().front()) : context.fail(made.error());
  return std::nullopt;
}

bool write_report(Context& context, const std::string& path, const std::string& bytes) {
  if (auto put = ctl::replace_file(path, bytes); !put) {
    context.fail(put.error());
    return false;
  }
  return true;
}

/// One table, or a file for each beside `file`.
void put_tables(Context& context, const Report& made, const ReportWords& words) {
  if (!words.table.empty()) {
    const auto found = table_of(made, words.table);
    if (!found) return context.fail(found.error());
    const report::Table* const table = *found;
    if (words.file == "-") return print(report::to_csv(*table));
    static_cast<void>(write_report(context, words.file, report::to_csv(*table)));
    return;
  }
  const fs::path path{words.file};
  for (const report::Table& table : made.tables) {
    const std::string name = (path.parent_path() / path.stem()).string() + "-" + table.key + ".csv";
    if (!write_report(context, name, report::to_csv(table))) return;
    print(name + "\n");
  }
}

void forget_old(const Settings& settings, TimeNs now) {
  constexpr TimeNs kDay = 86'400 * kSecond;
  std::error_code error;
  for (fs::directory_iterator at(settings.report.directory, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    struct stat about {};
    if (!is_report_name(name) || stat(at->path().c_str(), &about) != 0) continue;
    if (now - about.st_mtim.tv_sec * kSecond > settings.report.keep_days * kDay) {
      std::error_code ignored;
      fs::remove(at->path(), ignored);
    }
  }
}

/// Into the folder of reports, and to those who are to have it by mail.
void keep_report(Context& context, const Settings& settings, const Report& made) {
  const auto pdf = report_pdf(settings, made);
  if (!pdf) return context.fail(pdf.error());
  std::error_code ignored;
  fs::create_directories(settings.report.directory, ignored);
  const std::string stem = settings.report.directory + "/" + report_stem(made);
  if (!write_report(context, stem + ".pdf", *pdf) ||
      !write_report(context, stem + ".json", report::to_json(made)))
    return;
  print(stem + ".pdf\n");
  forget_old(settings, made.made);
  const notify::Spool spool{notify_directory(settings)};
  for (const NotificationReceiver& receiver : settings.notifications) {
    if (std::ranges::find(receiver.reports, to_string(made.kind)) == receiver.reports.end()) continue;
    notify::Message message{
        notify::message_key(made.made, settings.appliance, receiver.name),
        receiver.name,
        made.made,
        fmt::format("[Weir {}] {} {}", made.appliance, report::title_of(made),
                    report::date_text(made.period.first_day)),
        fmt::format("{}\n{} - {}\n", report::title_of(made), report::date_text(made.period.first_day),
                    report::date_text(made.period.end_day - 1)),
        notify::Attachment{report_stem(made) + ".pdf", "application/pdf", *pdf}};
    for (const report::Figure& figure : made.figures)
      message.body += fmt::format("\n{}: {}", figure.title, report::cell_text(figure.now, made));
    message.body += "\n";
    if (auto put = spool.put(message); !put) context.fail(put.error());
  }
}

void run_report(Context& context, const ReportWords& words) {
  const auto settings = context.settings();
  if (!settings) return;
  if (words.keep != words.file.empty()) {
    context.exit_code = kUsage;
    return context.say("error: say where the report goes: either -o FILE or --keep");
  }
  const auto made = make_report(context, *settings, words.asked);
  if (!made) return;
  if (words.keep) return keep_report(context, *settings, *made);
  const std::string ending = fs::path{words.file}.extension().string();
  if (ending == ".csv" || !words.table.empty()) return put_tables(context, *made, words);
  if (words.file == "-") return print(report::to_json(*made));
  if (ending == ".json") {
    static_cast<void>(write_report(context, words.file, report::to_json(*made)));
    return;
  }
  const auto pdf = report_pdf(*settings, *made);
  if (!pdf) return context.fail(pdf.error());
  static_cast<void>(write_report(context, words.file, *pdf));
}

std::string file_mistake(const std::string& file) {
  const std::string ending = fs::path{file}.extension().string();
  if (file == "-" || ending == ".pdf" || ending == ".csv" || ending == ".json") return {};
  return "write FILE.pdf, FILE.csv, FILE.json or -";
}

}  // namespace

void add_report(CLI::App& app, Context& context) {
  CLI::App* all = app.add_subcommand(
      "report", "what happened: violations, software, quotas, traffic, and how it was before");
  all->fallthrough();
  all->require_subcommand(1);
  const std::pair<Kind, const char*> kinds[] = {{Kind::kDaily, "yesterday, or a day"},
                                                {Kind::kWeekly, "last week from Monday on, or a week"},
                                                {Kind::kMonthly, "last month, or a month"}};
  for (const auto& [kind, what] : kinds) {
    auto words = std::make_shared<ReportWords>();
    words->asked.kind = kind;
    CLI::App* one = add_command(*all, to_string(kind), what, context,
                                [words](Context& used) { run_report(used, *words); });
    one->add_option("-o,--output", words->file,
                    "FILE.pdf; FILE.csv, one for each table; FILE.json; -: JSON to standard output")
        ->check(file_mistake);
    one->add_option("--table", words->table, "this table alone, as CSV");
    one->add_option("--group", words->asked.group, "only clients of this group of the policy");
    CLI::Option* from =
        one->add_option("--from", words->asked.from, "first day, 2026-11-28, in the policy's time zone");
    one->add_option("--to", words->asked.to, "last day, with the whole of it")->needs(from);
    one->add_option("--language", words->asked.language, "en or fr, instead of report.language")
        ->check(CLI::IsMember({"en", "fr"}));
    one->add_flag("--keep", words->keep,
                  "into report.directory, and to those who get it by mail; the timer's way");
  }
}

}  // namespace weir::ctl
