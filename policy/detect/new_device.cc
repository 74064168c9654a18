// SPDX-License-Identifier: Apache-2.0
// new-device: a hardware address that was not seen before; of clients behind a router, whose hardware address
// is that of the router, the address. Random hardware addresses change by themselves and say nothing.
// Evidence: the first flow, and the name that the client gave itself.
#include <fmt/format.h>

#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

/// IEEE 802: locally administered, as random ones are.
bool is_random(std::string_view mac) {
  return mac.size() > 1 && std::string_view("26aeAE").find(mac[1]) != std::string_view::npos;
}

class NewDevice : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    watch({}, sight, round);
    const event::FlowEvent& event = sight.event;
    const std::string& mac = event.client_mac();
    const bool by_address = event.client().behind_router() || mac.empty() || mac == "00:00:00:00:00:00";
    if (!by_address && is_random(mac)) return;
    const std::string& device = by_address ? sight.client : mac;
    if (round.seen(settings().kind, {}, device)) return;
    const std::string& name = event.client().host_name();
    round.note({.kind = settings().kind,
                .subject = {},
                .object = device,
                .at = sight.at,
                .client = sight.client,
                .flow = event.flow_id(),
                .detail = name.empty() ? "" : fmt::format(", which calls itself {},", name)});
  }

  Result<std::vector<Alarm>> know(const Noted& noted, DetectStore& store,
                                  DetectRound& /*round*/) const override {
    const auto news = news_of(noted, store);
    if (!news) return tl::unexpected(news.error());
    if (*news != News::kNew) return std::vector<Alarm>{};
    return std::vector<Alarm>{{.subject = noted.client,
                               .object = noted.object,
                               .text = fmt::format("{}{} was not seen before", noted.object, noted.detail),
                               .flow = noted.flow}};
  }
};

}  // namespace

DetectorPtr make_new_device(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<NewDevice>(std::move(settings), context);
}

}  // namespace weir::policy
