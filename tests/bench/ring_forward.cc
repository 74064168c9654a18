// SPDX-License-Identifier: Apache-2.0
// fwd.ceiling, fwd.hit, fwd.growth and mem.flow over ring ports (see ring_bed.h).
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <memory>
#include <random>

#include "dataplane/flow/flow_file.h"
#include "tests/bench/ring_bed.h"
#include "tests/bench/ring_benches.h"
#include "tests/bench/ring_rounds.h"
#include "tests/bench/seeded.h"

namespace weir::bench {
namespace {

using namespace dataplane;

/// Numbers of flows, drawn once and used round and round.
class FlowNumbers {
 public:
  static FlowNumbers uniform(std::uint32_t flows) {
    FlowNumbers drawn;
    std::mt19937 random{7};
    std::uniform_int_distribution<std::uint32_t> pick(0, flows - 1);
    for (std::uint32_t& number : drawn.numbers_) number = pick(random);
    return drawn;
  }
  /// Zipf with exponent 1 by inversion of the harmonic sum's integral; close enough from rank 1 up.
  static FlowNumbers zipf(std::uint32_t flows) {
    FlowNumbers drawn;
    std::mt19937 random{7};
    std::uniform_real_distribution<double> pick(0, 1);
    for (std::uint32_t& number : drawn.numbers_) {
      const double rank = std::exp(pick(random) * std::log(static_cast<double>(flows)));
      // Spread over the numbers, so that popular flows are not neighbours in memory.
      number = static_cast<std::uint32_t>((static_cast<std::uint64_t>(rank - 1) * 2'654'435'761U) % flows);
    }
    return drawn;
  }
  [[nodiscard]] std::uint32_t next() { return numbers_[at_++ & (kDrawn - 1)]; }

 private:
  static constexpr std::size_t kDrawn = 1U << 20U;
  FlowNumbers() : numbers_(kDrawn) {}
  std::vector<std::uint32_t> numbers_;
  std::size_t at_ = 0;
};

/// One burst of `offer` through what is measured.
template <typename Offer>
std::uint32_t through_control(RingBed& bed, Offer offer) {
  offer();
  bed.control_turn();
  return bed.drain();
}
template <typename Offer>
std::uint32_t through_weir(RingBed& bed, Worker& worker, Offer offer) {
  offer();
  worker.turn();
  return bed.drain();
}

std::uint64_t resident_bytes() {
  std::uint64_t pages = 0;
  std::ifstream statm("/proc/self/statm");
  statm >> pages >> pages;
  return pages * 4'096;
}

std::vector<Round> hit_rounds(const Options& options, RingBed& bed, Worker& worker, FlowNumbers numbers) {
  const auto offer = [&] {
    bed.offer([&](std::uint8_t* to, std::uint16_t) {
      write_udp_frame(to, 60, numbers.next());
      return std::uint16_t{60};
    });
  };
  return rounds(
      options, [&](double seconds) { return rate(seconds, [&] { return through_control(bed, offer); }); },
      [&](double seconds) { return rate(seconds, [&] { return through_weir(bed, worker, offer); }); });
}

}  // namespace

void bench_ceiling(const Options& options) {
  RingBed bed;
  Worker worker(options_on(bed, 1'024), bed.ports());
  // 7 x 64, 4 x 570, 1 x 1518 bytes with FCS; the pool holds frames without it.
  const std::vector<std::uint16_t> imix = {60, 60, 566, 60, 566, 60, 1'514, 60, 566, 60, 566, 60};
  std::vector<std::pair<std::string, std::vector<std::uint16_t>>> cases = {{"imix", imix}};
  for (const int bytes : {64, 128, 256, 512, 1'024, 1'280, 1'518}) {
    cases.emplace_back(std::to_string(bytes),
                       std::vector<std::uint16_t>{static_cast<std::uint16_t>(bytes - 4)});
  }
  for (const auto& [name, sizes] : cases) {
    std::size_t at = 0;
    const auto offer = [&] {
      bed.offer([&](std::uint8_t* to, std::uint16_t) {
        const std::uint16_t bytes = sizes[at++ % sizes.size()];
        write_plain_frame(to, 60);  // the rest of a longer frame is whatever the buffer held
        return bytes;
      });
    };
    report("fwd.ceiling", name,
           rounds(
               options, [&](double s) { return rate(s, [&] { return through_control(bed, offer); }); },
               [&](double s) { return rate(s, [&] { return through_weir(bed, worker, offer); }); }));
  }
}

void bench_hit(const Options& options) {
  constexpr std::uint32_t kFlows = 10'000;
  RingBed bed;
  Worker worker(options_on(bed, 2 * kFlows), bed.ports());
  seed(bed, worker, kFlows);
  report("fwd.hit", "10000 flows", hit_rounds(options, bed, worker, FlowNumbers::uniform(kFlows)));
}

void bench_growth(const Options& options) {
  RingBed bed;
  std::vector<std::uint32_t> sizes = {1'000, 10'000, 100'000, 1'000'000};
  if (!options.smoke) sizes.push_back(10'000'000);
  for (const std::uint32_t flows : sizes) {
    const auto before = resident_bytes();
    // Where the daemon has them: in a file in memory.
    const std::string path = fmt::format("/dev/shm/weir-bench-{}-{}", getpid(), flows);
    const auto file = FlowFile::create(path, flows, {});
    if (!file) {
      std::fprintf(stderr, "bench: %s\n", to_text(file.error()).c_str());
      return;
    }
    PipelineOptions shape = options_on(bed, flows);
    shape.flow_memory = (*file)->memory();
    Worker worker(shape, bed.ports());
    seed(bed, worker, flows);
    const std::string more =
        fmt::format(R"(,"flows":{},"bytes_per_flow":{:.1f},"resident_bytes_per_flow":{:.1f})", flows,
                    static_cast<double>(worker.memory().flows) / flows,
                    static_cast<double>(resident_bytes() - before) / flows);
    report("fwd.growth", "uniform", hit_rounds(options, bed, worker, FlowNumbers::uniform(flows)), more);
    report("fwd.growth", "zipf", hit_rounds(options, bed, worker, FlowNumbers::zipf(flows)), more);
  }
}

}  // namespace weir::bench
