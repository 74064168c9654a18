// SPDX-License-Identifier: Apache-2.0
// direct-to-mx: a client that is no mail server speaks SMTP to port 25 outside. Who did so while the detector
// learned is a mail server, and so are the groups that are left out.
// Evidence: the first connections of the window.
#include <fmt/format.h>

#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

constexpr std::uint32_t kSmtpPort = 25;
constexpr std::uint32_t kTcp = 6;

class DirectToMx : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    watch({}, sight, round);
    const event::FlowEvent& event = sight.event;
    if (!sight.final || event.protocol() != kTcp || event.responder_port() != kSmtpPort) return;
    if (!event.initiator_inside() || !sight.outside) return;
    if (!event.has_mail() && event.counters().packets_from_responder() == 0) return;  // nobody answered
    round.note({.kind = settings().kind,
                .subject = {},
                .object = sight.client,
                .at = sight.at,
                .client = sight.client,
                .flow = event.flow_id(),
                .more = {.n = 1, .items = short_hash(sight.peer) + " ", .flows = event.flow_id() + " "}});
  }

  Result<std::vector<Alarm>> know(const Noted& noted, DetectStore& store, DetectRound& round) const override {
    const auto news = news_of(noted, store);
    if (!news) return tl::unexpected(news.error());
    if (noted.object.empty()) return std::vector<Alarm>{};
    auto known = store.note({name(), noted.subject, noted.object}, noted.at);
    if (!known) return tl::unexpected(known.error());
    const bool is_server = known->mark == 0;
    if (!is_server) {
      round.count(settings().kind, noted.client, {}, {settings().within}, noted.at, more_of(noted.more));
    }
    return std::vector<Alarm>{};
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& /*store*/) const override {
    const DetectSums& sums = judged.window.sums;
    if (sums.n < settings().count) return std::nullopt;
    return Alarm{.subject = judged.counted.subject,
                 .object = "port 25",
                 .text = fmt::format("{} SMTP connections to {} servers outside within {}, by a client "
                                     "that is no mail server",
                                     sums.n, different_items(sums.items).size(), within())};
  }
};

}  // namespace

DetectorPtr make_direct_to_mx(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<DirectToMx>(std::move(settings), context);
}

}  // namespace weir::policy
