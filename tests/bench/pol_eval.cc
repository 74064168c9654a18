// SPDX-License-Identifier: Apache-2.0
// pol.eval: nanoseconds of one decision about one flow, with 10 to 10,000 rules, and what it takes to build
// the index. Flows that the first rule takes, the last, each of them as likely, or none. Beside it:
//   linear   the same rules one after the other, as decide walks them when it explains
//   rte_acl  DPDK's classifier over the same rules: one flow a call, and eight
// The facts of a flow are one object whose 5-tuple changes, as the classifier finds them in its cache.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <rte_acl.h>

#include <bit>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>

#include "dataplane/io/eal.h"
#include "policy/decide/decide.h"
#include "policy/decide/evaluation.h"
#include "policy/lang/compile.h"
#include "policy/lang/policy.h"
#include "tests/support/many_rules.h"

namespace {

using namespace weir;
using namespace weir::policy;
using namespace weir::test;

constexpr TimeNs kNow = 1'795'348'800 * kSecond;
constexpr std::size_t kFlows = 4'096;
enum class Which { kFirst, kLast, kUniform, kNone };

std::shared_ptr<const Policy> compiled(const std::string& text) {
  auto policy = compile(text, {.file = "bench"});
  if (policy) return *policy;
  std::fprintf(stderr, "%s\n", to_text(policy.error().front()).c_str());
  std::abort();
}

std::vector<Tuple> flows(const std::vector<TupleRule>& rules, Which which) {
  std::mt19937 random(3);
  std::vector<Tuple> all(kFlows);
  for (Tuple& flow : all) {
    const std::size_t any = random() % rules.size();
    flow = tuple_for(which == Which::kFirst  ? rules.front()
                     : which == Which::kLast ? rules.back()
                                             : rules[any]);
    if (which == Which::kNone) flow.protocol = kProtocolIcmp;
    // Of a flow that none takes everything is known to some rule, except its protocol in half of them and its
    // destination in the others.
    if (which == Which::kNone && random() % 2 == 0) {
      flow.protocol = kProtocolTcp;
      flow.server = v4_address(0xc633'6400U | random() % 256);
    }
  }
  return all;
}

void set(FlowFacts& facts, const Tuple& flow) {
  facts.tuple = {flow.client, flow.server, 40'000, flow.port, flow.protocol};
}

void decide_tuples(benchmark::State& state, Which which, const char* then) {
  const auto rules = tuple_rules(static_cast<std::size_t>(state.range(0)));
  const auto policy = compiled(text_of(rules, then));
  const auto tuples = flows(rules, which);
  FlowFacts facts;
  facts.master = "Unknown";
  std::size_t i = 0;
  for (auto round : state) {
    static_cast<void>(round);
    set(facts, tuples[i++ % kFlows]);
    benchmark::DoNotOptimize(decide(*policy, facts, DynamicFacts{}, kNow));
  }
  state.counters["index_bytes"] = static_cast<double>(policy->index(Section::kNetwork).bytes());
}

void linear(benchmark::State& state, Which which) {
  const auto rules = tuple_rules(static_cast<std::size_t>(state.range(0)));
  const auto policy = compiled(text_of(rules, "allow"));
  const auto tuples = flows(rules, which);
  FlowFacts facts;
  facts.master = "Unknown";
  std::size_t i = 0;
  for (auto round : state) {
    static_cast<void>(round);
    set(facts, tuples[i++ % kFlows]);
    Evaluation evaluation{*policy, facts, kNow};
    std::string_view object;
    const Rule* found = nullptr;
    for (const Rule& rule : policy->parts().rules[0]) {
      if (!evaluation.matches(rule, object, {})) continue;
      found = &rule;
      break;
    }
    benchmark::DoNotOptimize(found);
  }
}

/// Names, applications, mail: flows of all sections in turn.
void decide_mixed(benchmark::State& state, bool named) {
  const auto rules = static_cast<std::size_t>(state.range(0));
  const auto policy = compiled(mixed_policy(rules));
  const auto tuples = flows(tuple_rules(rules / 3), Which::kNone);
  std::mt19937 random(5);
  std::vector<std::string> hosts;
  for (std::size_t i = 0; i < 256; ++i) {
    const std::string site = "s" + std::to_string(random() % 10) + ".c" + std::to_string(random() % 100);
    hosts.push_back(named ? site + ".example" : site + ".nowhere.test");
  }
  FlowFacts facts;
  facts.master = "TLS";
  facts.app = "Google";
  facts.confidence = AppConfidence::kDpi;
  facts.country = "US";
  facts.tls.seen = true;
  std::size_t i = 0;
  for (auto round : state) {
    static_cast<void>(round);
    set(facts, tuples[i % kFlows]);
    facts.host = facts.tls.sni = hosts[i++ % hosts.size()];
    benchmark::DoNotOptimize(decide(*policy, facts, DynamicFacts{}, kNow));
  }
}

void build(benchmark::State& state, const std::string& text) {
  const auto policy = compiled(text);
  for (auto round : state) {
    static_cast<void>(round);
    benchmark::DoNotOptimize(Policy{policy->parts()});
  }
}

void compile_all(benchmark::State& state, const std::string& text) {
  for (auto round : state) {
    static_cast<void>(round);
    benchmark::DoNotOptimize(compiled(text));
  }
}

// ---- rte_acl

/// As rte_acl reads a flow: network order, one byte first, then by four.
struct AclFlow {
  std::uint8_t protocol = 0;
  std::uint8_t padding[3]{};
  std::uint32_t client = 0;
  std::uint32_t server = 0;
  std::uint16_t client_port = 0;
  std::uint16_t port = 0;
};

constexpr std::array<rte_acl_field_def, 5> kFields{{
    {RTE_ACL_FIELD_TYPE_BITMASK, 1, 0, 0, offsetof(AclFlow, protocol)},
    {RTE_ACL_FIELD_TYPE_MASK, 4, 1, 1, offsetof(AclFlow, client)},
    {RTE_ACL_FIELD_TYPE_MASK, 4, 2, 2, offsetof(AclFlow, server)},
    {RTE_ACL_FIELD_TYPE_RANGE, 2, 3, 3, offsetof(AclFlow, client_port)},
    {RTE_ACL_FIELD_TYPE_RANGE, 2, 4, 3, offsetof(AclFlow, port)},
}};
RTE_ACL_RULE_DEF(AclRule, 5);

class Acl {
 public:
  explicit Acl(const std::vector<TupleRule>& rules) {
    static int made = 0;
    const std::string name = "acl" + std::to_string(made++);
    const rte_acl_param param{name.c_str(), SOCKET_ID_ANY, RTE_ACL_RULE_SZ(5),
                              static_cast<std::uint32_t>(rules.size())};
    context_ = rte_acl_create(&param);
    ok_ = context_ != nullptr;
    for (std::size_t i = 0; i < rules.size() && ok_; ++i) {
      const AclRule rule = acl_rule(rules[i], rules.size() - i, i + 1);
      ok_ = rte_acl_add_rules(context_, reinterpret_cast<const rte_acl_rule*>(&rule), 1) == 0;
    }
    rte_acl_config config{};
    config.num_categories = 1;
    config.num_fields = kFields.size();
    std::copy(kFields.begin(), kFields.end(), config.defs);
    ok_ = ok_ && rte_acl_build(context_, &config) == 0;
  }
  ~Acl() { rte_acl_free(context_); }
  Acl(const Acl&) = delete;
  Acl& operator=(const Acl&) = delete;
  [[nodiscard]] bool ok() const { return ok_; }
  void classify(const std::uint8_t** flows_at, std::uint32_t* results, std::uint32_t count) const {
    rte_acl_classify(context_, flows_at, results, count, 1);
  }

 private:
  static AclRule acl_rule(const TupleRule& rule, std::size_t priority, std::size_t number) {
    AclRule acl{};
    acl.data.category_mask = 1;
    acl.data.priority = static_cast<std::int32_t>(priority);
    acl.data.userdata = static_cast<std::uint32_t>(number);
    acl.field[0].value.u8 = rule.protocol;
    acl.field[0].mask_range.u8 = 0xff;
    acl.field[1].value.u32 = 0x0a00'0000U | std::uint32_t{rule.group} << 16U;
    acl.field[1].mask_range.u32 = 16;
    acl.field[2].value.u32 = rule.destination;
    acl.field[2].mask_range.u32 = rule.prefix_bits;
    acl.field[3].mask_range.u16 = 0xffff;
    acl.field[4].value.u16 = rule.port_low;
    acl.field[4].mask_range.u16 = rule.port_high;
    return acl;
  }

  rte_acl_ctx* context_ = nullptr;
  bool ok_ = false;
};

std::uint32_t v4_in_network_order(const IpAddress& address) {
  std::uint32_t number = 0;
  std::memcpy(&number, address.bytes().data() + 12, 4);
  return number;
}

constexpr std::size_t kBurst = 8;

/// `burst` flows a call; the result is checked against decide.
void rte_acl(benchmark::State& state, Which which, std::size_t burst) {
  const auto rules = tuple_rules(static_cast<std::size_t>(state.range(0)));
  const Acl acl(rules);
  if (!acl.ok()) return state.SkipWithError("rte_acl does not build these rules");
  const auto policy = compiled(text_of(rules, "allow"));
  const auto tuples = flows(rules, which);
  std::vector<AclFlow> keys;
  std::vector<const std::uint8_t*> at;
  for (const Tuple& flow : tuples) {
    keys.push_back({flow.protocol,
                    {},
                    v4_in_network_order(flow.client),
                    v4_in_network_order(flow.server),
                    htons(40'000),
                    htons(flow.port)});
  }
  for (const AclFlow& key : keys) at.push_back(reinterpret_cast<const std::uint8_t*>(&key));
  std::array<std::uint32_t, kBurst> results{};
  FlowFacts facts;
  for (std::size_t i = 0; i < kFlows; ++i) {
    set(facts, tuples[i]);
    acl.classify(&at[i], results.data(), 1);
    const std::string said = results[0] == 0 ? "" : std::to_string(results[0] - 1);
    if (decide(*policy, facts, DynamicFacts{}, kNow).rule != said)
      return state.SkipWithError("rte_acl says another rule");
  }
  std::size_t i = 0;
  for (auto round : state) {
    static_cast<void>(round);
    acl.classify(&at[i], results.data(), static_cast<std::uint32_t>(burst));
    benchmark::DoNotOptimize(results);
    i = (i + burst) % kFlows;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(burst));
}

void sizes(benchmark::internal::Benchmark* bench) { bench->Arg(10)->Arg(100)->Arg(1'000)->Arg(10'000); }

void register_all() {
  const std::vector<std::pair<std::string, Which>> all{
      {"first", Which::kFirst}, {"last", Which::kLast}, {"uniform", Which::kUniform}, {"none", Which::kNone}};
  for (const auto& [name, which] : all) {
    const auto add = [](const std::string& title, auto run) {
      benchmark::RegisterBenchmark(title.c_str(), run)->Apply(sizes);
    };
    const Which flow = which;
    add("pol.eval/" + name, [flow](benchmark::State& state) { decide_tuples(state, flow, "allow"); });
    add("pol.eval/" + name + "/block",
        [flow](benchmark::State& state) { decide_tuples(state, flow, "block"); });
    add("pol.eval/" + name + "/linear", [flow](benchmark::State& state) { linear(state, flow); });
    add("pol.eval/" + name + "/rte_acl", [flow](benchmark::State& state) { rte_acl(state, flow, 1); });
    add("pol.eval/" + name + "/rte_acl8", [flow](benchmark::State& state) { rte_acl(state, flow, kBurst); });
  }
  const auto mixed = [](const char* title, bool named) {
    benchmark::RegisterBenchmark(title, [named](benchmark::State& state) {
      decide_mixed(state, named);
    })->Apply(sizes);
  };
  mixed("pol.eval/mixed/hit", true);
  mixed("pol.eval/mixed/none", false);
  const auto once = [](const char* title, auto run, const std::string& text) {
    benchmark::RegisterBenchmark(title, [run, text](benchmark::State& state) {
      run(state, text);
    })->Unit(benchmark::kMillisecond);
  };
  once("pol.eval/build/tuples", build, text_of(tuple_rules(kRulesMax), "allow"));
  once("pol.eval/build/mixed", build, mixed_policy(kRulesMax));
  once("pol.eval/compile/tuples", compile_all, text_of(tuple_rules(kRulesMax), "allow"));
  once("pol.eval/compile/mixed", compile_all, mixed_policy(kRulesMax));
}

}  // namespace

int main(int argc, char** argv) {
  const auto eal =
      dataplane::Eal::start({.hugepages = true, .megabytes = 2'048, .cores = {}, .workers = 0}, {});
  if (!eal) return std::fprintf(stderr, "%s\n", to_text(eal.error()).c_str()), 1;
  benchmark::Initialize(&argc, argv);
  register_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
