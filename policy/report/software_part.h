// SPDX-License-Identifier: Apache-2.0
// What a report says of software: what nobody allowed, and what nobody had before.
#pragma once

#include <set>
#include <string>

#include "policy/report/tally.h"

namespace weir::report {

class SoftwarePart {
 public:
  explicit SoftwarePart(const Request& request) : request_(request) {}
  void add(const policy::Software& software);
  void put(Report& report) const;

 private:
  struct Sum {
    std::set<std::string> clients{};
    std::set<std::string> versions{};
    TimeNs first_seen = 0;  // by any client, before or in the period
    TimeNs last_seen = 0;
    policy::SoftwareState state = policy::SoftwareState::kUnknown;
    bool unauthorised = false;  // seen in the period
  };
  [[nodiscard]] Table table(const char* key, Word title, const Tally<Sum>& rows, bool unauthorised) const;
  [[nodiscard]] std::string word(Word word) const { return std::string(text(word, request_.language)); }

  const Request& request_;
  Tally<Sum> products_;
};

}  // namespace weir::report
