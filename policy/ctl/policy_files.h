// SPDX-License-Identifier: Apache-2.0
// The policy on disk: current.yaml and current.revision, earlier texts as revision-N.yaml. Each file is
// replaced whole: written beside, synced, renamed. One writer at a time, by a lock on the folder.
#pragma once

#include <cstdint>
#include <string>

#include "policy/model/error.h"

namespace weir::ctl {

inline constexpr std::uint32_t kRevisionsKept = 100;  // earlier texts

class PolicyFolder {
 public:
  /// `policy_path`: settings.classifier.policy. Takes the lock: kUnavailable when another weirctl has it.
  [[nodiscard]] static Result<PolicyFolder> lock(const std::string& policy_path);
  PolicyFolder(PolicyFolder&& other) noexcept;
  PolicyFolder& operator=(PolicyFolder&&) = delete;
  ~PolicyFolder();

  /// 0: there is no policy yet; a policy without its revision file counts as 1.
  [[nodiscard]] std::uint32_t revision() const { return revision_; }
  [[nodiscard]] std::string folder() const;
  /// Puts `text` in force on disk as the next revision, which it gives, and keeps the present text beside it.
  [[nodiscard]] Result<std::uint32_t> install(const std::string& text);
  /// Undoes the last install.
  [[nodiscard]] Result<void> take_back();

 private:
  PolicyFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  [[nodiscard]] Result<void> put(const std::string& text, std::uint32_t revision);
  [[nodiscard]] Result<void> replace(const std::string& path, const std::string& text) const;

  std::string path_;
  int lock_ = -1;
  std::uint32_t revision_ = 0;
  std::string before_;  // the text that install replaced
};

/// The revision of the policy in force on disk.
[[nodiscard]] std::uint32_t revision_on_disk(const std::string& policy_path);
/// At most kPolicyTextBytesMax bytes.
[[nodiscard]] Result<std::string> read_text(const std::string& path);

}  // namespace weir::ctl
