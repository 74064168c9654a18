// SPDX-License-Identifier: Apache-2.0
// new-software: a product that no client was seen to use before.
// Evidence: the trace by which the product was recognised, and that flow.
#include <fmt/format.h>

#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

class NewSoftware : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    watch({}, sight, round);
    for (const SoftwareSighting& one : sight.software) {
      if (round.seen(settings().kind, {}, one.product)) continue;
      const std::string version = one.version.empty() ? "" : " " + one.version;
      round.note({.kind = settings().kind,
                  .subject = {},
                  .object = one.product,
                  .at = sight.at,
                  .client = sight.client,
                  .flow = sight.event.flow_id(),
                  .detail = fmt::format("{}{} ({})", one.product, version, one.evidence)});
    }
  }

  Result<std::vector<Alarm>> know(const Noted& noted, DetectStore& store,
                                  DetectRound& /*round*/) const override {
    const auto news = news_of(noted, store);
    if (!news) return tl::unexpected(news.error());
    if (*news != News::kNew) return std::vector<Alarm>{};
    return std::vector<Alarm>{{.subject = noted.client,
                               .object = noted.object,
                               .text = fmt::format("{} was not seen on any client before", noted.detail),
                               .flow = noted.flow}};
  }
};

}  // namespace

DetectorPtr make_new_software(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<NewSoftware>(std::move(settings), context);
}

}  // namespace weir::policy
