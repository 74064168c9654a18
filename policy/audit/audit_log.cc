// SPDX-License-Identifier: Apache-2.0
#include "policy/audit/audit_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "policy/audit/appliance_keys.h"
#include "policy/audit/later_log.h"
#include "policy/audit/private_file.h"

namespace weir::policy {
namespace {

constexpr TimeNs kDay = 86'400 * kSecond;
constexpr std::uint32_t kRowsAtOnce = 10'000;
constexpr int kVerifyAttempts = 5;

/// What the log keeps of a text: as much as a column of the store holds, and nothing a terminal obeys.
std::string kept(const std::string& text) {
  std::string clean;
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 && c != '\x7f') clean.push_back(c);
  std::size_t cut = std::min(clean.size(), kStoreTextBytesMax);
  while (cut < clean.size() && cut > 0 && (static_cast<unsigned char>(clean[cut]) & 0xC0U) == 0x80U) --cut;
  clean.resize(cut);
  return clean;
}

AuditEntry kept(const AuditEntry& entry) {
  return {entry.at,           kept(entry.who),    kept(entry.origin), kept(entry.verb),
          kept(entry.object), kept(entry.reason), kept(entry.result)};
}

/// Appends to the chain whose end is `head`, and moves that.
Result<AuditRow> add(Batch& batch, AuditHead& head, const AuditEntry& entry, const SigningKey& key) {
  AuditRow row = next_row(head, kept(entry), key);
  if (auto appended = append(batch, row); !appended) return tl::unexpected(appended.error());
  head.number = row.number;
  head.hash = row.hash;
  return row;
}

/// One process at a time, while it lives.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder)
      : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    while (descriptor_ >= 0 && flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) continue;
  }
  ~FolderLock() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace

AuditLog::AuditLog(SigningKey key, const Settings& settings)
    : key_(std::move(key)),
      anchor_file_(keys_folder(settings.state_directory) + "/audit.head"),
      later_folder_(policy::later_folder(settings.state_directory)),
      operators_(settings.operators),
      keep_days_(settings.retention.audit_days) {}

Result<AuditLog> AuditLog::open(const Settings& settings) {
  auto key = signing_key(keys_folder(settings.state_directory));
  if (!key) return tl::unexpected(key.error());
  return AuditLog{std::move(*key), settings};
}

Result<AuditLog::Written> AuditLog::write(Batch& batch, const AuditEntry& entry) const {
  auto head = take_audit_head(batch);
  if (!head) return tl::unexpected(head.error());
  Written written;
  for (LaterEntry& later : read_later(later_folder_)) {
    later.entry.result += " (written later)";
    if (auto added = add(batch, *head, later.entry, key_); !added) return tl::unexpected(added.error());
    written.taken.push_back(std::move(later.file));
  }
  auto row = add(batch, *head, entry, key_);
  if (!row) return tl::unexpected(row.error());
  written.row = std::move(*row);
  if (keep_days_ > 0) {
    const auto gone = trim_audit(batch, entry.at - keep_days_ * kDay);
    if (!gone) return tl::unexpected(gone.error());
    if (gone->number > 0) {
      head->first = gone->number + 1;
      head->before = gone->hash;
    }
  }
  if (auto put = policy::put(batch, signed_head(*head, key_)); !put) return tl::unexpected(put.error());
  return written;
}

Result<void> AuditLog::committed(Store& store, const Written& written) const {
  std::error_code ignored;
  for (const std::string& file : written.taken) std::filesystem::remove(file, ignored);
  const auto head = audit_head(store);
  if (!head) return tl::unexpected(head.error());
  return anchor(*head);
}

Result<AuditRow> AuditLog::write(Store& store, const AuditEntry& entry) const {
  auto batch = store.begin();
  if (!batch) return tl::unexpected(batch.error());
  auto written = write(*batch, entry);
  if (!written) return tl::unexpected(written.error());
  if (auto done = batch->commit(); !done) return tl::unexpected(done.error());
  if (auto anchored = committed(store, *written); !anchored) return tl::unexpected(anchored.error());
  return std::move(written->row);
}

/// Who writes the store and lacks the key can cut the log and put an older head back. This file they cannot
/// put back.
Result<void> AuditLog::anchor(const AuditHead& head) const {
  const FolderLock lock{std::filesystem::path{anchor_file_}.parent_path().string()};
  const auto before = read_private(anchor_file_);
  const auto known = before ? parse_anchor(*before) : std::nullopt;
  if (known && known->number >= head.number) return {};  // another writer was faster
  return write_private(anchor_file_, to_line(anchor_of(head, key_)));
}

Result<std::vector<AuditFault>> AuditLog::verify(Store& store) const {
  for (int attempt = 1;; ++attempt) {
    const auto head = audit_head(store);
    if (!head) return tl::unexpected(head.error());
    auto faults = verify(store, *head);
    const auto after = audit_head(store);
    // Somebody wrote meanwhile: what was read is of two moments.
    if (!faults || !after || after->number == head->number || attempt == kVerifyAttempts) return faults;
  }
}

Result<std::vector<AuditFault>> AuditLog::verify(Store& store, const AuditHead& head) const {
  const auto line = read_private(anchor_file_);
  std::vector<AuditFault> faults;
  std::optional<Anchor> anchor;
  if (line) anchor = parse_anchor(*line);
  if (!anchor && (line || head.number > 0))
    faults.push_back({0, fmt::format("{} does not say how far the log went", anchor_file_)});
  ChainCheck check{head, anchor, key_.public_key()};
  for (std::int64_t first = INT64_MIN;;) {
    const auto rows = audit_rows(store, first, kRowsAtOnce);
    if (!rows) return tl::unexpected(rows.error());
    for (const AuditRow& row : *rows) check.take(row);
    if (rows->size() < kRowsAtOnce) break;
    first = rows->back().number + 1;
  }
  for (AuditFault& fault : check.finish()) faults.push_back(std::move(fault));
  return faults;
}

}  // namespace weir::policy
