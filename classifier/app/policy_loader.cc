// SPDX-License-Identifier: Apache-2.0
#include "classifier/app/policy_loader.h"

#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "policy/lang/compile.h"
#include "policy/lang/exceptions.h"
#include "policy/lang/pending.h"

namespace weir::classifier {

std::uint32_t revision_beside(const std::string& policy_path) {
  std::ifstream file{std::filesystem::path{policy_path}.replace_extension(".revision")};
  std::string text;
  std::uint32_t revision = 0;
  if (!(file >> text)) return kRevisionWithoutSidecar;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
  return error == std::errc{} && revision > 0 ? revision : kRevisionWithoutSidecar;
}

ResultAll<PolicyInForce> load_policy(const std::string& path, bool replay) {
  const std::string exceptions = replay ? std::string{} : policy::exceptions_path(path);
  constexpr int kAttempts = 5;
  static_cast<void>(policy::boot_id());  // while it may be read: the first load is before the sandbox
  ResultAll<PolicyInForce> loaded;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::uint32_t revision = revision_beside(path);
    const policy::TextsInForce texts = policy::texts_in_force(path, revision);
    auto compiled = policy::compile_file(texts.text.file, texts.text.revision, nullptr, exceptions);
    if (!compiled) return tl::unexpected(std::move(compiled.error()));
    loaded = PolicyInForce{.policy = std::move(*compiled), .revision = texts.text.revision};
    if (!texts.group.empty()) {
      auto others = policy::compile_file(texts.others.file, texts.others.revision, nullptr, exceptions);
      if (!others) return tl::unexpected(std::move(others.error()));
      loaded->canary = texts.group;
      loaded->others = std::move(*others);
    }
    if (revision_beside(path) == revision) break;  // else it was replaced meanwhile
  }
  return loaded;
}

ResultAll<PolicyInForce> empty_policy() {
  auto compiled = policy::compile("weir-policy: 1\n", {.file = "empty", .directory = ".", .revision = 1});
  if (!compiled) return tl::unexpected(std::move(compiled.error()));
  return PolicyInForce{std::move(*compiled), 1};
}

ResultAll<PolicyInForce> missing_policy() {
  auto missing = empty_policy();
  if (missing) missing->revision = 0;
  return missing;
}

bool PolicyReload::start(const std::string& path) {
  if (running()) return false;
  result_ = std::async(std::launch::async, [path] { return load_policy(path); });
  return true;
}

std::optional<ResultAll<PolicyInForce>> PolicyReload::poll() {
  if (!running() || result_.wait_for(std::chrono::seconds{0}) != std::future_status::ready)
    return std::nullopt;
  return result_.get();
}

}  // namespace weir::classifier
