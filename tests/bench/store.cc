// SPDX-License-Identifier: Apache-2.0
// store.insert and store.page: how many sightings a second become violations, each a new one, in batches as
// an engine makes them and committed to the disk; and how long a page of the queue takes among all of them.
//
// usage: weir-bench-store [--rows N] WHERE      WHERE: a path or a postgresql:// URL that has no store yet
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "policy/store/violation_store.h"

namespace weir::bench {
namespace {

using policy::ViolationFilter;
using Clock = std::chrono::steady_clock;

constexpr int kBatch = 2'000;  // sightings
constexpr int kAsks = 21;
constexpr std::uint32_t kPage = 100;
constexpr TimeNs kHour = 3'600 * kSecond;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

template <typename T>
T sure(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "{}\n", to_text(result.error()));
  std::exit(1);
}
void sure(const Result<void>& result) {
  if (result) return;
  fmt::print(stderr, "{}\n", to_text(result.error()));
  std::exit(1);
}

/// 300 rules, 20,000 clients, names of a length as hosts have.
class SightingMaker {
 public:
  policy::ViolationSighting next() {
    static constexpr const char* kWords[] = {"shop",  "play", "bet",  "casino", "mail",  "cdn",
                                             "video", "news", "game", "tube",   "cloud", "drive"};
    const auto word = [&] { return kWords[random_() % std::size(kWords)]; };
    policy::ViolationSighting made;
    made.rule = fmt::format("rule-{}", random_() % 300);
    made.section = "web";
    made.action = "block";
    const auto of_100 = random_() % 100;
    made.severity = of_100 == 0   ? Severity::kCritical
                    : of_100 < 10 ? Severity::kHigh
                    : of_100 < 50 ? Severity::kMedium
                                  : Severity::kLow;
    made.subject = fmt::format("10.{}.{}.{}", random_() % 2, random_() % 40, random_() % 250);
    made.object = fmt::format("{}{}.{}.example", word(), random_() % 1'000'000, word());
    made.flow_id = fmt::format("1122334455667788-0-{}", ++count_);
    made.revision = 7;
    made.at = 1'700'000'000 * kSecond + count_ * 10 * kMillisecond;
    return made;
  }

 private:
  std::mt19937 random_{1};
  TimeNs count_ = 0;
};

void insert(policy::Store& store, int rows) {
  SightingMaker maker;
  const auto begin = Clock::now();
  auto step = begin;
  double slowest = 1e9;
  for (int done = 0; done < rows;) {
    auto batch = sure(store.begin());
    for (int i = 0; i < kBatch; ++i) sure(batch.record(maker.next()));
    sure(batch.commit());
    done += kBatch;
    if (done % 100'000 != 0) continue;
    slowest = std::min(slowest, 1e8 / milliseconds_since(step));
    step = Clock::now();
  }
  fmt::print("store.insert  {} rows, {:.0f} a second, {:.0f} in the slowest 100,000\n", rows,
             rows * 1'000.0 / milliseconds_since(begin), slowest);
}

void ask(policy::Store& store, const char* what, const ViolationFilter& filter,
         const std::string& cursor = {}) {
  std::vector<double> times;
  std::size_t rows = 0;
  for (int i = 0; i < kAsks; ++i) {
    const auto begin = Clock::now();
    rows = sure(policy::violation_page(store, filter, cursor, kPage)).rows.size();
    times.push_back(milliseconds_since(begin));
  }
  std::sort(times.begin(), times.end());
  fmt::print("store.page    {:<44} {:>4} rows  median {:7.2f} ms  worst {:7.2f} ms\n", what, rows,
             times[kAsks / 2], times.back());
}

void change(policy::Store& store, int rows) {
  const auto begin = Clock::now();
  auto batch = sure(store.begin());
  const policy::Act act{"vera", 1'800'000'000 * kSecond, "bench"};
  for (std::int64_t id = 1; id <= rows / 100; ++id) {
    sure(policy::assign_violation(batch, id * 50, "ben", act));
    sure(policy::move_violation(batch, id * 50, "confirmed", act));
    if (id % 2 == 0) sure(policy::move_violation(batch, id * 50, "closed", act));
  }
  sure(batch.commit());
  fmt::print("store.change  {} changes of violations, {:.0f} a second\n", rows / 40,
             rows / 40 * 1'000.0 / milliseconds_since(begin));
}

void ask_all(policy::Store& store, int rows) {
  const auto with = [](const std::function<void(ViolationFilter&)>& set) {
    ViolationFilter filter;
    set(filter);
    return filter;
  };
  const TimeNs end = 1'700'000'000 * kSecond + rows * 10 * kMillisecond;
  ask(store, "newest", {});
  ask(store, "behind half of them", {},
      fmt::format("s{}.{}", 1'700'000'000 * kSecond + rows * 5 * kMillisecond, 1));
  ask(store, "critical", with([](auto& f) { f.severities = {Severity::kCritical}; }));
  ask(store, "high and critical", with([](auto& f) {
        f.severities = {Severity::kHigh, Severity::kCritical};
      }));
  ask(store, "of a rule", with([](auto& f) { f.rule = "rule-17"; }));
  ask(store, "of a rule, critical", with([](auto& f) {
        f.rule = "rule-17";
        f.severities = {Severity::kCritical};
      }));
  ask(store, "of a subject", with([](auto& f) { f.subject = "10.1.7.9"; }));
  ask(store, "object contains casino77777", with([](auto& f) { f.object_part = "casino77777"; }));
  ask(store, "object contains tube.example, of a rule", with([](auto& f) {
        f.object_part = "tube.example";
        f.rule = "rule-17";
      }));
  ask(store, "object contains example", with([](auto& f) { f.object_part = "example"; }));
  ask(store, "object contains what none has", with([](auto& f) { f.object_part = "elsewhere"; }));
  ask(store, "object contains a.e", with([](auto& f) { f.object_part = "a.e"; }));
  ask(store, "confirmed", with([](auto& f) { f.states = {"confirmed"}; }));
  ask(store, "closed", with([](auto& f) { f.states = {"closed"}; }));
  ask(store, "all states", with([](auto& f) {
        f.states.assign(policy::kViolationStates.begin(), policy::kViolationStates.end());
      }));
  ask(store, "of an assignee", with([](auto& f) { f.assignee = "ben"; }));
  ask(store, "unassigned", with([](auto& f) { f.unassigned = true; }));
  ask(store, "overdue, soonest due first", with([&](auto& f) {
        f.overdue_at = end + 2 * kHour;
        f.order = policy::ViolationOrder::kDue;
      }));
  ask(store, "within an hour", with([&](auto& f) {
        f.seen_from = end - 2 * kHour;
        f.seen_before = end - kHour;
      }));
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  using namespace weir;
  int rows = 1'000'000;
  std::string where;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view{argv[i]} == "--rows" && i + 1 < argc) {
      rows = std::max(static_cast<int>(std::strtol(argv[++i], nullptr, 10)), bench::kBatch);
    } else {
      where = argv[i];
    }
  }
  if (where.empty()) {
    std::fprintf(stderr, "usage: weir-bench-store [--rows N] WHERE\n");
    return 2;
  }
  policy::StoreLimits limits;
  limits.due_after = {0, 336 * bench::kHour, 72 * bench::kHour, 1 * bench::kHour, 1 * bench::kHour};
  policy::Store store = bench::sure(policy::Store::open(where, policy::StoreAccess::kWrite, limits));
  bench::insert(store, rows);
  bench::change(store, rows);
  bench::ask_all(store, rows);
  return 0;
}
