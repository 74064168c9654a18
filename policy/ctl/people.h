// SPDX-License-Identifier: Apache-2.0
// How weirctl names people, and who a pseudonym is.
#pragma once

#include <optional>
#include <string>

#include "policy/audit/audit_log.h"
#include "policy/audit/pseudonym.h"
#include "policy/ctl/context.h"
#include "policy/model/settings.h"
#include "policy/store/people.h"
#include "policy/store/store.h"

namespace weir::ctl {

/// What is shown for the subjects of violations, software and quotas: by privacy.people the subject or its
/// pseudonym; "(hidden)" where the key may not be read.
class PeopleShown {
 public:
  explicit PeopleShown(const Settings& settings);
  [[nodiscard]] std::string subject(const std::string& subject) const;
  [[nodiscard]] std::string object(const std::string& object) const;
  [[nodiscard]] bool clear() const { return clear_; }

 private:
  std::string appliance_;  // of which a violation can be as well
  bool clear_;
  std::optional<policy::Pseudonyms> pseudonyms_;
};

/// What a command about people needs: the store, the log and the key of the pseudonyms.
struct PeopleDesk {
  Settings settings;
  policy::Store store;
  policy::AuditLog log;
  policy::Pseudonyms pseudonyms;

  /// nullopt: why not is told.
  [[nodiscard]] static std::optional<PeopleDesk> open(Context& context);
  /// The batch's changes and the entry about them, together.
  [[nodiscard]] Result<void> commit(policy::Batch& batch, const policy::AuditEntry& entry);
};

/// How long a request waits for its approval, and an approval for its use.
[[nodiscard]] TimeNs patience(const Settings& settings);
/// Who does what `entry` says may know who the pseudonym is: with privacy.approvers 2 by another user's
/// consent, which `entry` then names. Of the request that was approved; id 0: it takes none. kBusy: there is
/// no consent yet, and the request for it was made.
[[nodiscard]] Result<policy::RevealRequest> consent(PeopleDesk& desk, const std::string& pseudonym,
                                                    policy::AuditEntry& entry);
/// A consent is good for once.
[[nodiscard]] Result<void> use_up(policy::Batch& batch, const policy::RevealRequest& request, TimeNs now);

/// Who the pseudonym is that `entry` is about, once the entry is in the audit log. kNotFound: it is none, or
/// nobody any more; kBusy: as of `consent`.
[[nodiscard]] Result<std::string> reveal_subject(PeopleDesk& desk, policy::AuditEntry entry);

/// What an event that the store keeps says, as JSON; empty: it cannot be read.
[[nodiscard]] std::string said_by_event(const std::string& kept);
/// The subject that a command names: itself, or whom the pseudonym stands for. kNotFound: nobody that is
/// known any more.
[[nodiscard]] Result<std::string> subject_behind(policy::Store& store, const policy::Pseudonyms& pseudonyms,
                                                 const std::string& word);
/// The same for commands that need the key for a pseudonym alone.
[[nodiscard]] Result<std::string> subject_named(const Settings& settings, policy::Store& store,
                                                const std::string& word);

}  // namespace weir::ctl
