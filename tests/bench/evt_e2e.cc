// SPDX-License-Identifier: Apache-2.0
// evt.e2e: events from the publisher through Redis and an engine to what the store knows. One line of JSON a
// case:
//   {"bench":"evt.e2e","case":"rate","events_s":N,"xadd_s":N,"ratio":N}
//     as fast as it goes, against `redis-benchmark -P 64` with an XADD of one average event, before and after
//   {"bench":"evt.e2e","case":"transport","events_s":N,"xadd_s":N,"ratio":N}
//     the same without the engine: publisher, Redis, and a reader that opens entries and acknowledges
//   {"bench":"evt.e2e","case":"delay","events_s":N,"p50_ms":N,"p99_ms":N}
//     an open loop: from the moment an event was due to the commit with its effects
//   {"bench":"evt.e2e","case":"stalled","events":N,"lost":N,"missing":N,"longest_accept_us":N}
//     Redis stopped (SIGSTOP) for a while under load
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

#include "classifier/publish/redis_publisher.h"
#include "policy/bus/event_batch.h"
#include "policy/bus/streams.h"
#include "policy/engine/engine.h"
#include "policy/model/wall_clock.h"
#include "tests/bench/evt_feed.h"
#include "tests/support/redis_server.h"

namespace {

using namespace weir;
using namespace weir::bench;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

struct Options {
  std::string events;
  std::string only;
  double seconds = 10;
  double rate = 20'000;  // of the open loop
  double stall_s = 10;
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench: error: %s\n", what.c_str());
  std::exit(1);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

classifier::EventRing ring() {
  auto made = classifier::EventRing::open("", {.bytes = 256U << 20U, .events_max = 1U << 20U});
  if (!made) fail(to_text(made.error()));
  return std::move(*made);
}

class Bed {
 public:
  [[nodiscard]] classifier::RedisPublisherOptions publisher() const {
    classifier::RedisPublisherOptions options;
    options.endpoint = redis_.endpoint();
    options.stream = policy::flow_stream(0);
    options.stream_entries_max = 50'000'000;
    options.finish_max = milliseconds{60'000};
    return options;
  }
  [[nodiscard]] std::optional<policy::Engine> engine() const {
    auto reading = reader();
    auto letters = policy::RedisConnection::connect(redis_.endpoint());
    auto facts = policy::RedisConnection::connect(redis_.endpoint());
    auto tries = policy::RedisConnection::connect(redis_.endpoint());
    auto store = policy::Store::open(home_.file("weir.db"), policy::StoreAccess::kWrite);
    if (!reading || !letters || !facts || !tries || !store) return std::nullopt;
    return policy::Engine{std::move(*reading),
                          policy::StreamWriter{std::move(*letters), policy::kDeadLettersMax},
                          std::move(*store),
                          [](const auto&, const auto&) { return policy::SoftwareState::kUnknown; },
                          policy::QuotaLedger{[] { return nullptr; }, policy::FactsWriter{std::move(*facts)}},
                          policy::Tries{std::move(*tries), std::string{policy::kEngineGroup}}};
  }
  [[nodiscard]] std::optional<policy::StreamReader> reader() const {
    auto connection = policy::RedisConnection::connect(redis_.endpoint());
    if (!connection) return std::nullopt;
    policy::StreamReader made{
        std::move(*connection), std::string{policy::kEngineGroup}, "engine-1", {policy::flow_stream(0)}};
    if (!made.create_group()) return std::nullopt;
    return made;
  }
  /// Entries a second of one event each, as redis-benchmark says.
  [[nodiscard]] double xadd_ceiling(std::size_t bytes, std::uint64_t entries) const {
    const std::string command = "redis-benchmark -s " + redis_.socket() + " -P 64 -q --csv -n " +
                                std::to_string(entries) + " XADD weir:ceiling '*' e " +
                                std::string(bytes, 'x') + " 2>/dev/null";
    FILE* out = popen(command.c_str(), "r");
    if (out == nullptr) fail("redis-benchmark does not start");
    std::string text;
    std::array<char, 4'096> part{};
    while (std::fgets(part.data(), part.size(), out) != nullptr) text += part.data();
    pclose(out);
    // "XADD ...","rate",... : the last line's second column
    const std::size_t row = text.rfind("\n\"XADD");
    const std::size_t column = text.find("\",\"", row == std::string::npos ? 0 : row);
    if (column == std::string::npos) fail("redis-benchmark said " + text.substr(0, 200));
    auto connection = redis_.connect();
    if (!connection.command({"DEL", "weir:ceiling"})) fail("redis");
    return std::strtod(text.c_str() + column + 3, nullptr);
  }
  void signal(int number) { redis_.send(number); }
  /// Events whose effects are in the store.
  [[nodiscard]] std::uint64_t applied() const {
    auto store = policy::Store::open(home_.file("weir.db"), policy::StoreAccess::kRead);
    if (!store) return 0;
    const auto state = store->engine_state();
    if (!state || !state->contains("events_applied")) return 0;
    return static_cast<std::uint64_t>(state->at("events_applied"));
  }

 private:
  test::RedisServer redis_{{"--appendfsync", "everysec"}};
  test::TemporaryDirectory home_;
};

std::size_t mean_bytes(const std::vector<event::FlowEvent>& templates) {
  std::size_t bytes = 0;
  for (const event::FlowEvent& event : templates) bytes += event.ByteSizeLong();
  return bytes / templates.size();
}

/// Gives events as fast as the publisher's queue takes them; the time from the first to the last that
/// `reached` says has arrived.
template <typename Reached>
double push_through(classifier::RedisPublisher& publisher, EventFeed& feed, std::uint64_t events,
                    const Reached& reached) {
  const auto start = Clock::now();
  for (std::uint64_t sent = 0; sent < events; ++sent) {
    while (sent % 256 == 0 && publisher.counts().waiting > 32'768) std::this_thread::yield();
    publisher.accept(feed.next());
  }
  publisher.finish();
  while (reached() < events) std::this_thread::yield();
  return seconds_since(start);
}

void rate(const Options& options, bool with_engine) {
  Bed bed;
  const auto templates = read_templates(options.events);
  const auto events = static_cast<std::uint64_t>(options.seconds * 50'000) + 1;
  const auto ceiling_entries = static_cast<std::uint64_t>(options.seconds * 50'000) + 1'000;
  const double before = bed.xadd_ceiling(mean_bytes(templates), ceiling_entries);
  EventFeed feed{templates, 0};
  std::atomic<std::uint64_t> arrived{0};
  double took = 0;
  {
    const std::jthread consumer{[&](const std::stop_token& stop) {
      auto engine = with_engine ? bed.engine() : std::nullopt;
      auto reader = with_engine ? std::nullopt : bed.reader();
      while (!stop.stop_requested()) {
        if (engine) {
          const auto round = engine->run_once(milliseconds{20}, wall_clock());
          if (!round) fail(to_text(round.error()));
          arrived += round->applied;
        } else {
          const auto entries = reader->read(100, milliseconds{20});
          if (!entries) fail(to_text(entries.error()));
          for (const policy::StreamEntry& entry : *entries)
            arrived += policy::open_batch(entry.payload)->events.size();
          if (auto done = reader->acknowledge(*entries); !done) fail(to_text(done.error()));
        }
      }
    }};
    classifier::RedisPublisher publisher{bed.publisher(), ring(), nullptr};
    took = push_through(publisher, feed, events, [&] { return arrived.load(); });
  }
  const double ceiling = (before + bed.xadd_ceiling(mean_bytes(templates), ceiling_entries)) / 2;
  const double events_s = static_cast<double>(events) / took;
  std::printf("{\"bench\":\"evt.e2e\",\"case\":\"%s\",\"events_s\":%.0f,\"xadd_s\":%.0f,\"ratio\":%.2f}\n",
              with_engine ? "rate" : "transport", events_s, ceiling, events_s / ceiling);
}

/// An engine that is made again after an error, as the service does.
class SteadyEngine {
 public:
  SteadyEngine(const Bed& bed, std::function<void(std::uint64_t)> applied)
      : thread_([&bed, applied = std::move(applied)](const std::stop_token& stop) {
          std::optional<policy::Engine> engine;
          while (!stop.stop_requested()) {
            if (!engine) engine = bed.engine();
            if (!engine) continue;
            const auto round = engine->run_once(milliseconds{20}, wall_clock());
            if (round) applied(round->applied);
            if (!round) engine.reset();
          }
        }) {}

 private:
  std::jthread thread_;
};

/// An open loop of events; stops Redis in its midst where `stall` is not 0.
struct Loop {
  std::vector<double> delays_ms;  // by event
  std::uint64_t events = 0;
  classifier::EventCounts counts;
  std::uint64_t applied = 0;
  double longest_accept_us = 0;
};

Loop open_loop(const Options& options, double rate, double seconds, double stall) {
  Bed bed;
  EventFeed feed{read_templates(options.events), 0};
  Loop loop;
  loop.events = static_cast<std::uint64_t>(rate * seconds);
  loop.delays_ms.resize(loop.events);
  std::atomic<std::uint64_t> applied{0};
  const auto start = Clock::now() + milliseconds{200};
  const auto due = [&](std::uint64_t event) {
    return start + nanoseconds{static_cast<std::int64_t>(static_cast<double>(event) / rate * 1e9)};
  };
  const SteadyEngine engine{bed, [&](std::uint64_t more) {
                              const auto now = Clock::now();
                              for (std::uint64_t i = applied; i < std::min(applied + more, loop.events); ++i)
                                loop.delays_ms[i] =
                                    std::chrono::duration<double, std::milli>(now - due(i)).count();
                              applied += more;
                            }};
  classifier::RedisPublisher publisher{bed.publisher(), ring(), nullptr};
  std::jthread staller{[&] {
    if (stall <= 0) return;
    std::this_thread::sleep_until(due(loop.events / 10));
    bed.signal(SIGSTOP);
    std::this_thread::sleep_for(std::chrono::duration<double>(stall));
    bed.signal(SIGCONT);
  }};
  for (std::uint64_t i = 0; i < loop.events; ++i) {
    const event::FlowEvent& event = feed.next();
    std::this_thread::sleep_until(due(i));
    const auto begin = Clock::now();
    publisher.accept(event);
    loop.longest_accept_us = std::max(loop.longest_accept_us, 1e6 * seconds_since(begin));
  }
  staller.join();
  publisher.finish();
  loop.counts = publisher.counts();
  // By the store: an engine that ended between commit and acknowledgement did not say what it had applied.
  const auto deadline = Clock::now() + std::chrono::seconds{60};
  while (bed.applied() < loop.events - loop.counts.lost.total() && Clock::now() < deadline)
    std::this_thread::sleep_for(milliseconds{20});
  loop.applied = bed.applied();
  return loop;
}

void delay(const Options& options) {
  Loop loop = open_loop(options, options.rate, options.seconds, 0);
  std::ranges::sort(loop.delays_ms);
  const auto at = [&](double part) {
    return loop.delays_ms[static_cast<std::size_t>(part * static_cast<double>(loop.events - 1))];
  };
  std::printf(
      "{\"bench\":\"evt.e2e\",\"case\":\"delay\",\"events_s\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f}\n",
      options.rate, at(0.5), at(0.99));
}

void stalled(const Options& options) {
  const Loop loop = open_loop(options, std::min(options.rate, 5'000.0), options.stall_s + options.seconds / 2,
                              options.stall_s);
  std::printf(
      "{\"bench\":\"evt.e2e\",\"case\":\"stalled\",\"events\":%llu,\"lost\":%llu,\"missing\":%lld,"
      "\"longest_accept_us\":%.0f}\n",
      static_cast<unsigned long long>(loop.events), static_cast<unsigned long long>(loop.counts.lost.total()),
      static_cast<long long>(loop.events) - static_cast<long long>(loop.applied), loop.longest_accept_us);
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("weir-bench-events"));  // stdout is for the figures
  Options options;
  CLI::App app{"Events from the publisher to the store."};
  app.add_option("--events", options.events, "recorded events; none: a few made up ones");
  app.add_option("--seconds", options.seconds, "a case, about");
  app.add_option("--rate", options.rate, "events a second of the open loop");
  app.add_option("--stall", options.stall_s, "seconds for which Redis stands still");
  app.add_option("--case", options.only, "rate, transport, delay or stalled");
  app.add_flag_callback(
      "--smoke",
      [&options] {
        options.seconds = 0.2;
        options.stall_s = 1;
      },
      "shows only that it runs");
  CLI11_PARSE(app, argc, argv);
  const auto wanted = [&options](const char* name) { return options.only.empty() || options.only == name; };
  if (wanted("rate")) rate(options, true);
  if (wanted("transport")) rate(options, false);
  if (wanted("delay")) delay(options);
  if (wanted("stalled")) stalled(options);
  return 0;
}
