// SPDX-License-Identifier: Apache-2.0
// Where requests are answered: who asks, whether they may, and what the answer is. One Desk has one
// connection to the store and is used by one thread. No sockets here (connection.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/console/jobs.h"
#include "policy/console/message.h"
#include "policy/console/operations.h"
#include "policy/ctl/people.h"
#include "policy/model/settings.h"
#include "policy/store/account_store.h"

namespace weir::console {

inline constexpr std::uint32_t kRowsDefault = 100;
inline constexpr std::uint32_t kRowsMax = 1'000;
inline constexpr TimeNs kHalfSession = 300 * kSecond;  // from the password to the TOTP code
inline constexpr TimeNs kUsedNotedAfter =
    30 * kSecond;  // how exactly the store knows when a session was used

/// A request that somebody may make.
struct Call {
  const Request& request;
  TimeNs now = 0;
  std::vector<std::string> arguments{};  // of the path
  Query query{};
  Json body = Json::object();        // an object, where there is a body
  policy::ConsoleAccount account{};  // whose session it is; of an open operation: nobody
  policy::ConsoleSession session{};
  policy::ConsoleToken token{};  // with which a program asks; its id empty: a person does

  /// A text of the body; empty: it is not there, or no text.
  [[nodiscard]] std::string text(const char* name) const;
  /// A value of the query; empty: it is not there.
  [[nodiscard]] std::string asked(std::string_view name) const;
  /// It is only to be said what would be done.
  [[nodiscard]] bool dry_run() const { return asked("dry_run") == "true"; }
  /// `count` of the query within its limits; nullopt: it is no such number.
  [[nodiscard]] std::optional<std::uint32_t> count() const;
};

class Desk {
 public:
  /// `weirctl` is the program that waits for confirmations; `jobs` are those of all desks together.
  Desk(Settings settings, std::string config, std::string weirctl,
       std::shared_ptr<Jobs> jobs = std::make_shared<Jobs>())
      : settings_(std::move(settings)),
        config_(std::move(config)),
        weirctl_(std::move(weirctl)),
        jobs_(std::move(jobs)) {}

  [[nodiscard]] Response handle(const Request& request, TimeNs now);

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const std::string& config() const { return config_; }
  [[nodiscard]] const std::string& weirctl() const { return weirctl_; }
  [[nodiscard]] Jobs& jobs() { return *jobs_; }
  /// Only within an answer: the store is open then.
  [[nodiscard]] ctl::PeopleDesk& people() { return *people_; }
  [[nodiscard]] policy::Store& store() { return people_->store; }
  /// What the account did, for the audit log.
  [[nodiscard]] static policy::AuditEntry entry_of(const Call& call, std::string verb, std::string object,
                                                   std::string reason = {});
  /// An entry of its own; what cannot be written waits in the folder for later ones.
  void note(const policy::AuditEntry& entry);

 private:
  [[nodiscard]] Result<void> open_store();
  /// Fills `account` and `session`, or `token`; false: nobody is known by this cookie or token.
  [[nodiscard]] Result<bool> recognise(Call& call);
  [[nodiscard]] Result<bool> recognise_token(Call& call);
  /// nullopt: whoever it is may ask this; else what they are told.
  [[nodiscard]] std::optional<Response> refused(const Operation& operation, const Call& call);
  [[nodiscard]] Result<void> note_used(const Call& call);
  [[nodiscard]] Response answer(const Route& found, Call& call);

  Settings settings_;
  std::string config_;
  std::string weirctl_;
  std::shared_ptr<Jobs> jobs_;
  std::optional<ctl::PeopleDesk> people_;
};

/// What the store has of a session's cookie.
[[nodiscard]] std::string hash_of_token(const std::string& token);
/// Empty: the console's own pages, or a program, sent it; else what is wrong with it.
[[nodiscard]] std::string foreign(const Request& request);
/// "24h", "7d" of the query `last`; kInvalid.
[[nodiscard]] Result<TimeNs> lasting(const Call& call);
/// RFC 3339, or null for 0.
[[nodiscard]] Json time_json(TimeNs time);
/// A row of weirctl's: where that writes "-" under a key, the API has null.
[[nodiscard]] Json without_dashes(Json row, std::initializer_list<const char*> keys);

}  // namespace weir::console
