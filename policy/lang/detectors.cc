// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/detectors.h"

#include <fmt/format.h>

#include <array>

#include "policy/model/duration.h"

namespace weir::policy {
namespace {

using enum DetectorKind;

constexpr TimeNs kMinute = 60 * kSecond;
constexpr TimeNs kHour = 60 * kMinute;

constexpr std::array<DetectorRow, kDetectors> kRows{{
    {.kind = kNewSoftware,
     .name = "new-software",
     .meaning = "a product that no client was seen to use before, once the first `learn_days` have passed",
     .severity = Severity::kLow,
     .learn_days = 7},
    {.kind = kUnauthorisedSoftware,
     .name = "unauthorised-software",
     .meaning = "a client uses a product that the section `software` does not authorise: unauthorised, or "
                "authorised in other versions or until a day that has passed; once a day. No rule needs to "
                "have looked at the flow",
     .severity = Severity::kMedium},
    {.kind = kOldVersion,
     .name = "old-version",
     .meaning = "a client uses a version of one of the `products` outside the versions written there, such "
                "as `firefox >=115`; once a day",
     .severity = Severity::kMedium,
     .products = true,
     .needs_products = true},
    {.kind = kProductGone,
     .name = "product-gone",
     .meaning = "one of the `products` was seen on a client, and then not on `days` days on which the client "
                "was",
     .severity = Severity::kMedium,
     .days = 7,
     .products = true,
     .needs_products = true},
    {.kind = kUpdatesOverdue,
     .name = "updates-overdue",
     .meaning = "a product asked its update servers from a client, and then not on `days` days on which the "
                "client was seen; of the `products`, also one that never asked",
     .severity = Severity::kMedium,
     .days = 14,
     .products = true},
    {.kind = kNewDevice,
     .name = "new-device",
     .meaning = "a hardware address (behind a router: an address) that was not seen before, once the first "
                "`learn_days` have passed; random ones (second digit 2, 6, a or e) are left out",
     .severity = Severity::kLow,
     .learn_days = 7},
    {.kind = kMailBurst,
     .name = "mail-burst",
     .meaning = "a client sent `count` mails or more `within`",
     .severity = Severity::kMedium,
     .within = kHour,
     .count = 100},
    {.kind = kManyRecipients,
     .name = "many-recipients",
     .meaning = "a client wrote to `count` different addresses or more `within`; those that show in clear "
                "text",
     .severity = Severity::kMedium,
     .within = kHour,
     .count = 50},
    {.kind = kDirectToMx,
     .name = "direct-to-mx",
     .meaning = "a client speaks SMTP to port 25 outside, and is none of those that did in its first "
                "`learn_days`; `count` connections `within`",
     .severity = Severity::kHigh,
     .within = kHour,
     .count = 3,
     .learn_days = 7},
    {.kind = kMailToNewDomains,
     .name = "mail-to-new-domains",
     .meaning = "a client wrote to `count` domains or more `within` that nobody had written to before, once "
                "the first `learn_days` have passed",
     .severity = Severity::kLow,
     .within = 24 * kHour,
     .count = 10,
     .learn_days = 14},
    {.kind = kAfterHours,
     .name = "after-hours",
     .meaning =
         "while the schedules of `when` hold, a client opened `count` connections or more (DNS is none) "
         "and moved `bytes` or more `within`",
     .severity = Severity::kLow,
     .within = kHour,
     .count = 50,
     .bytes = 20'000'000,
     .when = true},
    {.kind = kNewCountry,
     .name = "new-country",
     .meaning = "a client talks to a country to which it did not in its first `learn_days`: a flow of "
                "`bytes` or more",
     .severity = Severity::kInfo,
     .learn_days = 14,
     .bytes = 100'000},
    {.kind = kNewNetwork,
     .name = "new-network",
     .meaning = "the same of an autonomous system",
     .severity = Severity::kInfo,
     .learn_days = 14,
     .bytes = 1'000'000},
    {.kind = kDnsTunnel,
     .name = "dns-tunnel",
     .meaning = "a client asked `count` questions or more `within` under one registered domain whose parts "
                "below it are 20 characters or longer, or one label of it 40, with a mean entropy of "
                "`entropy` bits a character or more",
     .severity = Severity::kHigh,
     .within = 10 * kMinute,
     .count = 100,
     .entropy = 320,
     .domains = true},
    {.kind = kGeneratedNames,
     .name = "generated-names",
     .meaning = "a client asked for `count` registered domains or more `within` that do not exist, and "
                "`percent` of them or more look made by a machine",
     .severity = Severity::kHigh,
     .within = 10 * kMinute,
     .count = 20,
     .percent = 50,
     .domains = true},
    {.kind = kBeacon,
     .name = "beacon",
     .meaning = "a client opened `count` connections or more `within` to one host at even intervals of 10 s "
                "or more: nine of ten are within `percent` of the median",
     .severity = Severity::kMedium,
     .within = kHour,
     .count = 12,
     .percent = 10,
     .domains = true},
    {.kind = kManyBlocks,
     .name = "many-blocks",
     .meaning = "rules stopped a client `count` times or more `within`, for 5 different objects or more",
     .severity = Severity::kMedium,
     .within = kHour,
     .count = 50},
    {.kind = kUninspected,
     .name = "uninspected",
     .meaning = "`percent` or more of the bytes of an appliance's flows passed without the full inspection "
                "`within`; of `count` flows or more",
     .severity = Severity::kMedium,
     .within = kHour,
     .count = 100,
     .percent = 10,
     .takes_no_clients = true},
    {.kind = kSlowServer,
     .name = "slow-server",
     .meaning = "the mean response time of a server over `count` responses or more `within` is `percent` "
                "above the median of at least 6 earlier windows, and 20 ms or more above it",
     .severity = Severity::kLow,
     .within = kHour,
     .count = 20,
     .percent = 100,
     .domains = true,
     .takes_no_clients = true},
    {.kind = kSlowLink,
     .name = "slow-link",
     .meaning = "the mean round trip to a network outside, or the share of packets sent again, over `count` "
                "flows or more `within` is `percent` above the median of at least 6 earlier windows, and "
                "20 ms or one packet in a hundred above it",
     .severity = Severity::kLow,
     .within = kHour,
     .count = 50,
     .percent = 100,
     .takes_no_clients = true},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<std::size_t>(kRows[i].kind) != i) return false;
  return true;
}
static_assert(in_order());

std::string size_words(std::uint64_t bytes) {
  return bytes % 1'000'000 == 0 ? fmt::format("{} MB", bytes / 1'000'000)
                                : fmt::format("{} kB", bytes / 1'000);
}

}  // namespace

std::span<const DetectorRow> detector_rows() { return kRows; }
const DetectorRow& detector_row(DetectorKind kind) { return kRows[static_cast<std::size_t>(kind)]; }
std::string_view to_string(DetectorKind kind) { return detector_row(kind).name; }

bool understands(const DetectorRow& row, std::string_view key) {
  if (key == "within") return row.within > 0;
  if (key == "count") return row.count > 0;
  if (key == "percent") return row.percent > 0;
  if (key == "learn_days") return row.learn_days > 0;
  if (key == "days") return row.days > 0;
  if (key == "bytes") return row.bytes > 0;
  if (key == "entropy") return row.entropy > 0;
  if (key == "except_domains") return row.domains;
  if (key == "when") return row.when;
  if (key == "products") return row.products;
  if (key == "except") return !row.takes_no_clients;
  return true;
}

DetectorSettings usual_settings(DetectorKind kind) {
  const DetectorRow& row = detector_row(kind);
  DetectorSettings usual;
  usual.kind = kind;
  usual.on = true;
  usual.severity = row.severity;
  usual.within = row.within;
  usual.count = row.count;
  usual.percent = row.percent;
  usual.learn_days = row.learn_days;
  usual.days = row.days;
  usual.bytes = row.bytes;
  usual.entropy = row.entropy;
  return usual;
}

std::string detector_table() {
  std::string table = "| detector | what it says | where nothing is written |\n|---|---|---|\n";
  for (const DetectorRow& row : kRows) {
    std::vector<std::string> usual{fmt::format("`severity: {}`", to_string(row.severity))};
    const auto say = [&](bool known, const std::string& words) {
      if (known) usual.push_back("`" + words + "`");
    };
    say(row.within > 0, "within: " + duration_text(row.within));
    say(row.count > 0, fmt::format("count: {}", row.count));
    say(row.percent > 0, fmt::format("percent: {}", row.percent));
    say(row.learn_days > 0, fmt::format("learn_days: {}", row.learn_days));
    say(row.days > 0, fmt::format("days: {}", row.days));
    say(row.bytes > 0, "bytes: " + size_words(row.bytes));
    say(row.entropy > 0, fmt::format("entropy: {}.{:02}", row.entropy / 100, row.entropy % 100));
    if (row.when) usual.emplace_back("`when` is needed");
    if (row.needs_products) usual.emplace_back("`products` is needed");
    table += fmt::format("| `{}` | {} | {} |\n", row.name, row.meaning, fmt::join(usual, ", "));
  }
  return table;
}

}  // namespace weir::policy
