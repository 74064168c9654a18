// SPDX-License-Identifier: Apache-2.0
// Any bytes in a stream entry: decode_event either refuses them or gives an event that can be evaluated,
// written as JSON and read back.
#include <cstdlib>

#include "policy/engine/event_codec.h"
#include "policy/engine/findings.h"
#include "policy/model/byte_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  static const bool kQuiet = [] {
    google::protobuf::SetLogHandler(nullptr);
    return true;
  }();
  static_cast<void>(kQuiet);
  const auto event = policy::decode_event(as_text(Bytes{data, size}));
  if (!event) return 0;
  const auto findings = policy::evaluate(*event, [](const auto&, const auto&) { return std::nullopt; });
  if (findings && findings->violations.size() != static_cast<std::size_t>(event->hits_size())) abort();
  const auto json = policy::event_to_json(*event);
  if (json && !policy::event_from_json(*json)) abort();
  return 0;
}
