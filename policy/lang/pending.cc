// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/pending.h"

#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <fstream>

namespace weir::policy {

namespace fs = std::filesystem;

bool Pending::is_over() const {
  const bool started_again = !boot_id().empty() && boot != boot_id();  // a process may not be let see it
  return started_again || boot_time_now() >= deadline;
}

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
  return pending;
}

std::string to_text(const Pending& pending) {
  return fmt::format("{} {} {} {}\n", pending.revision, pending.back, pending.deadline, pending.boot);
}

TextInForce text_in_force(const std::string& policy_path, std::uint32_t revision) {
  std::error_code ignored;
  if (std::string own = kept_path(policy_path, revision); fs::exists(own, ignored))
    return {std::move(own), revision};
  const auto pending = read_pending(policy_path);
  if (!pending || pending->revision != revision || !pending->is_over()) return {policy_path, revision};
  std::string kept = kept_path(policy_path, pending->back);
  if (!fs::exists(kept, ignored)) return {policy_path, revision};
  return {std::move(kept), pending->back};
}

}  // namespace weir::policy
