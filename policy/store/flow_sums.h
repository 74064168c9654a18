// SPDX-License-Identifier: Apache-2.0
// What flows add up to, over each minute, hour and day (of UTC): by client, application, category and rule
// how many flows and bytes; by server and service, and by link, also how quick they were. A FlowSums is what
// a batch of ended flows adds; the store keeps each sum as long as its length of time is kept (StoreLimits).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/store/log_histogram.h"
#include "policy/store/store.h"

namespace weir::policy {

inline constexpr TimeNs kSumMinute = 60 * kSecond;
inline constexpr TimeNs kSumHour = 3'600 * kSecond;
inline constexpr TimeNs kSumDay = kStoreDay;
inline constexpr std::array kSumLengths{kSumMinute, kSumHour, kSumDay};

/// By what flows are summed up, as the columns say it.
inline constexpr const char* kByClient = "client";
inline constexpr const char* kByApplication = "application";
inline constexpr const char* kByCategory = "category";
inline constexpr const char* kByRule = "rule";
inline constexpr const char* kServer = "server";
inline constexpr const char* kLink = "link";  // a pair of ports, as seen from Weir to the flows' responders

struct UsageSum {
  std::uint64_t flows = 0;
  std::uint64_t bytes_up = 0;    // from the client
  std::uint64_t bytes_down = 0;  // to it
  void add(const UsageSum& more);
};

struct ServerSum {
  std::uint64_t flows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  std::uint64_t retransmitted = 0;
  LogHistogram round_trips;  // microseconds, one a flow: between Weir and the server
  LogHistogram responses;    // microseconds, one a response: from a request to its first byte
  void add(const ServerSum& more);
};

/// What one ended flow adds; it looks into texts of others.
struct FlowSample {
  TimeNs ended = 0;
  std::string_view client;
  std::string_view application;  // empty: not known
  std::vector<std::string_view> categories;
  std::vector<std::string_view> rules;  // that decided it or that it hit
  std::string_view server;              // by its name, where there is one
  std::string_view service;
  std::string_view link;
  UsageSum usage;
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  std::uint64_t retransmitted = 0;
  std::uint64_t round_trip_us = 0;  // 0: was not measured
  std::uint64_t responses = 0;
  std::uint64_t response_us = 0;  // their mean
};

class FlowSums {
 public:
  void add(const FlowSample& sample);
  [[nodiscard]] bool empty() const { return usage_.empty(); }
  /// By the minute in which they ended, the dimension or kind and the names, as `join` joins them.
  [[nodiscard]] const std::unordered_map<std::string, UsageSum>& usage() const { return usage_; }
  [[nodiscard]] const std::unordered_map<std::string, ServerSum>& servers() const { return servers_; }

  struct Key {
    TimeNs minute = 0;  // where it begins
    std::string_view kind;
    std::string_view name;
    std::string_view service;  // of servers
  };
  static void join(const Key& key, std::string& into);
  [[nodiscard]] static Key split(std::string_view joined);

 private:
  template <typename Sum>
  Sum& of(std::unordered_map<std::string, Sum>& sums, const Key& key) {
    join(key, key_);
    const auto found = sums.find(key_);  // mostly there: a key is copied only when it is new
    return found != sums.end() ? found->second : sums[key_];
  }
  std::unordered_map<std::string, UsageSum> usage_;
  std::unordered_map<std::string, ServerSum> servers_;
  std::string key_;
};

/// Into the minutes, hours and days of the store. What is older than a length of time is kept is left out of
/// it; a flow that is said to have ended later than a minute from `now` counts as ended now. Once a minute
/// what has been kept long enough goes.
[[nodiscard]] Result<void> add_flow_sums(Batch& batch, const FlowSums& sums, TimeNs now);

/// From when until when, exclusive; widened to whole lengths of time.
struct SumsSpan {
  TimeNs from = 0;
  TimeNs until = 0;
};
/// The shortest length of time that is kept back to there and does not make more than some thousand rows a
/// name.
[[nodiscard]] TimeNs length_for(const StoreLimits& limits, const SumsSpan& span, TimeNs now);

/// So long before the span, without the length of time in which the span begins: nothing is in both.
[[nodiscard]] SumsSpan past_of(Store& store, const SumsSpan& span, TimeNs lasting, TimeNs now);

struct NamedUsage {
  std::string name;
  UsageSum sum;
};
/// Most bytes first, at most `count`.
[[nodiscard]] Result<std::vector<NamedUsage>> usage_by(Store& store, const std::string& dimension,
                                                       const SumsSpan& span, std::uint32_t count, TimeNs now);

struct UsagePoint {
  TimeNs begins = 0;
  UsageSum sum;
};
/// How one name's use went, in steps of `length`, the oldest first; steps without flows are left out. An
/// empty name: of all names together.
[[nodiscard]] Result<std::vector<UsagePoint>> usage_of(Store& store, const std::string& dimension,
                                                       const std::string& name, const SumsSpan& span,
                                                       TimeNs length);

struct NamedServer {
  std::string kind;
  std::string server;
  std::string service;
  ServerSum sum;
};
/// Servers or links with most flows first, at most `count`.
[[nodiscard]] Result<std::vector<NamedServer>> servers_by(Store& store, const std::string& kind,
                                                          const SumsSpan& span, std::uint32_t count,
                                                          TimeNs now);

/// When a server or link counts as slower than it was.
struct SlowerThan {
  double factor = 2.0;              // of its 90th percentile before
  std::uint64_t least_us = 20'000;  // and by this much
  std::uint64_t measures = 30;      // of both spans
  double retransmitted = 0.02;      // or this share more of its packets came twice
};
struct SlowServer {
  NamedServer now;
  ServerSum before;
  std::string what;  // "round trip", "response", "retransmissions"
};
/// Those of `now` that were quicker in `before`; pure.
[[nodiscard]] std::vector<SlowServer> became_slower(const std::vector<NamedServer>& now,
                                                    const std::vector<NamedServer>& before,
                                                    const SlowerThan& than = {});

}  // namespace weir::policy
