// SPDX-License-Identifier: Apache-2.0
// unauthorised-software: a client uses a product that the section `software` does not authorise. It judges
// what was recognised by the policy of now, whether or not a rule looked at the flow.
// Evidence: flows on which the product was recognised, and what the policy says of it.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "policy/decide/standing.h"
#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

constexpr WindowForm kDaily{24 * 3'600 * kSecond, false};

class UnauthorisedSoftware : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    if (!context().policy->parts().software.present) return;
    for (const SoftwareSighting& one : sight.software) {
      if (!why(one.product, one.version, sight.at)) continue;
      const std::string object = one.version.empty() ? one.product : one.product + " " + one.version;
      round.count(settings().kind, sight.client, object, kDaily, sight.at,
                  {.n = 1, .items = one.product + " ", .flows = sight.event.flow_id()});
    }
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& /*store*/) const override {
    const std::string& object = judged.counted.object;
    const std::string product = object.substr(0, object.find(' '));
    const std::string version = object.size() > product.size() ? object.substr(product.size() + 1) : "";
    const auto reason = why(product, version, judged.counted.at);
    if (!reason) return std::nullopt;
    return Alarm{.subject = judged.counted.subject,
                 .object = object,
                 .text = fmt::format("{} was recognised {} times in a day: {}", object, judged.window.sums.n,
                                     *reason)};
  }

 private:
  /// Why it is not authorised; nullopt: it is, or nobody said anything of it.
  [[nodiscard]] std::optional<std::string> why(const std::string& product, const std::string& version,
                                               TimeNs at) const {
    const PolicyParts& policy = context().policy->parts();
    if (software_standing(policy, product, version, at) == SoftwareStanding::kUnauthorised)
      return "the policy does not authorise it";
    const AuthorisedProduct* const entry = authorised_entry(policy, product);
    if (entry == nullptr || still_authorised(*entry, version, at)) return std::nullopt;
    if (entry->ends && at >= *entry->ends) return fmt::format("it was authorised until {}", entry->until);
    return "other versions of it are authorised";
  }
};

}  // namespace

DetectorPtr make_unauthorised_software(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<UnauthorisedSoftware>(std::move(settings), context);
}

}  // namespace weir::policy
