// SPDX-License-Identifier: Apache-2.0
// updates-overdue: a product on a client does not ask its update servers (update_hosts of the catalogue) any
// more; of the products that the policy lists, also one that never did since it was first seen.
// Evidence: for how many days of the client it did not ask; the inventory has its last flow.
#include <fmt/format.h>

#include "policy/detect/last_contact.h"
#include "policy/lang/catalogue.h"

namespace weir::policy {
namespace {

class UpdatesOverdue : public LastContact {
 public:
  using LastContact::LastContact;

  void see(const Sight& sight, DetectRound& round) const override {
    static const std::string_view kEvidence = trace_rule(TraceKind::kUpdateHost).evidence;
    client_was_there(sight, round);
    for (const SoftwareSighting& one : sight.software) {
      const bool asked = one.evidence.starts_with(kEvidence);
      if (settings().products.empty() ? asked : watches(one.product))
        product_was_seen(sight, one.product, asked, round);
    }
  }

 private:
  [[nodiscard]] std::string words(const std::string& product, std::int64_t days) const override {
    return fmt::format("{} did not ask its update servers on the last {} days on which the client was there",
                       product, days);
  }
};

}  // namespace

DetectorPtr make_updates_overdue(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<UpdatesOverdue>(std::move(settings), context);
}

}  // namespace weir::policy
