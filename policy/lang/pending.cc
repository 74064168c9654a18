// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/pending.h"

#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

namespace weir::policy {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPromote = "promote";
constexpr std::string_view kGoBack = "rollback";

/// A process may not be let see it.
bool is_this_boot(const std::string& boot) { return boot_id().empty() || boot == boot_id(); }

}  // namespace

bool Pending::is_over() const { return !is_this_boot(boot) || boot_time_now() >= deadline; }

bool Pending::stays() const { return promotes && is_this_boot(boot); }

TimeNs boot_time_now() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return TimeNs{now.tv_sec} * kSecond + now.tv_nsec;
}

const std::string& boot_id() {
  static const std::string kId = [] {
    std::string id;
    std::ifstream{"/proc/sys/kernel/random/boot_id"} >> id;
    return id;
  }();
  return kId;
}

std::string pending_path(const std::string& policy_path) {
  return (fs::path{policy_path}.parent_path() / "pending").string();
}

std::string kept_path(const std::string& policy_path, std::uint32_t revision) {
  return (fs::path{policy_path}.parent_path() / fmt::format("revision-{}.yaml", revision)).string();
}

std::optional<Pending> read_pending(const std::string& policy_path) {
  std::ifstream file{pending_path(policy_path)};
  Pending pending;
  if (!(file >> pending.revision >> pending.back >> pending.deadline >> pending.boot)) return std::nullopt;
  std::string end;
  if (!(file >> end)) return pending;
  const bool known = end == kPromote || end == kGoBack;
  if (!known || !(file >> pending.group)) return std::nullopt;
  pending.promotes = end == kPromote;
  return pending;
}

std::string to_text(const Pending& pending) {
  const std::string canary =
      pending.group.empty() ? ""
                            : fmt::format(" {} {}", pending.promotes ? kPromote : kGoBack, pending.group);
  return fmt::format("{} {} {} {}{}\n", pending.revision, pending.back, pending.deadline, pending.boot,
                     canary);
}

TextInForce text_in_force(const std::string& policy_path, std::uint32_t revision) {
  return texts_in_force(policy_path, revision).text;
}

TextsInForce texts_in_force(const std::string& policy_path, std::uint32_t revision) {
  std::error_code ignored;
  std::string own = kept_path(policy_path, revision);
  const bool being_replaced = fs::exists(own, ignored);
  TextsInForce found{{being_replaced ? std::move(own) : policy_path, revision}};
  const auto pending = read_pending(policy_path);
  if (!pending || pending->revision != revision) return found;
  TextInForce back{kept_path(policy_path, pending->back), pending->back};
  if (!fs::exists(back.file, ignored)) return found;
  if (!pending->is_over()) {
    if (pending->group.empty()) return found;
    found.group = pending->group;
    found.others = std::move(back);
  } else if (!being_replaced && !pending->stays()) {
    found.text = std::move(back);
  }
  return found;
}

}  // namespace weir::policy
