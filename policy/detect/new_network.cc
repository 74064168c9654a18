// SPDX-License-Identifier: Apache-2.0
// new-network: a client talks to an autonomous system to which it did not before.
// Evidence: the first flow, its host and its bytes.
#include <fmt/format.h>

#include "policy/detect/new_place.h"

namespace weir::policy {
namespace {

class NewNetwork : public NewPlace {
 public:
  using NewPlace::NewPlace;

 private:
  [[nodiscard]] std::string place_of(const event::FlowEvent& event) const override {
    return event.asn() == 0 ? "" : fmt::format("AS{}", event.asn());
  }
};

}  // namespace

DetectorPtr make_new_network(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<NewNetwork>(std::move(settings), context);
}

}  // namespace weir::policy
