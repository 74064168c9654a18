// SPDX-License-Identifier: Apache-2.0
// many-recipients: a client writes to many different addresses in a short time; by the envelope, where it
// shows. Addresses are kept as short hashes alone.
// Evidence: the first flows of the window.
#include <fmt/format.h>

#include "policy/detect/detector.h"

namespace weir::policy {
namespace {

class ManyRecipients : public Detector {
 public:
  using Detector::Detector;

  void see(const Sight& sight, DetectRound& round) const override {
    const event::Mail& mail = sight.event.mail();
    if (mail.recipients().empty() || !sight.event.initiator_inside()) return;
    std::string items;
    for (const std::string& recipient : mail.recipients())
      add_item(items, short_hash(recipient), kWindowItemsBytesMax);
    round.count(settings().kind, sight.client, {}, {settings().within}, sight.at,
                {.n = 1, .items = items, .flows = sight.event.flow_id()});
  }

  Result<std::optional<Alarm>> judge(const Judged& judged, DetectStore& /*store*/) const override {
    const std::size_t addresses = different_items(judged.window.sums.items).size();
    if (addresses < static_cast<std::size_t>(settings().count)) return std::nullopt;
    return Alarm{.subject = judged.counted.subject,
                 .object = "recipients",
                 .text = fmt::format("mail to {} different addresses within {}", addresses, within())};
  }
};

}  // namespace

DetectorPtr make_many_recipients(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<ManyRecipients>(std::move(settings), context);
}

}  // namespace weir::policy
