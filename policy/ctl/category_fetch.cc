// SPDX-License-Identifier: Apache-2.0
// weirctl category fetch: the lists of /etc/weir/categories.yaml from where they are, and the category file
// out of them. What cannot be had leaves its last good copy, is said, and ends with an error; the rest goes
// on.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "policy/ctl/categories_in_force.h"
#include "policy/ctl/category_folder.h"
#include "policy/ctl/context.h"
#include "policy/fetch/source_copies.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

using policy::FetchSource;
using policy::SourceCopies;

struct FetchWords {
  std::string file = policy::kSourcesFileName;
  bool force = false;
};

/// What became of the sources.
struct Fetched {
  policy::ImportRequest request{};  // what there is of them, new or old
  Json rows = Json::array();
  std::vector<const FetchSource*> without_copy{};
  std::size_t failed = 0;
};

/// The error, and what holds in its place.
void say_failure(const FetchSource& source, const Error& error, const std::string& what_stays) {
  Error said = error;
  said.what = fmt::format("{} {}", source.url, error.what);
  said.at = {};
  std::fprintf(stderr, "%s: %s\n%s: %s\n", source.name.c_str(), printable(to_text(said)).c_str(),
               source.name.c_str(), what_stays.c_str());
}

void fetch_one(const FetchSource& source, const SourceCopies& copies, const FetchWords& words, TimeNs now,
               Fetched& fetched) {
  const auto renewed = source.is_local() ? Result<bool>{false}
                                         : copies.renew(source, fetched.request.options, words.force, now);
  const auto copy = copies.state(source);
  const bool there = source.is_local() || copy;
  if (there) {
    fetched.request.sources.push_back(copies.import_source(source));
  } else {
    fetched.without_copy.push_back(&source);
  }
  if (!renewed) {
    ++fetched.failed;
    say_failure(source, renewed.error(),
                copy ? fmt::format("its copy of {} stays, {} old", time_text(copy->fetched_at),
                                   age_text(now - copy->fetched_at))
                     : "there is no copy of it");
  }
  fetched.rows.push_back({{"source", source.name},
                          {"result", !renewed            ? "FAILED"
                                     : source.is_local() ? "local"
                                     : *renewed          ? "fetched"
                                                         : "not changed"},
                          {"domains", copy ? Json(copy->domains) : Json(nullptr)},
                          {"fetched", time_text(copy ? copy->fetched_at : 0)},
                          {"age", copy ? age_text(now - copy->fetched_at) : "-"},
                          {"licence", source.licence},
                          {"url", source.url}});
}

/// A source without a copy must not take its lists out of force: those that hold are its last good copy.
const FetchSource* held_by(const policy::CategoryFile& file, const Fetched& fetched) {
  for (const FetchSource* const source : fetched.without_copy) {
    const bool held = std::any_of(file.lists().begin(), file.lists().end(),
                                  [&](const policy::CategoryList& one) { return one.source == source->url; });
    if (held) return source;
  }
  return nullptr;
}

/// False: something was refused, and the categories of before hold.
bool import_copies(Context& context, const Settings& settings, const SourceCopies& copies,
                   const Fetched& fetched, bool force) {
  auto folder = CategoryFolder::lock(settings.classifier.policy);
  if (!folder) {
    context.fail(folder.error());
    return false;
  }
  const auto present = policy::CategoryFile::open(category_path(settings.classifier.policy));
  const std::string made_of = SourceCopies::made_of(fetched.request);
  if (present && !force && made_of == copies.imported()) return true;
  if (const FetchSource* const held = present ? held_by(*present, fetched) : nullptr; held != nullptr) {
    std::fprintf(stderr, "the categories of before stay: they hold lists of %s, of which there is no copy\n",
                 held->name.c_str());
    return false;
  }
  const auto imported = policy::import_categories(fetched.request, wall_clock());
  if (!imported) {
    context.fail(imported.error());
    std::fprintf(stderr, "the categories of before stay\n");
    return false;
  }
  if (!put_categories(context, settings, *folder, imported->bytes, force, "categories fetched")) return false;
  if (auto noted = copies.note_imported(made_of); !noted) context.fail(noted.error());
  return true;
}

void fetch(Context& context, const FetchWords& words) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto file = policy::read_sources_file(words.file);
  if (!file) return context.fail(file.error());
  const auto copies = SourceCopies::lock(settings->state_directory + "/categories");
  if (!copies) return context.fail(copies.error());
  const TimeNs now = wall_clock();
  Fetched fetched;
  fetched.request.allow_file = file->allow_file;
  fetched.request.options.suffixes_taken = file->suffixes_taken;
  for (const FetchSource& source : file->sources) fetch_one(source, *copies, words, now, fetched);
  copies->forget_others(file->sources);
  const bool taken =
      fetched.request.sources.empty() || import_copies(context, *settings, *copies, fetched, words.force);
  print(render(context.format_or(Format::kTable), fetched.rows,
               {"source", "result", "domains", "fetched", "age", "licence", "url"}));
  if ((fetched.failed > 0 || !taken) && context.exit_code == kOk) context.exit_code = kNegative;
}

}  // namespace

void add_category_fetch(CLI::App& category, Context& context) {
  auto words = std::make_shared<FetchWords>();
  CLI::App* fetching =
      add_command(category, "fetch", "fetch the lists of the sources file, and put what changed in force",
                  context, [words](Context& used) { fetch(used, *words); });
  fetching->add_option("--sources", words->file, "the sources file")->capture_default_str();
  fetching->add_flag(
      "--force", words->force,
      "also what has more than twice or less than half as many domains, and what did not change");
}

}  // namespace weir::ctl
