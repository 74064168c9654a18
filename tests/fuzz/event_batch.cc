// SPDX-License-Identifier: Apache-2.0
// Any bytes in a stream entry: open_batch either refuses them or gives events within the limits, which a
// batch of them gives back.
#include "policy/bus/event_batch.h"

#include <cstdlib>

#include "policy/model/byte_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const auto opened = policy::open_batch(as_text(Bytes{data, size}));
  if (!opened) return 0;
  if (opened->events.empty() || opened->events.size() > policy::kBatchEventsMax) abort();
  for (const std::string_view event : opened->events) {
    if (event.empty() || event.size() > policy::kEventBytesMax) abort();
  }
  if (policy::fitting(opened->events) != opened->events.size()) abort();
  const auto again = policy::open_batch(policy::encode_batch(opened->events));
  if (!again || again->events != opened->events) abort();
  return 0;
}
