// SPDX-License-Identifier: Apache-2.0
// Any bytes in a stream entry: decode_event, and an EventReader with it, refuses them or gives an event that
// can be evaluated, written as JSON and read back; decode_fact refuses them or gives a fact that is said
// again as it was.
#include <cstdlib>

#include "policy/bus/fact_codec.h"
#include "policy/engine/event_codec.h"
#include "policy/engine/findings.h"
#include "policy/engine/kept_event.h"
#include "policy/model/byte_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  static const bool kQuiet = [] {
    google::protobuf::SetLogHandler(nullptr);
    return true;
  }();
  static_cast<void>(kQuiet);
  const auto fact = policy::decode_fact(as_text(Bytes{data, size}));
  if (fact) {
    const auto again = policy::decode_fact(policy::encode_fact(*fact));
    if (!again || *again != *fact) abort();
  }
  static_cast<void>(policy::kept_event(std::string{as_text(Bytes{data, size})}));
  const auto event = policy::decode_event(as_text(Bytes{data, size}));
  policy::EventReader reader;
  if (reader.read(as_text(Bytes{data, size})).has_value() != event.has_value()) abort();
  if (!event) return 0;
  const auto findings = policy::evaluate(*event, [](const auto&, const auto&) { return std::nullopt; });
  if (findings.violations.size() != static_cast<std::size_t>(event->hits_size())) abort();
  if (findings.quota_uses.size() != static_cast<std::size_t>(event->quota_uses_size())) abort();
  if (findings.flow && !policy::kept_event(findings.flow->event)) abort();
  const auto json = policy::event_to_json(*event);
  if (json && !policy::event_from_json(*json)) abort();
  return 0;
}
