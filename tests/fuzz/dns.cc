// SPDX-License-Identifier: Apache-2.0
// One DNS message.
#include <cstdint>
#include <cstdlib>

#include "classifier/inspect/dns_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::classifier;
  const weir::Bytes bytes{data, size};
  weir::DnsFacts facts;
  const DnsParse parsed = parse_dns(bytes, facts);
  if (facts.answers.size() > kDnsAnswersMax || facts.query.size() > 4 * kDnsNameBytesMax) std::abort();
  if (parsed != DnsParse::kOk && facts.seen) std::abort();
  if (looks_like_dns_query(bytes) && parsed != DnsParse::kOk) std::abort();
  return 0;
}
