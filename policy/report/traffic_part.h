// SPDX-License-Identifier: Apache-2.0
// What a report says of traffic, from the final events that the store keeps.
#pragma once

#include <string>
#include <vector>

#include "policy/report/tally.h"

namespace weir::report {

class TrafficPart {
 public:
  explicit TrafficPart(const Request& request);
  void add(const policy::FlowRecord& flow);
  void put(Report& report) const;

 private:
  struct Sum {
    std::uint64_t flows = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] Table table(const char* key, Word title, Word first, const Tally<Sum>& sums) const;
  [[nodiscard]] std::string word(Word word) const { return std::string(text(word, request_.language)); }

  const Request& request_;
  Sum all_;
  std::vector<std::int64_t> bars_;
  Tally<Sum> applications_;
  Tally<Sum> groups_;
  Tally<Sum> clients_;
};

}  // namespace weir::report
