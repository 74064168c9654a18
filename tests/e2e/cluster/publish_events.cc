// SPDX-License-Identifier: Apache-2.0
// Recorded events to Redis as a classifier says them: by the same publisher, in the same sandbox. Exit codes:
// 0 all were delivered, 1 some were lost, 2 usage, 3 settings or file invalid.
#include <fcntl.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/util/delimited_message_util.h>
#include <poll.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "classifier/publish/redis_publisher.h"
#include "classifier/sandbox/sandbox.h"

namespace {

using namespace weir;
using Clock = std::chrono::steady_clock;

std::vector<event::FlowEvent> read_events(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  google::protobuf::io::IstreamInputStream stream{&in};
  std::vector<event::FlowEvent> events;
  event::FlowEvent event;
  for (bool ended = false;;) {
    event.Clear();
    if (!google::protobuf::util::ParseDelimitedFromZeroCopyStream(&event, &stream, &ended)) break;
    events.push_back(event);
  }
  return events;
}

}  // namespace

int main(int argc, char** argv) {
  std::string config;
  std::string file;
  unsigned worker = 0;
  unsigned rounds = 1;
  double seconds = 0;
  CLI::App app{"Publishes recorded events."};
  app.add_option("--config", config, "settings file")->required();
  app.add_option("--worker", worker, "as which worker");
  app.add_option("--rounds", rounds, "how often, each time as another boot")->check(CLI::Range(1U, 1'000U));
  app.add_option("--seconds", seconds, "how long it takes at least")->check(CLI::Range(0.0, 600.0));
  app.add_option("FILE", file, "delimited events, of weir-classifier --replay --events")->required();
  CLI11_PARSE(app, argc, argv);
  spdlog::set_default_logger(spdlog::stderr_logger_st("publish-events"));
  std::signal(SIGPIPE, SIG_IGN);
  const auto settings = load_settings(config);
  if (!settings) {
    for (const Error& error : settings.error()) std::fprintf(stderr, "%s\n", to_text(error).c_str());
    return 3;
  }
  std::vector<event::FlowEvent> events = read_events(file);
  if (events.empty()) return 3;
  classifier::SandboxOptions sandbox;
  sandbox.readable = {settings->redis.classifier_password_file};
  if (const auto entered = classifier::enter_sandbox(sandbox); !entered) return 3;

  classifier::RedisPublisherOptions options = classifier::publisher_options(*settings, worker);
  options.finish_max = std::chrono::seconds{60};
  auto ring =
      classifier::EventRing::open("", {.bytes = 64U << 20U, .events_max = settings->classifier.event_queue});
  if (!ring) return 3;
  classifier::RedisPublisher publisher{options, std::move(*ring), nullptr};
  const auto begin = Clock::now();
  const double all = static_cast<double>(events.size()) * rounds;
  double said = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    for (event::FlowEvent& event : events) {
      const std::chrono::duration<double> due{seconds * said++ / all};
      const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(begin + due - Clock::now());
      if (wait.count() > 0) poll(nullptr, 0, static_cast<int>(wait.count()));
      event.mutable_id()->set_appliance(settings->appliance);
      event.mutable_id()->set_worker(worker);
      event.mutable_id()->set_boot(round + 1);
      publisher.accept(event);
    }
  }
  publisher.finish();
  const classifier::EventCounts counts = publisher.counts();
  std::printf("accepted=%lu delivered=%lu lost=%lu\n", counts.accepted, counts.delivered,
              counts.lost.total());
  return counts.lost.total() == 0 ? 0 : 1;
}
