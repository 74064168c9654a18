// SPDX-License-Identifier: Apache-2.0
// weirctl category list | lookup NAME... | diff: what the imported category file says.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "policy/categories/canonical_name.h"
#include "policy/ctl/category_folder.h"
#include "policy/ctl/context.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

using policy::CategoryFile;
using policy::CategoryHit;

constexpr std::size_t kDiffNamesShown = 100;

std::optional<CategoryFile> open_or_fail(Context& context, const std::string& path) {
  auto file = CategoryFile::open(path);
  if (file) return std::move(*file);
  context.fail(file.error());
  return std::nullopt;
}

std::optional<CategoryFile> present(Context& context) {
  const auto settings = context.settings();
  if (!settings) return std::nullopt;
  return open_or_fail(context, category_path(settings->classifier.policy));
}

void show_lists(Context& context) {
  const auto file = present(context);
  if (!file) return;
  const TimeNs now = wall_clock();
  Json rows = Json::array();
  for (const policy::CategoryList& one : file->lists()) {
    rows.push_back({{"category", one.category},
                    {"domains", one.domains},
                    {"format", one.format},
                    {"licence", one.licence},
                    {"written", time_text(one.read_at)},
                    {"age", age_text(now - one.read_at)},
                    {"imported", time_text(file->made_at())},
                    {"source", one.source}});
  }
  print(render(context.format_or(Format::kTable), rows,
               {"category", "domains", "format", "licence", "written", "age", "imported", "source"}));
}

/// A row for every list that names the name or a parent of it.
void look_up(const CategoryFile& file, const std::string& name, Json& rows) {
  const std::size_t before = rows.size();
  file.lookup(name, [&](const CategoryHit& hit) {
    if (hit.set == CategoryFile::kAllowed) {
      rows.push_back(
          {{"name", name}, {"category", ""}, {"entry", hit.entry}, {"source", "allowed by an override"}});
    }
    for (const policy::CategoryMember member : file.members(hit.set)) {
      if (member.below_only != 0 && hit.entry == name) continue;
      const policy::CategoryList& one = file.lists()[member.list];
      rows.push_back({{"name", name},
                      {"category", one.category},
                      {"entry", (member.below_only != 0 ? "*." : "") + std::string{hit.entry}},
                      {"source", one.source},
                      {"licence", one.licence},
                      {"written", time_text(one.read_at)}});
    }
  });
  if (rows.size() == before)
    rows.push_back({{"name", name}, {"category", ""}, {"entry", ""}, {"source", ""}});
}

void show_lookup(Context& context, const std::vector<std::string>& names) {
  const auto file = present(context);
  if (!file) return;
  Json rows = Json::array();
  for (const std::string& written : names) {
    const auto name = policy::canonical_name(written);
    if (!name) {
      context.fail({ErrorCode::kInvalid, fmt::format("\"{}\" is not a host name", written), {}, {}});
      return;
    }
    look_up(*file, *name, rows);
  }
  const bool any =
      std::any_of(rows.begin(), rows.end(), [](const Json& row) { return row["category"] != ""; });
  if (!any) context.exit_code = kNegative;
  print(render(context.format_or(Format::kTable), rows, {"name", "category", "entry", "source"}));
}

std::set<std::string> categories_of(const CategoryFile& file, std::uint16_t set) {
  std::set<std::string> categories;
  for (const policy::CategoryMember member : file.members(set))
    categories.insert(file.lists()[member.list].category);
  return categories;
}

struct Change {
  std::size_t before = 0;
  std::size_t after = 0;
  std::size_t added = 0;
  std::size_t removed = 0;
};

/// Counts what `of` has, and what of that `other` has not, by category; the names of the latter go into
/// `names`.
void compare_files(const CategoryFile& of, const CategoryFile& other, std::string_view sign,
                   std::size_t Change::*all, std::size_t Change::*alone,
                   std::map<std::string, Change>& changes, Json& names) {
  of.for_each([&](std::string_view name, std::uint16_t set) {
    std::set<std::string> there;
    other.lookup(name, [&](const CategoryHit& hit) {
      if (hit.entry == name) there = categories_of(other, hit.set);
    });
    for (const std::string& category : categories_of(of, set)) {
      ++(changes[category].*all);
      if (there.contains(category)) continue;
      ++(changes[category].*alone);
      if (names.size() < kDiffNamesShown)
        names.push_back({{"change", sign}, {"category", category}, {"name", name}});
    }
  });
}

void show_category_diff(Context& context, const std::string& other, bool with_names) {
  const auto settings = context.settings();
  if (!settings) return;
  const std::string& policy = settings->classifier.policy;
  const auto before = open_or_fail(context, other.empty() ? previous_category_path(policy) : other);
  const auto after = before ? open_or_fail(context, category_path(policy)) : std::nullopt;
  if (!after) return;
  std::map<std::string, Change> changes;
  Json added = Json::array();
  Json removed = Json::array();
  compare_files(*before, *after, "-", &Change::before, &Change::removed, changes, removed);
  compare_files(*after, *before, "+", &Change::after, &Change::added, changes, added);
  const Format format = context.format_or(Format::kTable);
  if (with_names) {
    for (Json& row : added) removed.push_back(std::move(row));
    return print(render(format, removed, {"change", "category", "name"}));
  }
  Json rows = Json::array();
  for (const auto& [category, change] : changes) {
    rows.push_back({{"category", category},
                    {"before", change.before},
                    {"after", change.after},
                    {"added", change.added},
                    {"removed", change.removed}});
  }
  print(render(format, rows, {"category", "before", "after", "added", "removed"}));
}

}  // namespace

void add_category(CLI::App& app, Context& context) {
  CLI::App* category = app.add_subcommand("category", "the imported categories of domains");
  category->fallthrough();
  category->require_subcommand(1);
  add_category_import(*category, context);
  add_category_fetch(*category, context);
  add_command(*category, "list", "the lists that were imported", context, show_lists);

  auto names = std::make_shared<std::vector<std::string>>();
  CLI::App* looking =
      add_command(*category, "lookup", "which categories a name is in, by which entry of which list", context,
                  [names](Context& used) { show_lookup(used, *names); });
  looking->add_option("NAME", *names, "host names")->required();

  auto other = std::make_shared<std::string>();
  auto with_names = std::make_shared<bool>(false);
  CLI::App* comparing =
      add_command(*category, "diff", "what the last import changed", context,
                  [other, with_names](Context& used) { show_category_diff(used, *other, *with_names); });
  comparing->add_option("FILE", *other, "a category file to compare with; else the one before");
  comparing->add_flag("--names", *with_names,
                      fmt::format("the first {} names of either side", kDiffNamesShown));
}

}  // namespace weir::ctl
