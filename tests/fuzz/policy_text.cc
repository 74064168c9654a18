// SPDX-License-Identifier: Apache-2.0
// Any bytes as a policy: either mistakes with a place, or a policy that decides a few flows.
#include <cstdlib>

#include "policy/decide/decide.h"
#include "policy/lang/compile.h"
#include "policy/lang/policy.h"
#include "policy/model/byte_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  constexpr std::size_t kInputBytesMax = 65'536;
  if (size > kInputBytesMax) return 0;
  // A folder that is not there: no input may make the fuzzer read the machine's own files as lists.
  const auto policy = policy::compile(as_text({data, size}), {.file = "fuzz", .directory = "/nonexistent"});
  if (!policy) {
    if (policy.error().empty()) std::abort();
    for (const Error& error : policy.error()) {
      if (error.what.empty() || to_text(error).empty()) std::abort();
    }
    return 0;
  }
  FlowFacts facts;
  facts.tuple = {IpAddress::parse("10.20.0.7").value(), IpAddress::parse("203.0.113.5").value(), 40'000, 443,
                 6};
  facts.host = facts.tls.sni = "www.bet.example";
  facts.tls.seen = true;
  facts.master = "TLS";
  facts.app = "YouTube";
  facts.country = "CA";
  facts.asn = 64'496;
  facts.software.push_back({"curl", "7.88.1", "user-agent: curl/7.88.1"});
  const Decision web = policy::decide(**policy, facts, {}, 1'795'348'800 * kSecond, policy::Trace::kOn);
  facts.mail.seen = true;
  facts.mail.protocol = "smtp";
  facts.mail.sender = "a@partner.example";
  facts.mail.pending_recipient = "b@rival.example";
  const Decision mail = policy::decide(**policy, facts, {}, 0, policy::Trace::kOff);
  if (web.hits.size() > 4 || mail.hits.size() > 4 || !mail.path.empty()) std::abort();
  return 0;
}
