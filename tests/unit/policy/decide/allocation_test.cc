// SPDX-License-Identifier: Apache-2.0
// A flow that no rule reports must cost no memory: decide runs at every new fact of every flow. Counted by
// replacing the allocation functions of this program.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "policy/categories/category_builder.h"
#include "tests/unit/policy/decide/policy_text.h"

namespace {
std::atomic<std::size_t> allocations{0};
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* const memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes == 0 ? 1 : bytes);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace weir::policy {
namespace {

TEST(DecideAllocation, NoneToLookUpImportedCategories) {
  CategoryBuilder builder;
  const auto list = builder.add_list({"gambling", "", "", "", 0, 0}).value();
  for (const char* const name : {"bet.example", "of-a-site.example"})
    ASSERT_TRUE(builder.add(list, name, false).has_value());
  DomainTable table;
  const DomainSet set = table.add_set().value();
  ASSERT_TRUE(
      table.import(CategoryFile::from_bytes(builder.build(0).value(), "made").value(), "gambling", set));
  DomainMatches matches;
  const std::size_t before = allocations;
  table.lookup("a-rather-long-name.of-a-site.example", matches);
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_TRUE(matches.test(index_of(set)));
}

TEST(DecideAllocation, NoneForAFlowWithoutHits) {
  const auto policy = policy_of(
      "groups: {lab: {names: [lab-pc-1, \"*.lab.example\"], users: [anna, \"*@LAB\"]}, staff: {subnets: "
      "[10.20.0.0/16]}}\n"
      "schedules: {office: {days: mon-fri}}\n"
      "categories: {gambling: {domains: [bet.example]}}\n"
      "network: [{rule: n, match: {app: [doh, BitTorrent], port: 1-1024}, then: block}]\n"
      "web:\n"
      "  - {rule: w, who: staff, match: {category: gambling, domain: [a.example]}, then: block}\n"
      "  - {rule: x, when: office, match: {country: XX}, then: block}\n"
      "email: [{rule: m, match: {recipient: rival.example}, then: block}]\n"
      "software: {unknown: report, authorised: [{product: curl}]}\n");
  const Flow web =
      Flow{}.tls("a-rather-long-name.of-a-site.example").app("TLS", "Google").software("curl", "7.88.1");
  const Flow known = Flow{}.identity({"a-rather-long-name-of-a-pc.hall.example", HostNameSource::kDhcp,
                                      "somebody.with.a.long.name@EXAMPLE.LAN", UserSource::kKerberos});
  const Flow mail = Flow{}.mail("smtp", "someone@somewhere.example", "someone.else@elsewhere.example");
  for (const Flow* const flow : {&web, &known, &mail}) {
    const std::size_t before = allocations;
    const Decision decision = judge(policy, *flow);
    EXPECT_EQ(allocations - before, 0U);
    EXPECT_EQ(decision.action, Action::kAllow);
  }
  const std::size_t before = allocations;
  const Decision hit = judge(policy, Flow{}.software("wget"));
  EXPECT_GT(allocations - before, 0U) << "the counter counts: " << hit.rule;
}

}  // namespace
}  // namespace weir::policy
