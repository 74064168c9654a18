// SPDX-License-Identifier: Apache-2.0
// pol.eval: nanoseconds of one policy::decide, everything in it: the client's group, the look-ups of the
// flow's names, the rules, the Decision with its strings. What changes from flow to flow is put into one
// FlowFacts before, which is in the figure as well. Beside it the same function over a policy without an
// index, which walks through the rules, and rte_acl on the same rules where these are 5-tuples, alone and in
// batches; both have to find the same rules.
#include "tests/bench/pol_eval.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <rte_acl.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>

#include "dataplane/io/eal.h"
#include "policy/decide/decide.h"
#include "policy/lang/compile.h"
#include "policy/lang/policy.h"
#include "tests/bench/pol_rules.h"

namespace weir::bench {
namespace {

using policy::Policy;

constexpr std::array<std::size_t, 4> kSizes{10, 100, 1'000, 10'000};
constexpr std::size_t kFlows = 1U << 12U;
constexpr TimeNs kNow = 1'795'348'800 * kSecond;

enum class Case : std::uint8_t { kFirst, kLast, kUniform, kNone };

double ms_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

/// A policy of one size, with and without its index, and the flows of each case.
struct EvalBed {
  EvalBed(RuleKind kind, std::size_t rules) : bed(kind, rules) {
    const std::string text = bed.text();
    auto begin = std::chrono::steady_clock::now();
    auto compiled = policy::compile(text, {.file = "bench", .revision = 1});
    compile_ms = ms_since(begin);
    if (!compiled) {
      fmt::print(stderr, "pol.eval: error: {}\n", to_text(compiled.error()[0]));
      std::exit(1);
    }
    indexed = *compiled;
    policy::PolicyParts parts = indexed->parts();
    begin = std::chrono::steady_clock::now();
    for (std::size_t section = 0; section < parts.rule_indices.size(); ++section)
      parts.rule_indices[section] = policy::RuleIndex{parts.rules[section], parts.groups.size()};
    index_ms = ms_since(begin);
    for (const auto& index : parts.rule_indices) index_bytes += index.bytes();
    parts.rule_indices = {};
    walked = std::make_unique<const Policy>(std::move(parts));
    std::mt19937_64 dice{7};
    for (std::size_t i = 0; i < kFlows; ++i) uniform.push_back(bed.flows()[dice() % rules]);
    while (none.size() < kFlows) {
      none.push_back(bed.stranger());
      if (!rule_of(*indexed, none.back()).empty()) none.pop_back();
    }
  }

  [[nodiscard]] std::string rule_of(const Policy& policy, const Asked& asked) {
    put(asked, facts);
    return policy::decide(policy, facts, {}, kNow).rule;
  }

  [[nodiscard]] const std::vector<Asked>& flows(Case which) {
    if (which == Case::kUniform) return uniform;
    if (which == Case::kNone) return none;
    one = {which == Case::kFirst ? bed.flows().front() : last()};
    return one;
  }
  /// Of the last rule that is not hidden by earlier ones.
  [[nodiscard]] const Asked& last() {
    std::size_t rule = bed.flows().size() - 1;
    while (rule_of(*walked, bed.flows()[rule]) != fmt::format("r{}", rule)) --rule;
    return bed.flows()[rule];
  }

  PolicyBed bed;
  std::shared_ptr<const Policy> indexed;
  std::unique_ptr<const Policy> walked;
  std::vector<Asked> uniform;
  std::vector<Asked> none;
  std::vector<Asked> one;
  FlowFacts facts;
  double compile_ms = 0;
  double index_ms = 0;
  std::size_t index_bytes = 0;
};

EvalBed& bed_of(RuleKind kind, std::size_t rules) {
  static std::map<std::pair<RuleKind, std::size_t>, std::unique_ptr<EvalBed>> beds;
  auto& bed = beds[{kind, rules}];
  if (!bed) bed = std::make_unique<EvalBed>(kind, rules);
  return *bed;
}

void decide_all(benchmark::State& state, EvalBed& bed, const Policy& policy, Case which) {
  const std::vector<Asked>& flows = bed.flows(which);
  for (std::size_t i = 0; i < flows.size() && i < 256; ++i) {
    if (bed.rule_of(*bed.indexed, flows[i]) != bed.rule_of(*bed.walked, flows[i]))
      return state.SkipWithError("the index finds another rule");
  }
  const DynamicFacts dynamic;
  std::size_t at = 0;
  for (auto _ : state) {
    put(flows[at], bed.facts);
    benchmark::DoNotOptimize(policy::decide(policy, bed.facts, dynamic, kNow));
    if (++at == flows.size()) at = 0;
  }
}

// ---- rte_acl

struct AclKey {
  std::uint8_t protocol;
  std::uint32_t source;  // network order, as the rest
  std::uint32_t destination;
  std::uint16_t source_port;
  std::uint16_t port;
};
constexpr std::size_t kFields = 5;
RTE_ACL_RULE_DEF(AclRule, kFields);
constexpr std::array<std::pair<std::size_t, std::uint8_t>, kFields> kPlaces{
    {{offsetof(AclKey, protocol), std::uint8_t{1}},
     {offsetof(AclKey, source), std::uint8_t{4}},
     {offsetof(AclKey, destination), std::uint8_t{4}},
     {offsetof(AclKey, source_port), std::uint8_t{2}},
     {offsetof(AclKey, port), std::uint8_t{2}}}};
constexpr std::array<std::uint8_t, kFields> kTypes{RTE_ACL_FIELD_TYPE_BITMASK, RTE_ACL_FIELD_TYPE_MASK,
                                                   RTE_ACL_FIELD_TYPE_MASK, RTE_ACL_FIELD_TYPE_RANGE,
                                                   RTE_ACL_FIELD_TYPE_RANGE};
constexpr std::array<std::uint8_t, kFields> kInputs{0, 1, 2, 3, 3};

AclRule acl_rule(const EndsRule& from, std::size_t number) {
  AclRule rule{};
  rule.data.userdata = static_cast<std::uint32_t>(number + 1);
  rule.data.category_mask = 1;
  rule.data.priority = RTE_ACL_MAX_PRIORITY - static_cast<std::int32_t>(number);
  rule.field[0].value.u8 = from.protocol;
  rule.field[0].mask_range.u8 = from.protocol == 0 ? 0 : 0xff;
  if (from.group >= 0) rule.field[1].value.u32 = 0x0a00'0000U + static_cast<std::uint32_t>(from.group) * 256;
  rule.field[1].mask_range.u32 = from.group >= 0 ? 24 : 0;
  rule.field[2].value.u32 = from.destination;
  rule.field[2].mask_range.u32 = from.prefix_bits;
  rule.field[3].mask_range.u16 = 0xffff;
  rule.field[4].value.u16 = from.port_low;
  rule.field[4].mask_range.u16 = from.port_high;
  return rule;
}

class Acl {
 public:
  explicit Acl(const std::vector<EndsRule>& rules) {
    const std::string name = fmt::format("acl{}", rules.size());
    const rte_acl_param param{.name = name.c_str(),
                              .socket_id = SOCKET_ID_ANY,
                              .rule_size = RTE_ACL_RULE_SZ(kFields),
                              .max_rule_num = static_cast<std::uint32_t>(rules.size())};
    context_ = rte_acl_create(&param);
    if (context_ == nullptr) return;
    bool ok = true;
    for (std::size_t i = 0; i < rules.size() && ok; ++i) {
      AclRule rule = acl_rule(rules[i], i);
      ok = rte_acl_add_rules(context_, reinterpret_cast<rte_acl_rule*>(&rule), 1) == 0;
    }
    rte_acl_config config{};
    config.num_categories = 1;
    config.num_fields = kFields;
    for (std::size_t i = 0; i < kFields; ++i) {
      config.defs[i] = {kTypes[i], kPlaces[i].second, static_cast<std::uint8_t>(i), kInputs[i],
                        static_cast<std::uint32_t>(kPlaces[i].first)};
    }
    const auto begin = std::chrono::steady_clock::now();
    ok = ok && rte_acl_build(context_, &config) == 0;
    build_ms = ms_since(begin);
    if (!ok) context_ = nullptr;
  }

  [[nodiscard]] bool built() const { return context_ != nullptr; }
  void classify(const std::uint8_t** keys, std::uint32_t* results, std::uint32_t count) const {
    rte_acl_classify(context_, keys, results, count, 1);
  }
  double build_ms = 0;

 private:
  rte_acl_ctx* context_ = nullptr;
};

const Acl& acl_of(std::size_t rules) {
  static const auto eal =
      dataplane::Eal::start({.hugepages = true, .megabytes = 1'024, .cores = {}, .workers = 0}, {});
  static std::map<std::size_t, std::unique_ptr<Acl>> all;
  if (!eal) std::abort();
  auto& acl = all[rules];
  if (!acl) acl = std::make_unique<Acl>(bed_of(RuleKind::kEnds, rules).bed.ends());
  return *acl;
}

AclKey acl_key(const FiveTuple& tuple) {
  const auto number = [](const IpAddress& address) {
    std::uint32_t word = 0;
    std::memcpy(&word, address.bytes().data() + 12, sizeof word);
    return word;
  };
  return {tuple.protocol, number(tuple.initiator), number(tuple.responder),
          __builtin_bswap16(tuple.initiator_port), __builtin_bswap16(tuple.responder_port)};
}

void acl_all(benchmark::State& state, std::size_t rules, Case which, std::uint32_t batch) {
  EvalBed& bed = bed_of(RuleKind::kEnds, rules);
  const Acl& acl = acl_of(rules);
  if (!acl.built()) return state.SkipWithError("rte_acl_build failed");
  const std::vector<Asked>& flows = bed.flows(which);
  std::vector<AclKey> keys;
  while (keys.size() < kFlows) keys.push_back(acl_key(flows[keys.size() % flows.size()].tuple));
  std::vector<const std::uint8_t*> data;
  for (const AclKey& key : keys) data.push_back(reinterpret_cast<const std::uint8_t*>(&key));
  std::array<std::uint32_t, 32> results{};
  for (std::size_t i = 0; i < 256; ++i) {
    acl.classify(&data[i], results.data(), 1);
    const std::string rule = results[0] == 0 ? std::string{} : fmt::format("r{}", results[0] - 1);
    if (rule != bed.rule_of(*bed.walked, flows[i % flows.size()]))
      return state.SkipWithError("rte_acl finds another rule");
  }
  std::size_t at = 0;
  while (state.KeepRunningBatch(batch)) {
    acl.classify(&data[at], results.data(), batch);
    benchmark::DoNotOptimize(results);
    at = (at + batch) % kFlows;
  }
}

/// Not a time: what it takes to build, and memory.
void cost(benchmark::State& state, RuleKind kind, std::size_t rules) {
  EvalBed& bed = bed_of(kind, rules);
  for (auto _ : state) continue;
  state.counters["compile_ms"] = bed.compile_ms;
  state.counters["index_ms"] = bed.index_ms;
  state.counters["index_KB"] = static_cast<double>(bed.index_bytes) / 1'000;
  if (kind == RuleKind::kEnds) state.counters["acl_ms"] = acl_of(rules).build_ms;
}

}  // namespace

void add_pol_eval() {
  constexpr std::array<std::pair<Case, const char*>, 4> kCases{
      {{Case::kFirst, "first"}, {Case::kLast, "last"}, {Case::kUniform, "uniform"}, {Case::kNone, "none"}}};
  const auto add = [](const std::string& name, auto run) {
    return benchmark::RegisterBenchmark(("pol.eval/" + name).c_str(), run);
  };
  for (const auto& [kind, kind_word] : {std::pair{RuleKind::kEnds, "ends"}, {RuleKind::kMixed, "mixed"}}) {
    for (const std::size_t rules : kSizes) {
      for (const auto& [which, case_word] : kCases) {
        const std::string name = fmt::format("{}/{}/{}/", kind_word, rules, case_word);
        add(name + "weir", [=, kind = kind, which = which](benchmark::State& state) {
          EvalBed& bed = bed_of(kind, rules);
          decide_all(state, bed, *bed.indexed, which);
        });
        add(name + "linear", [=, kind = kind, which = which](benchmark::State& state) {
          EvalBed& bed = bed_of(kind, rules);
          decide_all(state, bed, *bed.walked, which);
        });
        if (kind != RuleKind::kEnds) continue;
        for (const std::uint32_t batch : {1U, 32U}) {
          add(name + (batch == 1 ? "rte_acl" : "rte_acl_batch"),
              [=, which = which](benchmark::State& state) { acl_all(state, rules, which, batch); });
        }
      }
      add(fmt::format("{}/{}/cost", kind_word, rules), [=, kind = kind](benchmark::State& state) {
        cost(state, kind, rules);
      })->Iterations(1);
    }
  }
}

}  // namespace weir::bench
