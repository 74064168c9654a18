// SPDX-License-Identifier: Apache-2.0
// engine: events a second through a whole Engine with a store of SQLite. One line of JSON a case:
//   {"bench":"engine","case":"in process","events":N,"events_s":N,"events_cpu_s":N,...}
// `in process` gives the engine its entries from memory; `all detectors` too, under a policy that has every
// detector on, `many pairs` too, with flows between so many clients and hosts that hardly one is like another
// (--clients, --hosts); `through Redis` and `two engines` drain streams of a Redis on a Unix socket that were
// filled before, without detectors. events_s is by the clock, events_cpu_s by the processor
// time of the engine's threads; grown_KB is by how much the process grew between the first tenth and the end.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

#include "policy/bus/event_batch.h"
#include "policy/bus/streams.h"
#include "policy/engine/engine.h"
#include "policy/lang/compile.h"
#include "policy/model/wall_clock.h"
#include "tests/bench/evt_feed.h"
#include "tests/support/redis_server.h"

namespace {

using namespace weir;
using namespace weir::bench;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Options {
  std::string events;  // empty: the made up ones
  std::string only;    // empty: every case
  Spread spread{500, 2'000};
  double step_s = 0;  // say how it goes after each
  double seconds = 10;
  std::size_t batch = policy::kBatchEventsMax;
  std::size_t round = policy::kRoundEventsMax;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Of this thread.
double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

long resident_kb() {
  long pages = 0;
  long resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1'024);
}

[[noreturn]] void fail(const Error& error) {
  std::fprintf(stderr, "bench: error: %s\n", to_text(error).c_str());
  std::exit(1);
}

/// Every detector with its usual parameters, where it has some.
constexpr const char* kAllDetectors = R"(weir-policy: 1
timezone: America/Toronto
schedules:
  office: {days: mon-fri, hours: "08:00-17:30"}
software:
  unauthorised: [{product: bittorrent}]
detect:
  new-software: {}
  unauthorised-software: {}
  old-version: {products: ["firefox >=200", "curl >=7.88"]}
  product-gone: {products: [firefox]}
  updates-overdue: {}
  new-device: {}
  mail-burst: {}
  many-recipients: {}
  direct-to-mx: {}
  mail-to-new-domains: {}
  after-hours: {when: {not: office}}
  new-country: {}
  new-network: {}
  dns-tunnel: {}
  generated-names: {}
  beacon: {}
  many-blocks: {}
  uninspected: {}
  slow-server: {}
  slow-link: {}
)";

std::shared_ptr<const policy::Policy> all_detectors() {
  const auto compiled = policy::compile(kAllDetectors, {.file = "all-detectors"});
  if (!compiled) fail(compiled.error().front());
  return *compiled;
}

/// Everything that an engine needs, in a folder of its own.
class Bed {
 public:
  explicit Bed(std::shared_ptr<const policy::Policy> detectors = nullptr)
      : detectors_(std::move(detectors)) {}

  policy::Engine engine(const std::string& name, unsigned streams = 1) {
    std::vector<std::string> names;
    for (unsigned worker = 0; worker < streams; ++worker) names.push_back(policy::flow_stream(worker));
    policy::StreamReader reader{redis_.connect(), std::string{policy::kEngineGroup}, name, names};
    if (auto created = reader.create_group(); !created) fail(created.error());
    auto store = policy::Store::open(home_.file("weir.db"), policy::StoreAccess::kWrite);
    if (!store) fail(store.error());
    policy::QuotaRules rules;
    rules.rules["video"] = {
        {{1'000'000'000'000, 0, 0, 0}, QuotaPer::kClient, QuotaEvery::kDay}, Section::kWeb, Severity::kLow};
    const auto kept = std::make_shared<const policy::QuotaRules>(std::move(rules));
    return {std::move(reader),
            policy::StreamWriter{redis_.connect(), policy::kDeadLettersMax},
            std::move(*store),
            [](const auto&, const auto&) { return policy::SoftwareState::kUnknown; },
            policy::QuotaLedger{[kept] { return kept; }, policy::FactsWriter{redis_.connect()}},
            policy::Tries{redis_.connect(), std::string{policy::kEngineGroup}},
            {},
            policy::Detection{[detectors = detectors_] { return detectors; }}};
  }
  void fill(const std::vector<policy::StreamEntry>& entries) {
    policy::StreamWriter out{redis_.connect(), 10'000'000};
    for (const policy::StreamEntry& entry : entries) {
      if (!out.append(entry.stream, entry.payload)) {
        if (auto report = out.flush(); report.error) fail(*report.error);
        if (auto queued = out.append(entry.stream, entry.payload); !queued) fail(queued.error());
      }
    }
    if (auto report = out.flush(); report.error) fail(*report.error);
  }

 private:
  std::shared_ptr<const policy::Policy> detectors_;
  test::RedisServer redis_{{"--appendfsync", "everysec"}};
  test::TemporaryDirectory home_;
};

struct Drained {
  std::uint64_t events = 0;
  double processor_s = 0;
};

Drained drain(policy::Engine& engine) {
  Drained sum;
  const double start = processor_seconds();
  for (;;) {
    const auto round = engine.run_once(milliseconds{50}, wall_clock());
    if (!round) fail(round.error());
    if (round->entries() == 0) break;
    sum.events += round->applied;
  }
  sum.processor_s = processor_seconds() - start;
  return sum;
}

void say(const char* name, std::uint64_t events, double wall, double processor,
         const std::string& more = "") {
  std::printf(
      "{\"bench\":\"engine\",\"case\":\"%s\",\"events\":%llu,\"events_s\":%.0f,\"events_cpu_s\":%.0f%s}\n",
      name, static_cast<unsigned long long>(events), static_cast<double>(events) / wall,
      static_cast<double>(events) / processor, more.c_str());
  std::fflush(stdout);
}

void in_process(const Options& options, const char* name,
                const std::shared_ptr<const policy::Policy>& detectors, Spread spread) {
  Bed bed{detectors};
  policy::Engine engine = bed.engine("engine-1");
  EventFeed feed{read_templates(options.events), 0, spread};
  std::uint64_t events = 0;
  double wall = 0;
  double processor = 0;
  long early_kb = 0;
  double said = 0;
  while (wall < options.seconds) {
    engine.take_up_policy();
    const auto entries = feed.entries(4 * policy::kRoundEventsMax / options.batch, options.batch);
    policy::Round round;
    const auto start = Clock::now();
    const double processor_start = processor_seconds();
    for (std::span<const policy::StreamEntry> rest{entries}; !rest.empty();) {
      const std::size_t some = std::min(rest.size(), std::max<std::size_t>(options.round / options.batch, 1));
      const auto done = engine.apply(rest.first(some), wall_clock(), round);
      if (!done) fail(done.error());
      rest = rest.subspan(*done);
    }
    wall += seconds_since(start);
    processor += processor_seconds() - processor_start;
    events += round.applied;
    if (early_kb == 0 && wall > options.seconds / 10) early_kb = resident_kb();
    if (options.step_s <= 0 || wall < said + options.step_s) continue;
    said = wall;
    std::fprintf(stderr, "%s: %.0f s: %llu events, %ld KB resident\n", name, wall,
                 static_cast<unsigned long long>(events), resident_kb());
  }
  say(name, events, wall, processor, ",\"grown_KB\":" + std::to_string(resident_kb() - early_kb));
}

void through_redis(const Options& options, unsigned engines) {
  Bed bed;
  const auto templates = read_templates(options.events);
  const auto count = static_cast<std::size_t>(options.seconds * 100'000) / options.batch + 1;
  bed.fill(EventFeed{templates, 0}.entries(count, options.batch));
  std::vector<Drained> drained(engines);
  std::vector<policy::Engine> all;
  for (unsigned i = 0; i < engines; ++i) all.push_back(bed.engine("engine-" + std::to_string(i)));
  const auto start = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < engines; ++i)
      threads.emplace_back([&all, &drained, i] { drained[i] = drain(all[i]); });
  }
  const double wall = seconds_since(start) - 0.05;  // the wait that found nothing more
  Drained sum;
  for (const Drained& one : drained) {
    sum.events += one.events;
    sum.processor_s += one.processor_s;
  }
  say(engines == 1 ? "through Redis" : "two engines", sum.events, wall, sum.processor_s);
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("weir-bench-engine"));  // stdout is for the figures
  Options options;
  CLI::App app{"Events a second through the engine."};
  app.add_option("--events", options.events, "recorded events; none: a few made up ones");
  app.add_option("--seconds", options.seconds, "a case");
  app.add_option("--batch", options.batch, "events an entry")
      ->check(CLI::Range(std::size_t{1}, policy::kBatchEventsMax));
  app.add_option("--round", options.round, "events a transaction, in process");
  app.add_option("--case", options.only, "process, detectors, pairs, redis or two");
  app.add_option("--clients", options.spread.clients, "of `many pairs`");
  app.add_option("--hosts", options.spread.hosts, "of `many pairs`");
  app.add_option("--say-every", options.step_s, "seconds: say the memory on stderr, in process");
  app.add_flag_callback(
      "--smoke", [&options] { options.seconds = 0.05; }, "shows only that it runs");
  CLI11_PARSE(app, argc, argv);
  const auto wanted = [&options](const char* name) { return options.only.empty() || options.only == name; };
  if (wanted("process")) in_process(options, "in process", nullptr, {});
  if (wanted("detectors")) in_process(options, "all detectors", all_detectors(), {});
  if (wanted("pairs")) in_process(options, "many pairs", all_detectors(), options.spread);
  if (wanted("redis")) through_redis(options, 1);
  if (wanted("two")) through_redis(options, 2);
  return 0;
}
