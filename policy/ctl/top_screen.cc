// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/top_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace weir::ctl {
namespace {

constexpr std::size_t kPortRowsMax = 4;
constexpr std::size_t kClientRowsMin = 2;
constexpr int kNumberColumns = 8;

double rate(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

std::string named(const Json& rates, const char* none) {
  std::string line;
  for (const auto& [name, each] : rates.items()) {
    line += fmt::format("{}{} {}", line.empty() ? "" : ", ", name, short_number(each.get<double>()));
  }
  return line.empty() ? none : line;
}

std::string stages(const Json& cycles) {
  double total = 0;
  std::string line;
  for (const auto& [stage, each] : cycles.items()) {
    total += each.get<double>();
    line += fmt::format("{} {:.0f}  ", stage, each.get<double>());
  }
  return line.empty() ? "no packet was timed" : fmt::format("{}= {:.0f}", line, total);
}

std::string uptime(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds);
  return fmt::format("{}d {:02}:{:02}:{:02}", whole / 86'400, whole / 3'600 % 24, whole / 60 % 60,
                     whole % 60);
}

/// A name on the left, numbers on the right.
std::string row(const std::string& name, std::initializer_list<std::string> numbers, std::size_t columns) {
  std::string right;
  for (const std::string& number : numbers) right += fmt::format(" {:>{}}", number, kNumberColumns);
  const std::size_t left = columns > right.size() ? columns - right.size() : 0;
  return fmt::format("{:<{}.{}}{}", name, left, left, right);
}

void add_list(std::vector<std::string>& lines, const Json& list, std::size_t most, const char* last,
              std::size_t columns) {
  for (std::size_t i = 0; i < std::min(most, list.size()); ++i) {
    const Json& one = list[i];
    const Json& word = one[last];
    lines.push_back(row(printable(one["who"].get<std::string>()),
                        {short_number(rate(one, "bits_s")), short_number(rate(one, "packets_s")),
                         word.is_string() ? word.get<std::string>() : word.dump()},
                        columns));
  }
}

}  // namespace

std::string short_number(double value) {
  constexpr std::array kUnits{"", " k", " M", " G", " T", " P"};
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1'000;
    ++unit;
  }
  if (unit == 0) {
    return value > 0 && value < 9.95 ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value);
  }
  return fmt::format("{:.{}f}{}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, kUnits[unit]);
}

std::string top_screen(const Json& rates, ScreenSize size) {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("weir {}  up {}  channel {}  policy revision {}",
                              printable(rates["appliance"].get<std::string>()),
                              uptime(rate(rates, "uptime_s")), printable(rates["channel"].get<std::string>()),
                              rates["revision"].dump()));
  lines.push_back(row("PORT", {"bit/s", "packet/s", "drop/s", "parked"}, size.columns));
  const Json& ports = rates["ports"];
  for (std::size_t i = 0; i < std::min(kPortRowsMax, ports.size()); ++i) {
    lines.push_back(row(printable(ports[i]["name"].get<std::string>()),
                        {short_number(rate(ports[i], "bits_s")), short_number(rate(ports[i], "packets_s")),
                         short_number(rate(ports[i], "dropped_s")), short_number(rate(ports[i], "parked"))},
                        size.columns));
  }
  lines.push_back(fmt::format("flows {}  judged {}  opened/s {}  closed/s {}  verdicts/s {}  resets/s {}",
                              rates["flows"].dump(), short_number(rate(rates, "flows_judged")),
                              short_number(rate(rates, "opened_s")), short_number(rate(rates, "closed_s")),
                              short_number(rate(rates, "verdicts_s")),
                              short_number(rate(rates, "resets_s"))));
  lines.push_back("drops/s       " + named(rates["drops_s"], "none"));
  lines.push_back("exceptions/s  " + named(rates["exceptions_s"], "none"));
  lines.push_back("cycles/packet " + stages(rates["stage_cycles"]));

  const std::size_t free = size.rows > lines.size() + 2 ? size.rows - lines.size() - 2 : 0;
  const std::size_t clients = std::min(rates["busiest_clients"].size(), std::max(kClientRowsMin, free / 3));
  lines.push_back(row("BUSIEST FLOWS", {"bit/s", "packet/s", "verdict"}, size.columns));
  add_list(lines, rates["busiest_flows"], free > clients ? free - clients : 0, "state", size.columns);
  lines.push_back(row("BUSIEST CLIENTS", {"bit/s", "packet/s", "flows"}, size.columns));
  add_list(lines, rates["busiest_clients"], clients, "flows", size.columns);

  std::string screen;
  for (std::size_t i = 0; i < std::min(lines.size(), size.rows); ++i) {
    screen += lines[i].substr(0, size.columns) + "\n";
  }
  return screen;
}

}  // namespace weir::ctl
