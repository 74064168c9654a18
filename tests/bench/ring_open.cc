// SPDX-License-Identifier: Apache-2.0
// lat.added, pol.reload and rob.flood: two cores, an open loop (open_loop.h).
#include <fmt/format.h>

#include "tests/bench/open_loop.h"
#include "tests/bench/ring_benches.h"
#include "tests/bench/seeded.h"

namespace weir::bench {
namespace {

using namespace dataplane;

constexpr std::uint32_t kFlows = 10'000;
constexpr int kSwaps = 100;
constexpr double kProbeSeconds = 2;
constexpr unsigned kLongRing = 32'768;       // packets; 10 ms at 3 Mpps
constexpr std::uint32_t kServedAtOnce = 16;  // requests, so that serving does not look like latency

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

/// Frames of the established flows, in no order.
class Established {
 public:
  Kind operator()(std::uint8_t* frame) {
    at_ = at_ * 1'664'525U + 1'013'904'223U;
    write_udp_frame(frame, 60, (at_ >> 8U) % kFlows);
    return Kind::kEstablished;
  }

 private:
  std::uint32_t at_ = 1;
};

struct Latency {
  double p50 = 0;
  double p99 = 0;
};
Latency latency(RingBed& bed, double packets_s, double seconds, const std::function<void()>& turn) {
  const OtherCore core(turn);
  const Seen seen =
      drive(bed, {.packets_s = packets_s, .seconds = seconds, .write = Established(), .meanwhile = {}});
  return {seen.percentile_us(0.5), seen.percentile_us(0.99)};
}

}  // namespace

void bench_latency(const Options& options) {
  stay_on_first_core();
  RingBed bed;
  Worker worker(options_on(bed, 2 * kFlows), bed.ports());
  seed(bed, worker, kFlows);
  const auto control = [&bed] { bed.control_turn(); };
  const auto weir = [&worker] { worker.turn(); };
  double most = 0;
  {
    const OtherCore core(weir);
    most = capacity(bed, options.seconds, Established());
  }
  for (const int percent : {10, 50, 90}) {
    std::vector<double> p50;
    std::vector<double> p99;
    std::vector<double> control_p50;
    std::vector<double> control_p99;
    for (int round = 0; round < options.rounds; ++round) {
      const Latency before = latency(bed, most * percent / 100, options.seconds, control);
      const Latency ours = latency(bed, most * percent / 100, options.seconds, weir);
      const Latency after = latency(bed, most * percent / 100, options.seconds, control);
      control_p50.push_back((before.p50 + after.p50) / 2);
      control_p99.push_back((before.p99 + after.p99) / 2);
      p50.push_back(ours.p50 - control_p50.back());
      p99.push_back(ours.p99 - control_p99.back());
    }
    say(fmt::format(R"({{"bench":"lat.added","case":"{}% of {:.2f} Mpps","rounds":{},"p50_added_us":{:.2f},)"
                    R"("p99_added_us":{:.2f},"control_p50_us":{:.2f},"control_p99_us":{:.2f}}})",
                    percent, most / 1e6, options.rounds, median(p50), median(p99), median(control_p50),
                    median(control_p99)));
  }
}

namespace {

std::int64_t lost(const Seen& seen) {
  constexpr auto kKind = static_cast<std::size_t>(Kind::kEstablished);
  return static_cast<std::int64_t>(seen.offered[kKind] - seen.received[kKind]);
}

/// What a policy swap costs: the same load without swaps, with them, without. Percentiles of the time between
/// two swaps, in the median.
struct Reload {
  std::int64_t lost = 0;
  std::int64_t lost_without = 0;
  std::uint64_t asked = 0;
  double p99 = 0;
  double p99_without = 0;
};
Reload reload(RingBed& bed, Responder& responder, double packets_s, double seconds) {
  int swaps = kSwaps;
  const auto run = [&] {
    return drive(bed, {.packets_s = packets_s,
                       .seconds = seconds,
                       .window_s = seconds / kSwaps,
                       .write = Established(),
                       .meanwhile = [&](double passed) {
                         if (swaps < kSwaps && passed >= seconds * swaps / kSwaps) {
                           responder.swap_policy();
                           ++swaps;
                         }
                         responder.serve(kServedAtOnce);
                       }});
  };
  const Seen before = run();
  const std::uint64_t answered = responder.answered();
  swaps = 0;
  const Seen swapping = run();
  const std::uint64_t asked = responder.answered() - answered;
  const Seen after = run();
  return {.lost = lost(swapping),
          .lost_without = lost(before) + lost(after),
          .asked = asked,
          .p99 = swapping.usual_percentile_us(0.99),
          .p99_without = (before.usual_percentile_us(0.99) + after.usual_percentile_us(0.99)) / 2};
}

}  // namespace

void bench_reload(const Options& options) {
  stay_on_first_core();
  RingBed bed(4 * kLongRing, kLongRing);
  Worker worker(options_on(bed, 2 * kFlows), bed.ports());
  seed(bed, worker, kFlows);
  const OtherCore core([&worker] { worker.turn(); });
  Responder responder(worker);
  const double seconds = options.smoke ? 0.2 : 5 * options.seconds;
  const auto serve = [&responder](double) { responder.serve(kServedAtOnce); };
  double rate = capacity(bed, options.seconds, Established()) / 2;
  // Everything is asked about once under the responder's policy. A loop that loses packets by itself (its
  // cores are taken away for longer than a ring lasts) shows nothing: then at half the rate.
  for (int tries = 0; tries < 4; ++tries) {
    Seen seen = drive(
        bed, {.packets_s = rate, .seconds = options.seconds, .write = Established(), .meanwhile = serve});
    if (tries > 0 && lost(seen) == 0) break;
    if (tries > 0) rate /= 2;
  }
  std::vector<double> ratios;
  std::int64_t lost_with = 0;
  int valid = 0;
  for (int round = 0, tried = 0; round < options.rounds && tried < 3 * options.rounds; ++tried) {
    const Reload seen = reload(bed, responder, rate, seconds);
    if (seen.lost_without != 0 && !options.smoke) continue;  // void
    ++round;
    valid = round;
    lost_with += seen.lost;
    ratios.push_back(seen.p99 / std::max(seen.p99_without, 1e-3));
    say(fmt::format(
        R"({{"bench":"pol.reload","case":"{} swaps at {:.2f} Mpps, round {}","rounds":1,"lost":{},)"
        R"("lost_without":{},"asked_again":{},"p99_us":{:.2f},"p99_without_us":{:.2f},"p99_ratio":{:.3f}}})",
        kSwaps, rate / 1e6, round, seen.lost, seen.lost_without, seen.asked, seen.p99, seen.p99_without,
        ratios.back()));
  }
  say(fmt::format(R"({{"bench":"pol.reload","case":"all","rounds":{},"lost":{},"p99_ratio":{:.3f}}})", valid,
                  lost_with, median(ratios)));
}

namespace {

struct Flood {
  double alone = 0;  // of the established flows' packets without a flood, as many packets in all: got through
  double goodput = 0;  // the same under the flood
  std::uint64_t flows = 0;
  double newcomers = 0;  // after the flood: got through
};

double through(const Seen& seen, Kind kind) {
  const auto at = static_cast<std::size_t>(kind);
  return static_cast<double>(seen.received[at]) / static_cast<double>(seen.offered[at]);
}

/// One packet in three is of an established flow, the others are half SYNs, half datagrams, each of a flow of
/// its own.
class Flooded {
 public:
  Kind operator()(std::uint8_t* frame) {
    if (turn_++ % 3 == 0) return established_(frame);
    number_ = number_ * 1'664'525U + 1'013'904'223U;
    if (turn_ % 2 == 0) {
      write_udp_frame(frame, 60, kFlows + number_ % 16'000'000U);
    } else {
      write_syn_frame(frame, number_);
    }
    return Kind::kFlood;
  }

 private:
  Established established_;
  std::uint32_t number_ = kFlows;
  std::uint32_t turn_ = 0;
};

Flood flood(RingBed& bed, Worker& worker, Responder& responder, double packets_s, double seconds) {
  const auto serve = [&responder](double) { responder.serve(8); };  // 400,000 a second at least
  const auto run = [&](double rate, double long_s, const std::function<Kind(std::uint8_t*)>& write) {
    return drive(bed, {.packets_s = rate, .seconds = long_s, .write = write, .meanwhile = serve});
  };
  Flood seen;
  seen.alone = through(run(packets_s, seconds, Established()), Kind::kEstablished);
  seen.goodput = through(run(packets_s, seconds, Flooded()), Kind::kEstablished);
  seen.flows = worker.board().read().flows;
  static std::uint32_t fresh = 0;
  const auto newcomer = [](std::uint8_t* frame) {
    write_udp_frame(frame, 60, 16'500'000U + fresh++ % 250'000U);
    return Kind::kProbe;
  };
  seen.newcomers = through(run(10'000, kProbeSeconds, newcomer), Kind::kProbe);
  return seen;
}

}  // namespace

void bench_flood(const Options& options) {
  stay_on_first_core();
  RingBed bed;
  constexpr std::uint32_t kTable = 65'536;
  PipelineOptions shape = options_on(bed, kTable);
  for (ExceptionAction& action : shape.pairs[0].exceptions) action = ExceptionAction::kDrop;
  shape.timeouts.udp_s = 120;
  Worker worker(shape, bed.ports());
  seed(bed, worker, kFlows);
  const OtherCore core([&worker] { worker.turn(); });
  Responder responder(worker);
  const double packets_s = 0.9 * capacity(bed, options.seconds, Established());
  for (int round = 1; round <= options.rounds; ++round) {
    const Flood seen = flood(bed, worker, responder, packets_s, 3 * options.seconds);
    // Each newcomer is one packet of a flow of its own; those that were lost were the first ones.
    say(fmt::format(
        R"({{"bench":"rob.flood","case":"{:.2f} Mpps established, {:.2f} Mpps flood, round {}","rounds":1,)"
        R"("goodput":{:.4f},"goodput_without":{:.4f},"flows":{},"flows_max":{},"newcomers_through":{:.4f},)"
        R"("recovery_s":{:.3f}}})",
        packets_s / 3e6, packets_s * 2 / 3e6, round, seen.goodput, seen.alone, seen.flows, kTable,
        seen.newcomers, kProbeSeconds * (1 - seen.newcomers)));
  }
}

}  // namespace weir::bench
