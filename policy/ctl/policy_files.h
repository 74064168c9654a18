// SPDX-License-Identifier: Apache-2.0
// The policy on disk: current.yaml and current.revision, earlier texts as revision-N.yaml. Each file is
// replaced whole: written beside, synced, renamed. One writer at a time, by a lock on the folder. `history`
// has a line of JSON for each revision: who put it in force, when and why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/lang/pending.h"
#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::ctl {

inline constexpr std::uint32_t kRevisionsKept = 100;  // earlier texts

inline constexpr std::size_t kHistoryLinesMax = 1'000;  // the oldest go first
inline constexpr std::size_t kReasonBytesMax = 300;

struct Revision {
  std::uint32_t number = 0;
  TimeNs time = 0;
  std::string author;  // who asked: the user behind sudo, else the user
  std::string reason;
  bool taken_back = false;  // a classifier refused it
};

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
  [[nodiscard]] const std::string& policy_path() const { return path_; }
  /// The revision that is installed next goes back after this time, or as a canary of a group ends
  /// (policy/lang/pending.h). Said first, so that it never is in force without its end.
  [[nodiscard]] Result<void> bound_next(TimeNs lasts, const std::string& group, bool promotes) const;
  /// Puts `text` in force on disk as the next revision, which it gives, and keeps the present text beside it.
  [[nodiscard]] Result<std::uint32_t> install(const std::string& text, const std::string& author,
                                              const std::string& reason);
  /// Replaces the exceptions beside the policy (policy/lang/exceptions.h).
  [[nodiscard]] Result<void> put_exceptions(const std::string& text) const;
  /// A line of the history about the revision in force.
  [[nodiscard]] Result<void> remark(const std::string& text) const;
  /// The revision in force waits to be confirmed.
  [[nodiscard]] std::optional<policy::Pending> pending() const;
  /// It does not wait any more.
  [[nodiscard]] Result<void> confirm() const;
  /// What waited was replaced for good.
  [[nodiscard]] Result<void> forget_replaced() const;
  /// Undoes the last install.
  [[nodiscard]] Result<void> take_back();

 private:
  PolicyFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  /// Where somebody was stopped while they put another policy in force: the one before holds.
  [[nodiscard]] Result<void> mend();
  [[nodiscard]] Result<void> put_back();
  [[nodiscard]] Result<void> put(const std::string& text, std::uint32_t revision);
  [[nodiscard]] Result<void> note(const Revision& revision) const;

  std::string path_;
  int lock_ = -1;
  std::uint32_t revision_ = 0;
  std::string before_;  // the text that install replaced
  Revision last_;       // what it noted
};

/// The user behind sudo, else the user.
[[nodiscard]] std::string author();
/// The revision of the policy in force on disk.
[[nodiscard]] std::uint32_t revision_on_disk(const std::string& policy_path);
/// The file and the revision that hold (policy/lang/pending.h); revision 0: there is no policy.
[[nodiscard]] policy::TextInForce in_force_on_disk(const std::string& policy_path);
/// Newest first; a revision from before there was a history is not in it.
[[nodiscard]] std::vector<Revision> history_of(const std::string& policy_path);
/// The text of a revision: the one in force, or one that is kept. kNotFound: it is not kept any more.
[[nodiscard]] Result<std::string> text_of(const std::string& policy_path, std::uint32_t revision);
/// At most kPolicyTextBytesMax bytes.
[[nodiscard]] Result<std::string> read_text(const std::string& path);

}  // namespace weir::ctl
