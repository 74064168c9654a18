// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/scheduled.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>
#include <tuple>

#include "policy/ctl/replace_file.h"
#include "policy/lang/compile.h"
#include "policy/model/durable_file.h"
#include "policy/model/text_file.h"

namespace weir::ctl {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr std::string_view kPrefix = "scheduled-";
constexpr std::size_t kHeadBytesMax = 65'536;

std::string scheduled_path(const std::string& folder, std::uint32_t number) {
  return (fs::path{folder} / fmt::format("{}{}", kPrefix, number)).string();
}

std::string folder_of_policy(const std::string& policy_path) {
  const fs::path folder = fs::path{policy_path}.parent_path();
  return folder.empty() ? "." : folder.string();
}

std::string file_text(const Scheduled& one) {
  const ordered_json head{{"at_ns", one.at},        {"made_ns", one.made},
                          {"name", one.name},       {"author", one.author},
                          {"reason", one.reason},   {"confirm_within_ns", one.confirm_within},
                          {"over", one.over},       {"over_changes", one.over_changes},
                          {"becomes", one.becomes}, {"outcome", one.outcome}};
  return head.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n" + one.text;
}

std::optional<Scheduled> scheduled_of(const std::string& file, std::uint32_t number) {
  const std::size_t end = file.find('\n');
  if (end == std::string::npos) return std::nullopt;
  const auto head = ordered_json::parse(file.substr(0, end), nullptr, false);
  if (!head.is_object()) return std::nullopt;
  const auto is = [&](std::initializer_list<const char*> keys, auto right) {
    return std::all_of(keys.begin(), keys.end(),
                       [&](const char* key) { return head.contains(key) && (head[key].*right)(); });
  };
  if (!is({"at_ns", "made_ns", "confirm_within_ns"}, &ordered_json::is_number_integer) ||
      !is({"over", "becomes"}, &ordered_json::is_number_unsigned) ||
      !is({"name", "author", "reason", "outcome"}, &ordered_json::is_string) ||
      !is({"over_changes"}, &ordered_json::is_boolean)) {
    return std::nullopt;
  }
  return Scheduled{.number = number,
                   .at = head["at_ns"].get<TimeNs>(),
                   .made = head["made_ns"].get<TimeNs>(),
                   .name = head["name"].get<std::string>(),
                   .author = head["author"].get<std::string>(),
                   .reason = head["reason"].get<std::string>(),
                   .confirm_within = head["confirm_within_ns"].get<TimeNs>(),
                   .over = head["over"].get<std::uint32_t>(),
                   .over_changes = head["over_changes"].get<bool>(),
                   .becomes = head["becomes"].get<std::uint32_t>(),
                   .outcome = head["outcome"].get<std::string>(),
                   .text = file.substr(end + 1)};
}

/// 0: it is no file of ours.
std::uint32_t number_of(const std::string& name) {
  std::uint32_t number = 0;
  if (!name.starts_with(kPrefix)) return 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + kPrefix.size(), end, number);
  return error == std::errc{} && stop == end ? number : 0;
}

}  // namespace

std::optional<Scheduled> read_scheduled(const std::string& policy_path, std::uint32_t number) {
  const auto file = read_text_file(scheduled_path(folder_of_policy(policy_path), number),
                                   kHeadBytesMax + policy::kPolicyTextBytesMax);
  return file ? scheduled_of(*file, number) : std::nullopt;
}

std::vector<Scheduled> scheduled_in(const std::string& policy_path) {
  std::vector<Scheduled> found;
  std::error_code ignored;
  for (const auto& file : fs::directory_iterator(folder_of_policy(policy_path), ignored)) {
    const std::uint32_t number = number_of(file.path().filename().string());
    auto one = number == 0 ? std::nullopt : read_scheduled(policy_path, number);
    if (one) found.push_back(std::move(*one));
  }
  std::sort(found.begin(), found.end(), [](const Scheduled& a, const Scheduled& b) {
    return std::tie(a.at, a.number) < std::tie(b.at, b.number);
  });
  return found;
}

bool fits(const Scheduled& one, const std::string& policy_path) {
  if (one.over_changes) return true;
  const auto [file, revision] = in_force_on_disk(policy_path);
  if (one.over == 0 || revision == 0) return one.over == revision;
  const auto over = text_of(policy_path, one.over);
  const auto present = read_text(file);
  return over && present && *over == *present;
}

Result<void> put_scheduled(const PolicyFolder& folder, const Scheduled& one) {
  const auto others = scheduled_in(folder.policy_path());
  const bool known = std::any_of(others.begin(), others.end(),
                                 [&](const Scheduled& other) { return other.number == one.number; });
  if (!known && others.size() >= kScheduledMax) {
    return failure(ErrorCode::kLimit, fmt::format("{} policies are scheduled already", others.size()),
                   "weirctl policy unschedule NUMBER removes one, also one that was missed or refused");
  }
  if (auto written = replace_file(scheduled_path(folder.folder(), one.number), file_text(one)); !written)
    return written;
  return sync_folder(folder.folder());
}

Result<void> remove_scheduled(const PolicyFolder& folder, std::uint32_t number) {
  const std::string path = scheduled_path(folder.folder(), number);
  if (unlink(path.c_str()) != 0 && errno != ENOENT)
    return failure(ErrorCode::kSystem, fmt::format("cannot remove {}: {}", path, std::strerror(errno)));
  return sync_folder(folder.folder());
}

}  // namespace weir::ctl
