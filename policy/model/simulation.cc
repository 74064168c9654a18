// SPDX-License-Identifier: Apache-2.0
#include "policy/model/simulation.h"

#include <fmt/format.h>

#include <charconv>

namespace weir {

#ifdef WEIR_SIMULATE

namespace {

constexpr std::size_t kFaults = kExceptionCauses + static_cast<std::size_t>(Fault::kCount);

std::string_view name_of(std::size_t index) {
  if (index < kExceptionCauses) return to_string(static_cast<ExceptionCause>(index));
  return static_cast<Fault>(index - kExceptionCauses) == Fault::kWorkerStuck ? "worker-stuck" : "crash";
}

}  // namespace

Result<Simulation> Simulation::parse(std::string_view text) {
  Simulation simulation;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const std::size_t sign = item.find('@');
    std::string_view count = sign == std::string_view::npos ? std::string_view{} : item.substr(sign + 1);
    std::size_t index = 0;
    while (index < kFaults && name_of(index) != item.substr(0, sign)) ++index;
    Wish wish;
    wish.from_then_on = count.ends_with('+');
    if (wish.from_then_on) count.remove_suffix(1);
    const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), wish.at);
    if (index == kFaults || error != std::errc{} || end != count.data() + count.size() || wish.at == 0) {
      return failure(ErrorCode::kInvalid, fmt::format("'{}' cannot be simulated", item),
                     "write CAUSE@N or CAUSE@N+, a row of the exception table, worker-stuck or crash");
    }
    simulation.wishes_[index] = wish;
  }
  return simulation;
}

#else

Result<Simulation> Simulation::parse(std::string_view text) {
  if (text.empty()) return Simulation{};
  return failure(ErrorCode::kInvalid, "this build cannot simulate faults",
                 "--simulate is for test builds (WEIR_SIMULATE=ON); leave it out");
}

#endif

}  // namespace weir
