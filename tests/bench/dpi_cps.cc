// SPDX-License-Identifier: Apache-2.0
// dpi.cps and dpi.memory: the classifier's new flows a second, each opened, decided, closed, with both its
// events built; the delay of its decision at half of that rate; and what it keeps of a flow that is decided.
// One line of JSON each:
//   {"bench":"dpi.cps","case":KIND,"flows_s":N,"p50_us":N,"p99_us":N,"undecided":N}
//   {"bench":"dpi.memory","case":KIND,"flows":N,"bytes_per_flow":N}
// The delay is from the moment at which the flow's packets were due (an open loop) to the answer that its
// first payload waits for: time that the classifier spends on flows before it counts.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "tests/bench/dpi_bed.h"

namespace {

using namespace weir;
using namespace weir::bench;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kFlows = 20'000;
constexpr std::uint32_t kSlots = 1'024;  // flows that are open at a time

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Plays the flows of a set one after the other, each closed kSlots flows later.
class Player {
 public:
  explicit Player(const PacketSet& set) : set_(set), first_(set.flows.size() + 1) {
    for (std::size_t i = set.packets.size(); i-- > 0;) first_[set.packets[i].flow] = i;
    first_.back() = set.packets.size();
    bed_.classifier().attach(kSlots);
    bed_.classifier().on_answer([this] {
      if (!answered_) answer_at_ = Clock::now();
      answered_ = true;
    });
  }

  /// When the first answer came that a payload waited for; nothing: none did.
  std::optional<Clock::time_point> play_next() {
    const auto flow = static_cast<std::uint32_t>(played_ % set_.flows.size());
    const auto slot = static_cast<std::uint32_t>(played_ % kSlots);
    const auto generation = static_cast<std::uint32_t>(1 + played_ / kSlots);
    if (played_ >= kSlots) {
      const auto old = static_cast<std::uint32_t>((played_ - kSlots) % set_.flows.size());
      bed_.close(set_, old, slot, generation - 1, 2 * kSecond);
    }
    ++played_;
    answered_ = false;
    final_ = false;
    for (std::size_t i = first_[flow]; i < first_[flow + 1] && !final_; ++i) {
      bed_.show(set_, set_.packets[i], i == first_[flow], slot, generation);
      bed_.classifier().answers().flush([this](const channel::Answer& answer, std::string_view) {
        final_ = final_ || answer.type == channel::AnswerType::kFinal;
        return true;
      });
    }
    undecided_ += final_ ? 0U : 1U;
    return answered_ ? std::optional(answer_at_) : std::nullopt;
  }

  [[nodiscard]] std::uint64_t undecided() const { return undecided_; }

 private:
  const PacketSet& set_;
  std::vector<std::size_t> first_;  // packet of each flow
  ClassifierBed bed_;
  std::uint64_t played_ = 0;
  std::uint64_t undecided_ = 0;
  bool answered_ = false;
  bool final_ = false;
  Clock::time_point answer_at_;
};

double flows_a_second(Player& player, double seconds) {
  std::uint64_t flows = 0;
  const auto start = Clock::now();
  double passed = 0;
  for (; passed < seconds; passed = seconds_since(start)) {
    for (int i = 0; i < 64; ++i) static_cast<void>(player.play_next());
    flows += 64;
  }
  return static_cast<double>(flows) / passed;
}

struct Delays {
  double p50_us = 0;
  double p99_us = 0;
};
Delays delays_at(Player& player, double rate, double seconds) {
  std::vector<double> us;
  const auto start = Clock::now();
  for (std::uint64_t flow = 0; static_cast<double>(flow) < rate * seconds; ++flow) {
    const auto due =
        start + std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * static_cast<double>(flow) / rate));
    while (Clock::now() < due) {
    }
    if (const auto at = player.play_next())
      us.push_back(std::chrono::duration<double, std::micro>(*at - due).count());
  }
  if (us.empty()) return {};
  const auto part = [&us](double share) {
    const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(us.size() - 1));
    std::nth_element(us.begin(), us.begin() + at, us.end());
    return us[static_cast<std::size_t>(at)];
  };
  return {part(0.5), part(0.99)};
}

void measure_rate(FlowKind kind, double seconds) {
  const PacketSet set = generated_flows({kind}, kFlows);
  Player player(set);
  static_cast<void>(flows_a_second(player, seconds / 4));  // pools fill
  const double rate = flows_a_second(player, seconds);
  const Delays delays = delays_at(player, rate / 2, seconds);
  std::printf(R"({"bench":"dpi.cps","case":"%s","flows_s":%.0f,"p50_us":%.2f,"p99_us":%.2f,"undecided":%llu})"
              "\n",
              std::string(to_string(kind)).c_str(), rate, delays.p50_us, delays.p99_us,
              static_cast<unsigned long long>(player.undecided()));
  std::fflush(stdout);
}

void measure_memory(FlowKind kind) {
  const PacketSet set = generated_flows({kind}, kFlows);
  ClassifierBed bed;
  bed.classifier().attach(kFlows);
  std::vector<char> opened(set.flows.size());
  const auto used = [] { return static_cast<double>(mallinfo2().uordblks); };
  const double before = used();
  for (const FlowPacket& packet : set.packets) {
    bed.show(set, packet, opened[packet.flow] == 0, packet.flow);
    opened[packet.flow] = 1;
    bed.classifier().answers().flush([](const channel::Answer&, std::string_view) { return true; });
  }
  std::printf(R"({"bench":"dpi.memory","case":"%s","flows":%u,"bytes_per_flow":%.0f})"
              "\n",
              std::string(to_string(kind)).c_str(), kFlows, (used() - before) / kFlows);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"New flows a second, decision delay and memory of Weir's classifier."};
  double seconds = 1;
  bool smoke = false;
  app.add_option("--seconds", seconds, "of each measurement")->check(CLI::Range(0.01, 600.0));
  app.add_flag("--smoke", smoke, "one short round: shows that it runs");
  std::vector<std::string> wanted;
  app.add_option("kind", wanted, "of flow; all when none is named")
      ->check(CLI::IsMember({"tls", "quic", "dns", "http", "unknown-udp"}));
  CLI11_PARSE(app, argc, argv);
  if (smoke) seconds = 0.05;
  constexpr FlowKind kKinds[] = {FlowKind::kTls, FlowKind::kQuic, FlowKind::kDns, FlowKind::kHttp,
                                 FlowKind::kUnknownUdp};
  const auto is_wanted = [&wanted](FlowKind kind) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), to_string(kind)) != wanted.end();
  };
  for (const FlowKind kind : kKinds)
    if (is_wanted(kind)) measure_rate(kind, seconds);
  for (const FlowKind kind : kKinds)
    if (is_wanted(kind)) measure_memory(kind);
  return 0;
}
