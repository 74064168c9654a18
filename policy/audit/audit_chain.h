// SPDX-License-Identifier: Apache-2.0
// Makes a chain of the entries of the audit log, and says where one was tampered with. Each entry holds the
// hash of the one before; its own hash covers all of it and is signed. Where the chain begins and ends is
// signed too, and how far it went is also in a file outside of the store (Anchor), so that an older head with
// an older end does not pass. It reads and writes nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/audit/signing.h"
#include "policy/store/audit_store.h"

namespace weir::policy {

inline constexpr std::size_t kAuditFaultsMax = 100;  // that one check names

/// What somebody did, or tried.
struct AuditEntry {
  TimeNs at = 0;
  std::string who{};     // a user of the machine
  std::string origin{};  // ssh 203.0.113.5, a terminal, or none
  std::string verb{};    // "policy apply"
  std::string object{};  // what it was done to
  std::string reason{};
  std::string result{};  // "done", or how it was refused
};

struct AuditFault {
  std::int64_t number = 0;  // of the entry; 0: of the chain as a whole
  std::string what;
};

/// How far the log went once, kept where who writes the store cannot.
struct Anchor {
  std::int64_t number = 0;
  std::string hash;
  std::string signature;
};

[[nodiscard]] AuditRow next_row(const AuditHead& head, const AuditEntry& entry, const SigningKey& key);
/// The same with its signature made anew.
[[nodiscard]] AuditHead signed_head(AuditHead head, const SigningKey& key);
[[nodiscard]] Anchor anchor_of(const AuditHead& head, const SigningKey& key);
/// One line of text, and back; nullopt: it is none.
[[nodiscard]] std::string to_line(const Anchor& anchor);
[[nodiscard]] std::optional<Anchor> parse_anchor(std::string_view line);

/// Takes the entries in their order, as they are kept.
class ChainCheck {
 public:
  /// `anchor` nullopt: nothing is known of how far the log went.
  ChainCheck(AuditHead head, std::optional<Anchor> anchor, std::string public_key);
  void take(const AuditRow& row);
  /// Empty: nothing was changed, put in, taken out or cut off.
  [[nodiscard]] std::vector<AuditFault> finish();

 private:
  void fault(std::int64_t number, std::string what);
  void check_order(const AuditRow& row);

  AuditHead head_;
  std::optional<Anchor> anchor_;
  std::string public_key_;
  std::int64_t next_;     // the number that has to come
  std::string previous_;  // the hash that it has to name
  bool anchored_ = false;
  std::vector<AuditFault> faults_;
};

}  // namespace weir::policy
