// SPDX-License-Identifier: Apache-2.0
// product-gone: a product that a client should have (one that guards it, say) is not seen on it any more.
// Evidence: for how many days of the client it was not seen; the inventory has its last flow.
#include <fmt/format.h>

#include "policy/detect/last_contact.h"

namespace weir::policy {
namespace {

class ProductGone : public LastContact {
 public:
  using LastContact::LastContact;

  void see(const Sight& sight, DetectRound& round) const override {
    client_was_there(sight, round);
    for (const SoftwareSighting& one : sight.software)
      if (watches(one.product)) product_was_seen(sight, one.product, true, round);
  }

 private:
  [[nodiscard]] std::string words(const std::string& product, std::int64_t days) const override {
    return fmt::format("{} was not seen on the last {} days on which the client was there", product, days);
  }
};

}  // namespace

DetectorPtr make_product_gone(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<ProductGone>(std::move(settings), context);
}

}  // namespace weir::policy
