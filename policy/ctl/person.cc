// SPDX-License-Identifier: Apache-2.0
// weirctl person export | erase: everything that is kept about one person or client, to hand it out or to let
// it go.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "policy/audit/erased.h"
#include "policy/ctl/audited.h"
#include "policy/ctl/context.h"
#include "policy/ctl/people.h"
#include "policy/evidence/captures.h"
#include "policy/store/people.h"

namespace weir::ctl {
namespace {

struct PersonWords {
  std::string subject;
  std::string reason;
  bool with_open_cases = false;
  bool again = false;
};

Json json_of(const std::map<std::string, std::vector<policy::TextRow>>& tables) {
  Json all = Json::object();
  for (const auto& [table, rows] : tables) {
    Json list = Json::array();
    for (const policy::TextRow& row : rows) {
      Json one = Json::object();
      for (const auto& [column, value] : row) one[column] = value;
      list.push_back(std::move(one));
    }
    all[table] = std::move(list);
  }
  return all;
}

void hand_out(Context& context, const PersonWords& words) {
  auto desk = PeopleDesk::open(context);
  if (!desk) return;
  const auto subject = subject_behind(desk->store, desk->pseudonyms, words.subject);
  if (!subject) return context.fail(subject.error());
  const std::string pseudonym = desk->pseudonyms.of(*subject);
  const auto tables = policy::rows_about(desk->store, *subject, said_by_event);
  if (!tables) return context.fail(tables.error());
  auto entry = entry_of("person export", pseudonym, words.reason);
  const auto request = consent(*desk, pseudonym, entry);
  if (!request) return context.fail(request.error());
  auto batch = desk->store.begin();
  if (!batch) return context.fail(batch.error());
  if (auto used = use_up(*batch, *request, entry.at); !used) return context.fail(used.error());
  if (auto done = desk->commit(*batch, entry); !done) return context.fail(done.error());
  Json captures = Json::array();
  for (const std::string& file : evidence::captures_of(desk->settings.capture.directory, *subject))
    captures.push_back(file);
  print(Json{{"subject", *subject},
             {"pseudonym", pseudonym},
             {"at", time_text(entry.at)},
             {"appliance", desk->settings.appliance},
             {"kept", json_of(*tables)},
             {"captures", std::move(captures)}}
            .dump(2, ' ', false, Json::error_handler_t::replace) +
        "\n");
}

/// The rows and the entry in one transaction; then the files.
Result<std::string> erase_one(PeopleDesk& desk, const std::string& subject, const std::string& pseudonym,
                              const std::string& reason) {
  auto batch = desk.store.begin();
  if (!batch) return tl::unexpected(batch.error());
  auto entry = entry_of("person erase", pseudonym, reason);
  const auto rows = policy::erase_rows_about(*batch, subject, said_by_event);
  if (!rows) return tl::unexpected(rows.error());
  const auto captures = evidence::captures_of(desk.settings.capture.directory, subject);
  std::string what;
  for (const auto& [table, count] : *rows) what += fmt::format("{} {}, ", count, table);
  what += fmt::format("{} captures", captures.size());
  entry.result = "erased: " + what;
  // Remembered first: a backup that is restored has it all again, and must not keep it.
  if (auto noted = policy::remember_erased(desk.settings, pseudonym); !noted)
    return tl::unexpected(noted.error());
  if (auto done = desk.commit(*batch, entry); !done) return tl::unexpected(done.error());
  if (auto gone = evidence::remove_captures(captures); !gone) return tl::unexpected(gone.error());
  return what;
}

/// After a backup was restored: whom it brought back.
void erase_again(Context& context, PeopleDesk& desk) {
  const auto erased = policy::erased_pseudonyms(desk.settings);
  if (!erased) return context.fail(erased.error());
  std::size_t found = 0;
  for (const std::string& pseudonym : *erased) {
    const auto subject = subject_behind(desk.store, desk.pseudonyms, pseudonym);
    if (!subject && subject.error().code == ErrorCode::kNotFound) continue;
    if (!subject) return context.fail(subject.error());
    const auto done =
        erase_one(desk, *subject, pseudonym, "it was erased before, and came back with a backup");
    if (!done) return context.fail(done.error());
    ++found;
    print(fmt::format("{}: {}\n", pseudonym, *done));
  }
  if (found > 0) {
    if (auto gone = policy::overwrite_erased(desk.store); !gone) return context.fail(gone.error());
  }
  print(fmt::format("{} of {} that were erased had come back\n", found, erased->size()));
}

void erase(Context& context, const PersonWords& words) {
  if (words.subject.empty() && !words.again) {
    std::fputs("error: say whom, or --again\n", stderr);
    context.exit_code = kUsage;
    return;
  }
  auto desk = PeopleDesk::open(context);
  if (!desk) return;
  if (words.again) return erase_again(context, *desk);
  const auto subject = subject_behind(desk->store, desk->pseudonyms, words.subject);
  if (!subject) return context.fail(subject.error());
  const auto cases = policy::open_cases(desk->store, *subject);
  if (!cases) return context.fail(cases.error());
  if (*cases > 0 && !words.with_open_cases) {
    return context.fail(Error{ErrorCode::kBusy,
                              fmt::format("{} violations of this subject are being worked on", *cases),
                              "close them, or --with-open-cases",
                              {}});
  }
  const std::string pseudonym = desk->pseudonyms.of(*subject);
  const auto done = erase_one(*desk, *subject, pseudonym, words.reason);
  if (!done) return context.fail(done.error());
  if (auto gone = policy::overwrite_erased(desk->store); !gone) return context.fail(gone.error());
  print(
      fmt::format("{}: {}\nexported evidence and backups from before still have it: destroy them, or run "
                  "weirctl person erase --again after a restore\n",
                  pseudonym, *done));
}

}  // namespace

void add_person(CLI::App& app, Context& context) {
  CLI::App* person = app.add_subcommand("person", "what is kept about one person or client");
  person->fallthrough();
  person->require_subcommand(1);
  add_reveal_requests(*person, context);
  auto words = std::make_shared<PersonWords>();
  CLI::App* exporting = add_command(*person, "export", "all of it as JSON, to hand it out", context,
                                    [words](Context& used) { hand_out(used, *words); });
  exporting->add_option("SUBJECT", words->subject, "an address, a user, a host, or a pseudonym")->required();
  exporting->add_option("--reason", words->reason, "why")->required()->check(is_said);
  CLI::App* erasing = add_command(*person, "erase", "lets go of all of it, for good", context,
                                  [words](Context& used) { erase(used, *words); });
  CLI::Option* const subject = erasing->add_option("SUBJECT", words->subject, "as of export");
  CLI::Option* const reason = erasing->add_option("--reason", words->reason, "why")->check(is_said);
  subject->needs(reason);
  CLI::Option* const cases =
      erasing->add_flag("--with-open-cases", words->with_open_cases, "also what is being worked on");
  auto* again = erasing->add_flag("--again", words->again, "after a restore: whom the backup brought back");
  again->excludes(subject)->excludes(cases);
}

}  // namespace weir::ctl
