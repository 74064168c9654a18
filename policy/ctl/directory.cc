// SPDX-License-Identifier: Apache-2.0
// weirctl directory fetch | list: the mapping file of directory groups, out of an LDAP directory, and the
// policy in force over it as a new revision. Whatever goes wrong, the file of before stays. Nothing that is
// printed names a user.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/kept_file.h"
#include "policy/ctl/policy_apply.h"
#include "policy/directory/fetch_directory.h"

namespace weir::ctl {
namespace {

namespace fs = std::filesystem;
using policy::DirectoryMap;

/// A mapping file that shrinks below this share of its members is refused: the search was cut short, or
/// wrong.
constexpr double kMembersShrinkMax = 0.5;

struct DirectoryWords {
  std::string file = policy::kDirectorySettingsFile;
  bool force = false;
};

std::string map_path(const Settings& settings, const policy::DirectorySettings& directory) {
  const fs::path folder = fs::path{settings.classifier.policy}.parent_path();
  return ((folder.empty() ? fs::path{"."} : folder) / directory.file).string();
}

Result<void> bearable(const DirectoryMap* before, const DirectoryMap& after) {
  const std::size_t had = before == nullptr ? 0 : before->members();
  const std::size_t has = after.members();
  if (has > 0 && static_cast<double>(has) >= static_cast<double>(had) * kMembersShrinkMax) return {};
  return failure(ErrorCode::kLimit,
                 has == 0 ? fmt::format("{} groups without a member", after.groups().size())
                          : fmt::format("{} members instead of {}", has, had),
                 "look at base and the filters; --force takes it all the same");
}

void say_left_out(const policy::MappedGroups& mapped) {
  const auto say = [](std::size_t count, std::string_view what) {
    if (count > 0)
      std::fprintf(stderr, "warning: %zu %.*s\n", count, static_cast<int>(what.size()), what.data());
  };
  for (const std::string& name : mapped.same_name)
    std::fprintf(stderr, "warning: several groups are called %s: left out\n", printable(name).c_str());
  say(mapped.groups_refused, "groups left out: without a name that a mapping file can hold");
  say(mapped.users_refused, "members left out: without a name that a mapping file can hold");
  say(mapped.members_unknown, "members left out: neither users nor groups of the search");
}

/// False: something was refused, and the file of before is in place.
bool put_map(Context& context, const Settings& settings, const KeptFile& file, const std::string& text,
             bool present) {
  if (auto put = file.put(text, present); !put) {
    context.fail(put.error());
    return false;
  }
  if (!apply_in_force(context, settings, "directory groups fetched")) {
    if (auto undone = file.take_back(); !undone) context.fail(undone.error());
    return false;
  }
  if (auto forgotten = file.forget(); !forgotten) context.fail(forgotten.error());
  return true;
}

/// Nullopt: it was said why not.
std::optional<policy::MappedGroups> ask_directory(Context& context,
                                                  const policy::DirectorySettings& directory,
                                                  const DirectoryMap* before, bool force) {
  auto mapped = policy::fetch_directory(directory);
  if (!mapped) {
    context.fail(mapped.error());
    return std::nullopt;
  }
  say_left_out(*mapped);
  const auto fits = bearable(before, mapped->map);
  if (fits || force) return std::move(*mapped);
  context.fail(fits.error());
  return std::nullopt;
}

void fetch(Context& context, const DirectoryWords& words) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto directory = policy::load_directory_settings(words.file);
  if (!directory) return context.fail(directory.error());
  const auto file = KeptFile::lock(map_path(*settings, *directory), "the mapping file");
  if (!file) return context.fail(file.error());
  const auto present = DirectoryMap::load(file->path());  // one that is damaged is no measure
  const auto mapped = ask_directory(context, *directory, present ? &*present : nullptr, words.force);
  const bool changed = mapped && (!present || mapped->map.text() != present->text());
  if (!mapped || (changed && !put_map(context, *settings, *file, mapped->map.text(), present.has_value()))) {
    std::fprintf(stderr, present ? "%s stays as it was\n" : "there is no %s\n", file->path().c_str());
    return;
  }
  const Json row{{"result", changed ? "fetched" : "not changed"},
                 {"groups", mapped->map.groups().size()},
                 {"members", mapped->map.members()},
                 {"file", file->path()}};
  print(
      render(context.format_or(Format::kTable), Json::array({row}), {"result", "groups", "members", "file"}));
}

void list_groups(Context& context, const DirectoryWords& words) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto directory = policy::load_directory_settings(words.file);
  if (!directory) return context.fail(directory.error());
  const auto map = DirectoryMap::load(map_path(*settings, *directory));
  if (!map) return context.fail(map.error());
  Json rows = Json::array();
  for (const policy::DirectoryGroup& group : map->groups())
    rows.push_back({{"group", group.name}, {"members", group.users.size()}});
  print(render(context.format_or(Format::kTable), rows, {"group", "members"}));
}

}  // namespace

void add_directory(CLI::App& app, Context& context) {
  CLI::App* directory = app.add_subcommand("directory", "the groups of an LDAP directory, for the policy");
  directory->fallthrough();
  directory->require_subcommand(1);
  auto words = std::make_shared<DirectoryWords>();
  CLI::App* fetching = add_command(*directory, "fetch", "ask the directory, and put what changed in force",
                                   context, [words](Context& used) { fetch(used, *words); });
  fetching->add_option("--directory", words->file, "where the directory is")->capture_default_str();
  fetching->add_flag("--force", words->force, "also when it has less than half as many members, or none");
  CLI::App* listing =
      add_command(*directory, "list", "the groups of the mapping file, and how many users each has", context,
                  [words](Context& used) { list_groups(used, *words); });
  listing->add_option("--directory", words->file, "where the directory is")->capture_default_str();
}

}  // namespace weir::ctl
