// SPDX-License-Identifier: Apache-2.0
// Local time of the plainest possible evaluation of a policy, as the C library tells it.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "policy/model/flow_facts.h"
#include "tests/unit/policy/decide/naive_text.h"

namespace weir::policy::naive {

template <typename T>
bool holds(const std::vector<T>& values, const T& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

template <typename T, typename Is>
bool any(const std::vector<T>& values, Is is) {
  return std::any_of(values.begin(), values.end(), is);
}

inline std::tm local_time(const std::string& zone, TimeNs now) {
  const std::time_t seconds = now / kSecond;
  setenv("TZ", zone.c_str(), 1);
  tzset();
  std::tm local{};
  localtime_r(&seconds, &local);
  return local;
}

inline bool in_schedule(const Schedule& schedule, const std::tm& local) {
  constexpr int kDay = 24 * 60;
  const int minute = (local.tm_wday + 6) % 7 * kDay + local.tm_hour * 60 + local.tm_min;  // of the week
  const std::vector<int> days = schedule.days.empty() ? std::vector<int>{0, 1, 2, 3, 4, 5, 6} : schedule.days;
  const std::vector<std::pair<int, int>> hours =
      schedule.hours.empty() ? std::vector<std::pair<int, int>>{{0, kDay}} : schedule.hours;
  return any(days, [&](int day) {
    return any(hours, [&](std::pair<int, int> span) {
      const int length =
          span.second > span.first ? span.second - span.first : span.second - span.first + kDay;
      return (minute - day * kDay - span.first + 8 * 7 * kDay) % (7 * kDay) < length;
    });
  });
}

inline std::string date_of(const std::tm& local) {
  return std::to_string(local.tm_year + 1900) + "-" + two_digits(local.tm_mon + 1) + "-" +
         two_digits(local.tm_mday);
}

}  // namespace weir::policy::naive
