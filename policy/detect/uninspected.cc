// SPDX-License-Identifier: Apache-2.0
// uninspected: an appliance let more than a share of its traffic pass without the full inspection, since it
// is overloaded or in bypass. Evidence: bytes and flows, and the first flows that were not inspected.
#include <fmt/format.h>

#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

class Uninspected : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    const std::string& level = sight.event.inspected();
    if (!sight.final || level.empty()) return;
    const bool full = level == "full";
    round.count(settings().kind, sight.event.id().appliance(), {}, {settings().within}, sight.at,
                {.n = 1,
                 .a = sight.bytes,
                 .b = full ? 0 : sight.bytes,
                 .c = full ? 0 : 1,
                 .flows = full ? std::string{} : sight.event.flow_id()});
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& /*store*/) const override {
    const DetectSums& sums = judged.window.sums;
    if (sums.n < settings().count || sums.b == 0 || sums.b * 100 < sums.a * settings().percent)
      return std::nullopt;
    return Alarm{.subject = judged.counted.subject,
                 .object = "inspection",
                 .text = fmt::format("{} of {} flows and {} % of {} kB passed without the full inspection "
                                     "within {}",
                                     sums.c, sums.n, sums.b * 100 / sums.a, sums.a / 1'000, within())};
  }
};

}  // namespace

DetectorPtr make_uninspected(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<Uninspected>(std::move(settings), context);
}

}  // namespace weir::policy
