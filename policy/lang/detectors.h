// SPDX-License-Identifier: Apache-2.0
// The detectors that a policy may switch on (section `detect`), with the parameters of each: what it
// understands, what holds where the policy says nothing. What they do is in policy/detect.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/lang/policy.h"
#include "policy/lang/version_range.h"
#include "policy/model/decision.h"
#include "policy/model/time.h"

namespace weir::policy {

inline constexpr std::int64_t kDetectCountMax = 1'000'000'000;
inline constexpr std::int64_t kDetectPercentMax = 10'000;
inline constexpr std::int64_t kDetectDaysMax = 365;
inline constexpr TimeNs kDetectWithinMin = 60 * kSecond;
inline constexpr TimeNs kDetectWithinMax = 24 * 3'600 * kSecond;
inline constexpr std::int64_t kEntropyMax = 600;  // hundredths of a bit; 37 letters of host names have 5.21

enum class DetectorKind : std::uint8_t {
  kNewSoftware,
  kUnauthorisedSoftware,
  kOldVersion,
  kProductGone,
  kUpdatesOverdue,
  kNewDevice,
  kMailBurst,
  kManyRecipients,
  kDirectToMx,
  kMailToNewDomains,
  kAfterHours,
  kNewCountry,
  kNewNetwork,
  kDnsTunnel,
  kGeneratedNames,
  kBeacon,
  kManyBlocks,
  kUninspected,
  kSlowServer,
  kSlowLink,
  kCount
};
inline constexpr std::size_t kDetectors = static_cast<std::size_t>(DetectorKind::kCount);

/// A product of the catalogue, and versions of it.
struct WatchedProduct {
  std::string product;
  VersionRange versions;
  std::string written;
};

/// What a policy says of one detector. A value that the detector does not know is 0 or empty.
struct DetectorSettings {
  DetectorKind kind{};
  bool on = false;
  Severity severity = Severity::kMedium;
  TimeNs within = 0;  // the length of its window
  std::int64_t count = 0;
  std::int64_t percent = 0;
  std::int64_t learn_days = 0;
  std::int64_t days = 0;
  std::uint64_t bytes = 0;
  std::int64_t entropy = 0;         // hundredths of a bit a character
  std::vector<std::string> except;  // groups whose clients it leaves out
  std::vector<NamedSet> except_domains;
  Condition when;  // schedules
  std::vector<WatchedProduct> products;
};

struct DetectSection {
  std::vector<DetectorSettings> detectors;  // those that the policy names, in the order of the kinds
};

/// One row a detector: its name, which is that of its violations, and what it understands. A parameter whose
/// value is 0 here is none of it, and a mistake to write.
struct DetectorRow {
  DetectorKind kind{};
  std::string_view name;
  std::string_view meaning;  // Markdown: what is a violation, with the parameters as their keys
  Severity severity = Severity::kMedium;
  TimeNs within = 0;
  std::int64_t count = 0;
  std::int64_t percent = 0;
  std::int64_t learn_days = 0;
  std::int64_t days = 0;
  std::uint64_t bytes = 0;
  std::int64_t entropy = 0;
  bool domains = false;           // understands except_domains
  bool when = false;              // needs when
  bool products = false;          // understands products
  bool needs_products = false;    // says nothing without
  bool takes_no_clients = false;  // is not about clients: no except
};
[[nodiscard]] std::span<const DetectorRow> detector_rows();  // by DetectorKind
[[nodiscard]] const DetectorRow& detector_row(DetectorKind kind);
[[nodiscard]] std::string_view to_string(DetectorKind kind);
/// A key of the map `detector` that is not written in vain.
[[nodiscard]] bool understands(const DetectorRow& row, std::string_view key);
/// What holds where the policy names the detector and says nothing else.
[[nodiscard]] DetectorSettings usual_settings(DetectorKind kind);
/// The table of docs/policy.md.
[[nodiscard]] std::string detector_table();

}  // namespace weir::policy
