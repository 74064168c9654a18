// SPDX-License-Identifier: Apache-2.0
// What Weir concludes rather than reads: encrypted DNS, and names that the client asked for.
#include "tests/unit/policy/decide/policy_text.h"

namespace weir::policy {
namespace {

TEST(DecideByEvidence, WhatWeirItselfTakesForEncryptedDnsIsNoGuess) {
  Flow known = Flow{}.tls("dns.example").app("TLS", "", AppConfidence::kMatchByPort);
  known.facts.encrypted_dns = EncryptedDns::kDoh;
  EXPECT_EQ(in_short(judge(policy_of("network: [{rule: r, match: {app: doh}, then: block}]"), known)),
            "block r [r doh]");
  EXPECT_EQ(in_short(judge(policy_of("network: [{rule: r, match: {app: [dot, doq]}, then: block}]"), known)),
            "allow");
}

TEST(DecideByEvidence, NamesThatTheClientAskedFor) {
  const auto policy = policy_of("web: [{rule: r, match: {domain: bad.example}, then: block}]");
  Flow unnamed = Flow{}.app("Unknown", "");
  unnamed.facts.host = "www.bad.example";
  unnamed.facts.host_source = NameSource::kDnsEvidence;
  EXPECT_EQ(in_short(judge(policy, unnamed)), "block r [r www.bad.example]");
  // A hello's name may be a cover, but only where the client has a key for the other name.
  Flow covered = Flow{}.tls("cover.example");
  covered.facts.dns_name = "www.bad.example";
  EXPECT_EQ(in_short(judge(policy, covered)), "allow");
  covered.facts.dns_name_ech = true;
  EXPECT_EQ(in_short(judge(policy, covered)), "allow") << "the extension was not sent";
  covered.facts.tls.ech_offered = true;
  EXPECT_EQ(in_short(judge(policy, covered)), "block r [r www.bad.example]");
}

}  // namespace
}  // namespace weir::policy
