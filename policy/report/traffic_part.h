// SPDX-License-Identifier: Apache-2.0
// What a report says of traffic: from the sums of flows that the store keeps; by group, and of one group,
// from the final events, of which it keeps fewer.
#pragma once

#include <string>
#include <vector>

#include "policy/report/tally.h"

namespace weir::report {

class TrafficPart {
 public:
  explicit TrafficPart(const Request& request);
  void add(const policy::FlowRecord& flow);
  /// Once all flows were added: the sums take their place, where there are any of the period.
  [[nodiscard]] Result<void> take_sums(policy::Store& store, const Period& previous);
  void put(Report& report) const;

 private:
  struct Sum {
    std::uint64_t flows = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] Table table(const char* key, Word title, Word about, Word first,
                            const Tally<Sum>& sums) const;
  [[nodiscard]] Result<Tally<Sum>> sums_by(policy::Store& store, const char* dimension) const;
  [[nodiscard]] std::string word(Word word) const { return std::string(text(word, request_.language)); }

  const Request& request_;
  Sum all_;
  std::vector<std::int64_t> bars_;
  Tally<Sum> applications_;
  Tally<Sum> groups_;
  Tally<Sum> clients_;
  Tally<Sum> categories_;
  std::uint64_t bytes_before_ = 0;  // of the previous period
  bool summed_ = false;
};

}  // namespace weir::report
