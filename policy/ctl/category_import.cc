// SPDX-License-Identifier: Apache-2.0
// weirctl category import | rollback: another category file, put in force (categories_in_force.h).
#include "policy/categories/category_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "policy/ctl/categories_in_force.h"
#include "policy/ctl/category_folder.h"
#include "policy/ctl/context.h"
#include "policy/ctl/policy_apply.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

struct ImportWords {
  std::vector<std::string> sources;  // PATH or NAME=PATH
  std::string format;
  std::string licence;
  std::string allow;
  std::vector<std::string> suffixes;
  bool force = false;
};

policy::ImportRequest request_of(const ImportWords& words) {
  policy::ImportRequest request;
  for (const std::string& word : words.sources) {
    const std::size_t equals = word.find('=');
    const bool named = equals != std::string::npos && policy::is_category_name(word.substr(0, equals));
    request.sources.push_back({.path = named ? word.substr(equals + 1) : word,
                               .category = named ? word.substr(0, equals) : "",
                               .format = policy::source_format(words.format),
                               .licence = words.licence});
  }
  request.allow_file = words.allow;
  request.options.suffixes_taken.insert(words.suffixes.begin(), words.suffixes.end());
  return request;
}

Json import_rows(const policy::Imported& imported) {
  Json rows = Json::array();
  for (const auto& [list, count] : imported.lists) {
    rows.push_back({{"category", list.category},
                    {"domains", list.domains},
                    {"repeated", count.taken - std::min<std::size_t>(count.taken, list.domains)},
                    {"with_path", count.with_path},
                    {"public_suffixes", count.public_suffixes},
                    {"other_triggers", count.other_triggers},
                    {"not_domains", count.not_domains},
                    {"first_wrong_line", count.first_wrong.line},
                    {"format", list.format},
                    {"source", list.source}});
  }
  return rows;
}

void import_lists(Context& context, const ImportWords& words) {
  const auto settings = context.settings();
  if (!settings) return;
  auto folder = CategoryFolder::lock(settings->classifier.policy);
  if (!folder) return context.fail(folder.error());
  const auto imported = policy::import_categories(request_of(words), wall_clock());
  if (!imported) return context.fail(imported.error());
  if (!put_categories(context, *settings, *folder, imported->bytes, words.force, "categories imported"))
    return;
  print(render(context.format_or(Format::kTable), import_rows(*imported),
               {"category", "domains", "repeated", "with_path", "public_suffixes", "not_domains", "format",
                "source"}));
  if (imported->overridden > 0 && context.format_or(Format::kTable) == Format::kTable)
    print(fmt::format("{} names left out by overrides\n", imported->overridden));
}

void roll_categories_back(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto folder = CategoryFolder::lock(settings->classifier.policy);
  if (!folder) return context.fail(folder.error());
  if (auto done = folder->roll_back(); !done) return context.fail(done.error());
  if (apply_in_force(context, *settings, "categories rolled back")) return;
  if (auto undone = folder->roll_back(); !undone) context.fail(undone.error());
}

}  // namespace

void add_category_import(CLI::App& category, Context& context) {
  auto words = std::make_shared<ImportWords>();
  CLI::App* importing =
      add_command(category, "import", "build the category file out of lists, and put it in force", context,
                  [words](Context& used) { import_lists(used, *words); });
  importing
      ->add_option("SOURCE", words->sources,
                   "a list, or a folder of lists (UT1, squidGuard); NAME=PATH names it")
      ->required();
  importing->add_option("--format", words->format, "of every file; else each is looked at")
      ->check(CLI::IsMember({"plain", "urls", "hosts", "rpz"}));
  importing->add_option("--licence", words->licence, "of the lists, recorded with them");
  importing->add_option("--allow", words->allow,
                        "a file of domains that are in no category whatever the lists say");
  importing->add_option("--accept-suffix", words->suffixes,
                        "a public suffix, such as github.io, that a list may name");
  importing->add_flag("--force", words->force,
                      "also when it has more than twice or less than half as many domains");
  add_command(category, "rollback", "the category file before", context, roll_categories_back);
}

}  // namespace weir::ctl
