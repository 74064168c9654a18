// SPDX-License-Identifier: Apache-2.0
// weirctl audit list | verify | export: who did what, and whether the log is as it was written.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <memory>

#include "policy/ctl/audited.h"
#include "policy/ctl/context.h"

namespace weir::ctl {
namespace {

constexpr std::uint32_t kEntriesShown = 100;
constexpr std::uint32_t kEntriesShownMax = 100'000;
constexpr std::uint32_t kRowsAtOnce = 10'000;
constexpr std::size_t kExportLineBytesMax = 65'536;

Json row_of(const policy::AuditRow& row) {
  return {{"number", row.number}, {"time", time_text(row.at)}, {"who", row.who},
          {"origin", row.origin}, {"verb", row.verb},          {"object", row.object},
          {"reason", row.reason}, {"result", row.result}};
}

void list_entries(Context& context, std::uint32_t count) {
  const auto settings = context.settings();
  if (!settings) return;
  auto store = open_store(*settings);
  if (!store) return context.fail(store.error());
  const auto head = policy::audit_head(*store);
  if (!head) return context.fail(head.error());
  const auto rows = policy::audit_rows(*store, head->number - count + 1, count);
  if (!rows) return context.fail(rows.error());
  Json shown = Json::array();
  for (const policy::AuditRow& row : *rows) shown.push_back(row_of(row));
  print(render(context.format_or(Format::kTable), shown,
               {"number", "time", "who", "origin", "verb", "object", "reason", "result"}));
}

/// A line each, the worst first: what is wrong with the log.
void report(Context& context, const std::vector<policy::AuditFault>& faults, const std::string& whole) {
  if (faults.empty()) return print(whole);
  for (const policy::AuditFault& fault : faults) {
    context.say(fault.number == 0 ? fmt::format("the audit log: {}", fault.what)
                                  : fmt::format("audit entry {}: {}", fault.number, fault.what));
  }
  context.exit_code = kNegative;
}

void verify_here(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  auto store = open_store(*settings);
  if (!store) return context.fail(store.error());
  const auto log = policy::AuditLog::open(*settings);
  if (!log) return context.fail(log.error());
  const auto faults = log->verify(*store);
  if (!faults) return context.fail(faults.error());
  const auto head = policy::audit_head(*store);
  if (!head) return context.fail(head.error());
  report(context, *faults,
         fmt::format("{} entries, {} to {}, as they were written\n", head->number - head->first + 1,
                     head->first, head->number));
}

// The form of an export: a line of JSON about the chain, then one an entry.

Json head_line(const policy::AuditHead& head, const std::string& appliance, const std::string& public_key) {
  return {{"weir-audit", 1},
          {"appliance", appliance},
          {"number", head.number},
          {"hash", head.hash},
          {"first", head.first},
          {"before", head.before},
          {"signature", head.signature},
          {"public_key", public_key}};
}

Json entry_line(const policy::AuditRow& row) {
  Json line = row_of(row);
  line["at_ns"] = row.at;
  line["previous"] = row.previous;
  line["hash"] = row.hash;
  line["signature"] = row.signature;
  return line;
}

policy::AuditRow entry_in(const Json& line) {
  return {.number = line.at("number").get<std::int64_t>(),
          .at = line.at("at_ns").get<TimeNs>(),
          .who = line.at("who").get<std::string>(),
          .origin = line.at("origin").get<std::string>(),
          .verb = line.at("verb").get<std::string>(),
          .object = line.at("object").get<std::string>(),
          .reason = line.at("reason").get<std::string>(),
          .result = line.at("result").get<std::string>(),
          .previous = line.at("previous").get<std::string>(),
          .hash = line.at("hash").get<std::string>(),
          .signature = line.at("signature").get<std::string>()};
}

void export_log(Context& context, const std::string& reason) {
  const auto settings = context.settings();
  if (!settings) return;
  auto store = policy::Store::open(settings->engine.store, policy::StoreAccess::kChange);
  if (!store) return context.fail(store.error());
  const auto log = policy::AuditLog::open(*settings);
  if (!log) return context.fail(log.error());
  const auto written = log->write(*store, entry_of("audit export", "", reason));
  if (!written) return context.fail(written.error());
  const auto head = policy::audit_head(*store);
  if (!head) return context.fail(head.error());
  const auto line = [](const Json& what) {
    print(what.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  };
  line(head_line(*head, settings->appliance, log->key().public_key()));
  for (std::int64_t first = head->first; first <= head->number;) {
    const auto rows = policy::audit_rows(*store, first, kRowsAtOnce);
    if (!rows) return context.fail(rows.error());
    for (const policy::AuditRow& row : *rows)
      if (row.number <= head->number) line(entry_line(row));
    if (rows->size() < kRowsAtOnce) break;
    first = rows->back().number + 1;
  }
}

void verify_file(Context& context, const std::string& file, const std::string& key_file) {
  std::ifstream in(file);
  std::string text;
  std::string public_key;
  if (!key_file.empty()) std::ifstream(key_file) >> public_key;
  std::uint64_t number = 0;
  try {  // the library throws on what is not there, or of another type
    std::getline(in, text);
    const Json line = Json::parse(text);
    const policy::AuditHead head{line.at("number").get<std::int64_t>(), line.at("hash").get<std::string>(),
                                 line.at("first").get<std::int64_t>(), line.at("before").get<std::string>(),
                                 line.at("signature").get<std::string>()};
    const std::string own_key = line.at("public_key").get<std::string>();
    if (public_key.empty()) {
      public_key = own_key;
      std::fputs("warning: by the key in the file alone; --key names the appliance's\n", stderr);
    }
    policy::ChainCheck check{head, std::nullopt, public_key};
    for (number = 1; std::getline(in, text) && text.size() < kExportLineBytesMax; ++number)
      check.take(entry_in(Json::parse(text)));
    report(context, check.finish(),
           fmt::format("{} entries, {} to {}, as they were written\n", number - 1, head.first, head.number));
  } catch (const Json::exception&) {
    context.fail(Error{
        ErrorCode::kCorrupt, fmt::format("{}: line {} is not of an audit log", file, number + 1), {}, {}});
  }
}

}  // namespace

void add_audit(CLI::App& app, Context& context) {
  CLI::App* audit = app.add_subcommand("audit", "who changed, revealed and exported what");
  audit->fallthrough();
  audit->require_subcommand(1);
  auto count = std::make_shared<std::uint32_t>(kEntriesShown);
  CLI::App* listing = add_command(*audit, "list", "the last entries", context,
                                  [count](Context& used) { list_entries(used, *count); });
  listing->add_option("--count", *count, "so many")
      ->capture_default_str()
      ->check(CLI::Range(1U, kEntriesShownMax));

  auto file = std::make_shared<std::string>();
  auto key = std::make_shared<std::string>();
  CLI::App* verifying = add_command(
      *audit, "verify", "names every entry that was changed, put in, taken out or cut off", context,
      [file, key](Context& used) { file->empty() ? verify_here(used) : verify_file(used, *file, *key); });
  CLI::Option* const exported =
      verifying->add_option("FILE", *file, "an export, anywhere; left out: the log of this appliance")
          ->check(CLI::ExistingFile);
  verifying->add_option("--key", *key, "of FILE: the appliance's keys/sign.pub")
      ->needs(exported)
      ->check(CLI::ExistingFile);

  auto reason = std::make_shared<std::string>();
  CLI::App* exporting = add_command(*audit, "export", "the whole log as lines of JSON, with what verifies it",
                                    context, [reason](Context& used) { export_log(used, *reason); });
  exporting->add_option("--reason", *reason, "why")->required()->check(is_said);
}

}  // namespace weir::ctl
