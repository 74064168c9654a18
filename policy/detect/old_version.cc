// SPDX-License-Identifier: Apache-2.0
// old-version: a client uses a version outside those that the policy writes for a product.
// Evidence: flows on which the version showed.
#include <fmt/format.h>

#include <algorithm>

#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

constexpr WindowForm kDaily{24 * 3'600 * kSecond, false};

class OldVersion : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    for (const SoftwareSighting& one : sight.software) {
      const WatchedProduct* const watched = find(one.product);
      if (watched == nullptr || one.version.empty() || watched->versions.contains(one.version)) continue;
      round.count(settings().kind, sight.client, one.product + " " + one.version, kDaily, sight.at,
                  {.n = 1, .flows = sight.event.flow_id()});
    }
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& /*store*/) const override {
    const std::string& object = judged.counted.object;
    const WatchedProduct* const watched = find(object.substr(0, object.find(' ')));
    if (watched == nullptr) return std::nullopt;
    return Alarm{.subject = judged.counted.subject,
                 .object = object,
                 .text = fmt::format("{} was recognised {} times in a day; the policy asks for {}", object,
                                     judged.window.sums.n, watched->written)};
  }

 private:
  [[nodiscard]] const WatchedProduct* find(std::string_view product) const {
    const auto& all = settings().products;
    const auto at = std::find_if(all.begin(), all.end(),
                                 [&](const WatchedProduct& one) { return one.product == product; });
    return at == all.end() ? nullptr : &*at;
  }
};

}  // namespace

DetectorPtr make_old_version(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<OldVersion>(std::move(settings), context);
}

}  // namespace weir::policy
