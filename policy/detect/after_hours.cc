// SPDX-License-Identifier: Apache-2.0
// after-hours: a client is in use at a time of the policy's schedules: many connections and many bytes, more
// than a machine makes that was left on.
// Evidence: the first connections of the window.
#include <fmt/format.h>

#include <algorithm>

#include "policy/decide/schedule.h"
#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

class AfterHours : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    if (!sight.final || !sight.event.initiator_inside() || sight.event.has_dns()) return;
    if (!holds(sight.began)) return;
    round.count(settings().kind, sight.client, {}, {settings().within}, sight.began,
                {.n = 1, .a = sight.bytes, .flows = sight.event.flow_id()});
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& /*store*/) const override {
    const DetectSums& sums = judged.window.sums;
    if (sums.n < settings().count || sums.a < static_cast<std::int64_t>(settings().bytes))
      return std::nullopt;
    return Alarm{.subject = judged.counted.subject,
                 .object = "use",
                 .text = fmt::format("{} connections and {} MB within {} out of hours", sums.n,
                                     sums.a / 1'000'000, within())};
  }

 private:
  [[nodiscard]] bool holds(TimeNs at) const {
    const PolicyParts& policy = context().policy->parts();
    const LocalTime local = policy.zone.local(at / kSecond);
    const Condition& when = settings().when;
    const bool any = std::any_of(when.any_of.begin(), when.any_of.end(), [&](std::uint16_t schedule) {
      return holds_at(policy.schedules[schedule], local);
    });
    return any != when.negated;
  }
};

}  // namespace

DetectorPtr make_after_hours(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<AfterHours>(std::move(settings), context);
}

}  // namespace weir::policy
