// SPDX-License-Identifier: Apache-2.0
// pol.swap: a policy of many rules and a category file take the place of another policy under flows that are
// decided, as in the classifier (`weir-classifier` reloads by PolicyReload, in a thread of its own). In
// process, without the channel: what the data plane adds is pol.reload's. Milliseconds,
//   compile_ms    from the moment at which the new file is in place until it is compiled; the old policy
//   serves first_ms      from then until a live flow's next packet is answered under the new one all_ms until
//   the next packet of every live flow is
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "classifier/app/policy_loader.h"
#include "policy/categories/category_builder.h"
#include "policy/lang/policy.h"
#include "tests/bench/dpi_bed.h"
#include "tests/bench/name_maker.h"
#include "tests/bench/pol_eval.h"
#include "tests/bench/pol_rules.h"

namespace weir::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kLiveFlows = 10'000;

double ms_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double, std::milli>(end - begin).count();
}

/// A folder as /etc/weir/policy is: the policy in force and the categories beside it.
class PolicyOnDisk {
 public:
  explicit PolicyOnDisk(std::size_t domains) {
    std::string name = (fs::temp_directory_path() / "weir-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    policy::CategoryBuilder builder;
    const auto list = builder.add_list({"listed", "bench", "plain", "", 0, 0}).value();
    NameMaker maker;
    for (std::size_t i = 0; i < domains; ++i) static_cast<void>(builder.add(list, maker.listed(), false));
    std::ofstream(folder_ / policy::kCategoryFileName, std::ios::binary) << builder.build(0).value();
  }
  ~PolicyOnDisk() { fs::remove_all(folder_); }
  PolicyOnDisk(const PolicyOnDisk&) = delete;
  PolicyOnDisk& operator=(const PolicyOnDisk&) = delete;

  [[nodiscard]] std::string path() const { return (folder_ / "current.yaml").string(); }
  void put(const std::string& text, std::uint32_t revision) const {
    std::ofstream(folder_ / "current.yaml") << text;
    std::ofstream(folder_ / "current.revision") << revision << '\n';
  }

 private:
  fs::path folder_;
};

/// TLS flows that have their final answer, and one more packet of each.
class LiveFlows {
 public:
  LiveFlows() : set_(generated_flows({FlowKind::kTls}, kLiveFlows)), last_(kLiveFlows) {
    bed_.classifier().attach(kLiveFlows);
    std::vector<bool> opened(kLiveFlows);
    for (const FlowPacket& packet : set_.packets) {
      bed_.show(set_, packet, !opened[packet.flow], packet.flow);
      opened[packet.flow] = true;
      last_[packet.flow] = &packet;
      static_cast<void>(answers_of(0));
    }
  }

  [[nodiscard]] classifier::Classifier& classifier() { return bed_.classifier(); }
  /// The flow's next packet; true: its final answer came, and is that of the revision.
  [[nodiscard]] bool ask(std::uint32_t flow, std::uint32_t revision) {
    bed_.show(set_, *last_[flow], false, flow);
    return answers_of(revision);
  }

 private:
  bool answers_of(std::uint32_t revision) {
    bool final = false;
    bed_.classifier().answers().flush([&](const channel::Answer& answer, std::string_view) {
      final |= answer.type == channel::AnswerType::kFinal && answer.policy_revision == revision;
      return true;
    });
    return final;
  }

  PacketSet set_;
  ClassifierBed bed_;
  std::vector<const FlowPacket*> last_;
};

void swap(benchmark::State& state, std::size_t domains, std::size_t rules) {
  const PolicyOnDisk disk{domains};
  LiveFlows flows;
  classifier::PolicyReload reload;
  PolicyBed bed{RuleKind::kMixed, rules - 1};
  const std::string text = bed.text() + "- {rule: listed, match: {category: listed}, then: block}\n";
  std::vector<double> compile;
  std::vector<double> first;
  std::vector<double> all;
  std::uint32_t revision = 1;
  for (auto _ : state) {
    disk.put(text, ++revision);
    const auto placed = Clock::now();
    reload.start(disk.path());
    auto loaded = reload.poll();
    for (; !loaded; loaded = reload.poll()) std::this_thread::yield();
    const auto compiled = Clock::now();
    if (!*loaded) return state.SkipWithError(to_text(loaded->error()[0]).c_str());
    flows.classifier().set_policy(std::move(**loaded));
    bool right = flows.ask(0, revision);
    const auto enforced = Clock::now();
    for (std::uint32_t flow = 1; flow < kLiveFlows; ++flow) right &= flows.ask(flow, revision);
    const auto everywhere = Clock::now();
    if (!right) return state.SkipWithError("a flow goes on under the old policy");
    compile.push_back(ms_between(placed, compiled));
    first.push_back(ms_between(compiled, enforced));
    all.push_back(ms_between(compiled, everywhere));
    state.SetIterationTime(ms_between(placed, enforced) / 1'000);
  }
  const auto least = [](const std::vector<double>& times) {
    return *std::min_element(times.begin(), times.end());
  };
  state.counters["compile_ms"] = least(compile);
  state.counters["first_ms"] = least(first);
  state.counters["all_ms"] = least(all);
}

}  // namespace

void add_pol_swap() {
  for (const auto& [domains, rules] :
       {std::pair<std::size_t, std::size_t>{1'000, 100}, {5'000'000, 10'000}}) {
    benchmark::RegisterBenchmark(
        fmt::format("pol.swap/{}_domains/{}_rules", domains, rules).c_str(),
        [domains = domains, rules = rules](benchmark::State& state) { swap(state, domains, rules); })
        ->UseManualTime()
        ->Iterations(5)
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace weir::bench
