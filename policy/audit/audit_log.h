// SPDX-License-Identifier: Apache-2.0
// The one way into the audit log, for everything that changes something or shows what is hidden. The chain is
// one however many write: they wait for each other at its head.
#pragma once

#include <string>
#include <vector>

#include "policy/audit/audit_chain.h"
#include "policy/model/settings.h"
#include "policy/store/store.h"

namespace weir::policy {

class AuditLog {
 public:
  /// With the appliance's keys, which are made where they are missing. kSystem: no access to them.
  [[nodiscard]] static Result<AuditLog> open(const Settings& settings);

  /// The entry and those that waited to be written (later_log.h). What is older than the retention goes.
  /// When this returns the entry is on the disk; what it is about may then be shown. kUnavailable: the store.
  [[nodiscard]] Result<AuditRow> write(Store& store, const AuditEntry& entry) const;

  struct Written {
    AuditRow row;
    std::vector<std::string> taken;  // files of later_log.h that are in the log now
  };
  /// The same in a batch of the caller's, for what has to be true together with its entry. Nobody else writes
  /// into the log until the batch has ended; after its commit say `committed`.
  [[nodiscard]] Result<Written> write(Batch& batch, const AuditEntry& entry) const;
  [[nodiscard]] Result<void> committed(Store& store, const Written& written) const;

  /// Empty: nothing was changed, put in, taken out or cut off.
  [[nodiscard]] Result<std::vector<AuditFault>> verify(Store& store) const;
  [[nodiscard]] const SigningKey& key() const { return key_; }

 private:
  AuditLog(SigningKey key, const Settings& settings);
  [[nodiscard]] Result<std::vector<AuditFault>> verify(Store& store, const AuditHead& head) const;
  [[nodiscard]] Result<void> anchor(const AuditHead& head) const;

  SigningKey key_;
  std::string anchor_file_;
  std::string later_folder_;
  std::string operators_;
  std::uint32_t keep_days_;
};

}  // namespace weir::policy
