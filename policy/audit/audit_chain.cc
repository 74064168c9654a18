// SPDX-License-Identifier: Apache-2.0
#include "policy/audit/audit_chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace weir::policy {
namespace {

std::string row_hash(const AuditRow& row) {
  return hash_of({"weir-audit-1", std::to_string(row.number), std::to_string(row.at), row.who, row.origin,
                  row.verb, row.object, row.reason, row.result, row.previous});
}

std::string head_text(const AuditHead& head) {
  return hash_of(
      {"weir-audit-head-1", std::to_string(head.number), head.hash, std::to_string(head.first), head.before});
}

std::string anchor_text(const Anchor& anchor) {
  return hash_of({"weir-audit-anchor-1", std::to_string(anchor.number), anchor.hash});
}

}  // namespace

AuditRow next_row(const AuditHead& head, const AuditEntry& entry, const SigningKey& key) {
  AuditRow row{.number = head.number + 1,
               .at = entry.at,
               .who = entry.who,
               .origin = entry.origin,
               .verb = entry.verb,
               .object = entry.object,
               .reason = entry.reason,
               .result = entry.result,
               .previous = head.hash,
               .hash = {},
               .signature = {}};
  row.hash = row_hash(row);
  row.signature = key.sign(row.hash);
  return row;
}

AuditHead signed_head(AuditHead head, const SigningKey& key) {
  head.signature = key.sign(head_text(head));
  return head;
}

Anchor anchor_of(const AuditHead& head, const SigningKey& key) {
  Anchor anchor{head.number, head.hash, {}};
  anchor.signature = key.sign(anchor_text(anchor));
  return anchor;
}

std::string to_line(const Anchor& anchor) {
  return fmt::format("{} {} {}\n", anchor.number, anchor.hash, anchor.signature);
}

std::optional<Anchor> parse_anchor(std::string_view line) {
  Anchor anchor;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), anchor.number);
  const std::string_view left = line.substr(static_cast<std::size_t>(end - line.data()));
  if (error != std::errc{} || left.size() != kHashDigits + kSignatureDigits + 3 || left[0] != ' ' ||
      left[kHashDigits + 1] != ' ') {
    return std::nullopt;
  }
  anchor.hash = left.substr(1, kHashDigits);
  anchor.signature = left.substr(kHashDigits + 2, kSignatureDigits);
  return anchor;
}

ChainCheck::ChainCheck(AuditHead head, std::optional<Anchor> anchor, std::string public_key)
    : head_(std::move(head)),
      anchor_(std::move(anchor)),
      public_key_(std::move(public_key)),
      next_(head_.first),
      previous_(head_.before) {
  const bool untouched = head_.number == 0 && head_.signature.empty() && head_.first == 1;
  if (!untouched && !is_signed(head_text(head_), head_.signature, public_key_))
    fault(0, "where the log begins and ends is not signed by this appliance");
  if (anchor_ && !is_signed(anchor_text(*anchor_), anchor_->signature, public_key_)) {
    fault(0, "how far the log went is not signed by this appliance");
    anchor_.reset();
  }
  anchored_ = !anchor_ || anchor_->number < head_.first;
}

void ChainCheck::fault(std::int64_t number, std::string what) {
  if (faults_.size() < kAuditFaultsMax) faults_.push_back({number, std::move(what)});
}

void ChainCheck::check_order(const AuditRow& row) {
  if (row.number == next_) {
    if (row.previous != previous_)
      fault(row.number, row.number == head_.first
                            ? "it does not follow the last entry that was trimmed"
                            : fmt::format("it does not follow entry {} as that is now", row.number - 1));
    return;
  }
  const std::string gone = next_ == row.number - 1
                               ? fmt::format("entry {} was taken out", next_)
                               : fmt::format("entries {} to {} were taken out", next_, row.number - 1);
  if (row.number > next_) return fault(next_, gone);
  fault(row.number, "it was put in before the first entry");
}

void ChainCheck::take(const AuditRow& row) {
  check_order(row);
  if (row_hash(row) != row.hash) {
    fault(row.number, "it was changed");
  } else if (!is_signed(row.hash, row.signature, public_key_)) {
    fault(row.number, "it is not this appliance's: it was put in, or written anew");
  }
  if (anchor_ && row.number == anchor_->number) {
    anchored_ = true;
    if (row.hash != anchor_->hash)
      fault(row.number, "it is not the entry that was written under this number");
  }
  next_ = row.number + 1;
  previous_ = row.hash;
}

std::vector<AuditFault> ChainCheck::finish() {
  const std::int64_t last = std::max(head_.number, anchored_ ? 0 : anchor_->number);
  if (next_ <= last) {
    fault(next_, next_ == last ? fmt::format("entry {} was cut off the end", last)
                               : fmt::format("entries {} to {} were cut off the end", next_, last));
  } else if (head_.number != next_ - 1) {
    fault(next_ - 1, fmt::format("it stands behind the end of the log, which is entry {}", head_.number));
  } else if (head_.number != 0 && head_.number >= head_.first && head_.hash != previous_) {
    fault(head_.number, "it is not the entry that the log ended with");
  }
  return std::exchange(faults_, {});
}

}  // namespace weir::policy
