// SPDX-License-Identifier: Apache-2.0
#include "policy/report/software_part.h"

namespace weir::report {
namespace {

constexpr std::size_t kVersionsShown = 5;

std::string versions_text(const std::set<std::string>& versions) {
  std::string text;
  std::size_t shown = 0;
  for (const std::string& one : versions) {
    if (one.empty()) continue;
    if (shown++ == kVersionsShown) return text + ", ...";
    text += (text.empty() ? "" : ", ") + one;
  }
  return text;
}

Word word_of(policy::SoftwareState state) {
  switch (state) {
    case policy::SoftwareState::kAuthorised:
      return Word::kAuthorised;
    case policy::SoftwareState::kUnauthorised:
      return Word::kUnauthorised;
    case policy::SoftwareState::kUnknown:
      break;
  }
  return Word::kUnknown;
}

}  // namespace

void SoftwarePart::add(const policy::Software& software) {
  if (software.first_seen >= request_.period.end) return;
  if (!request_.group.empty() && request_.group_of(software.client) != request_.group) return;
  Sum& sum = products_.at(software.product);
  sum.first_seen = sum.first_seen == 0 ? software.first_seen : std::min(sum.first_seen, software.first_seen);
  sum.last_seen = std::max(sum.last_seen, software.last_seen);
  if (software.last_seen < request_.period.begin) return;
  sum.clients.insert(software.client);
  sum.versions.insert(software.version);
  sum.state = std::max(sum.state, software.state);
  sum.unauthorised = sum.unauthorised || software.state == policy::SoftwareState::kUnauthorised;
}

Table SoftwarePart::table(const char* key, Word title, const Tally<Sum>& rows, bool unauthorised) const {
  Table table{key, word(title), unauthorised ? "" : word(Word::kAboutSoftwareNew), {}, {}, 0};
  table.columns = {
      {"product", word(Word::kProduct), false, 2.5},    {"versions", word(Word::kVersion), false, 2.5},
      {"state", word(Word::kState), false, 1.5},        {"clients", word(Word::kClients), true},
      {"first_seen", word(Word::kFirstSeen), false, 2}, {"last_seen", word(Word::kLastSeen), false, 2}};
  const auto weight = [&](const Sum& sum) -> std::size_t {
    const bool shown = unauthorised ? sum.unauthorised : sum.first_seen >= request_.period.begin;
    return shown ? sum.clients.size() : 0;
  };
  put_rows(table, rows.sorted(weight), [&](const auto& row) -> std::vector<Cell> {
    const Sum& sum = row.second;
    return {Cell::of(row.first),
            Cell::of(versions_text(sum.versions)),
            Cell::of(word(word_of(sum.state))),
            Cell::count(std::uint64_t{sum.clients.size()}),
            Cell::time(sum.first_seen),
            Cell::time(sum.last_seen)};
  });
  return table;
}

void SoftwarePart::put(Report& report) const {
  Table refused = table("software-unauthorised", Word::kSoftwareUnauthorised, products_, true);
  Table fresh = table("software-new", Word::kSoftwareNew, products_, false);
  const auto count = [](const Table& one) { return Cell::count(one.rows.size() + one.left_out); };
  report.figures.push_back({"new-products", word(Word::kNewProducts), count(fresh), {}});
  report.figures.push_back({"unauthorised-products", word(Word::kUnauthorisedProducts), count(refused), {}});
  report.tables.push_back(std::move(refused));
  report.tables.push_back(std::move(fresh));
}

}  // namespace weir::report
