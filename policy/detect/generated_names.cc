// SPDX-License-Identifier: Apache-2.0
// generated-names: a client asks for many registered domains that do not exist, most of them made by a
// machine by their look (name_shape.h): how malware looks for whoever commands it. Evidence: the number of
// domains, how many look so, and the first flows.
#include <fmt/format.h>

#include <algorithm>

#include "policy/categories/name_shape.h"
#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

constexpr char kLooksMade = 'g';
constexpr char kLooksPlain = 'p';

class GeneratedNames : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    for (const DnsAsked& asked : sight.dns) {
      if (asked.no_such_name == 0 || asked.domain.empty() || leaves_out(asked.domain)) continue;
      const std::string_view label = std::string_view(asked.domain).substr(0, asked.domain.find('.'));
      const char look = looks_generated(label) ? kLooksMade : kLooksPlain;
      round.count(settings().kind, sight.client, {}, {settings().within}, sight.at,
                  {.n = asked.no_such_name,
                   .items = look + short_hash(asked.domain) + " ",
                   .flows = sight.event.flow_id()});
    }
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& /*store*/) const override {
    const std::vector<std::string_view> domains = different_items(judged.window.sums.items);
    const auto made = std::count_if(domains.begin(), domains.end(),
                                    [](std::string_view one) { return one.front() == kLooksMade; });
    const auto all = static_cast<std::int64_t>(domains.size());
    if (all < settings().count || made * 100 < all * settings().percent) return std::nullopt;
    return Alarm{.subject = judged.counted.subject,
                 .object = "names",
                 .text = fmt::format("{} domains that do not exist were asked for within {}, {} of them look "
                                     "made by a machine",
                                     all, within(), made)};
  }
};

}  // namespace

DetectorPtr make_generated_names(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<GeneratedNames>(std::move(settings), context);
}

}  // namespace weir::policy
