// SPDX-License-Identifier: Apache-2.0
#include "dataplane/app/live.h"

#include <fmt/format.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <spdlog/spdlog.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>

#include "dataplane/bypass/process_lock.h"
#include "dataplane/control/control_server.h"
#include "dataplane/control/pair_bypasses.h"
#include "dataplane/io/eal.h"
#include "dataplane/io/packet_pool.h"
#include "dataplane/pipeline/keep.h"
#include "dataplane/worker/worker.h"

namespace weir::dataplane {
namespace {

constexpr unsigned kFirstWorkerLcore = 1;                  // one each from here on
constexpr std::chrono::milliseconds kLockPatience{5'000};  // weirctl may just be moving the interfaces

/// Before any thread is made, so that all of them leave these signals to the descriptor.
int stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  static_cast<void>(pthread_sigmask(SIG_BLOCK, &signals, nullptr));
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

Result<std::vector<std::unique_ptr<Port>>> open_ports(const Settings& settings, const Steering& steering,
                                                      rte_mempool* packets) {
  std::vector<std::unique_ptr<Port>> ports;
  for (const PairSettings& pair : settings.pairs) {
    for (const PortSide side : {PortSide::kInside, PortSide::kOutside}) {
      const std::string& device = side == PortSide::kInside ? pair.inside.device : pair.outside.device;
      auto port = Port::open(device, side, packets, steering);
      if (!port) return tl::unexpected(port.error());
      spdlog::info(
          "port-open pair={} side={} device={} driver={} mtu={} queues={} host-affinity={} checks-sums={}",
          pair.name, side == PortSide::kInside ? "inside" : "outside", device, (*port)->driver(),
          (*port)->mtu_bytes(), (*port)->queues(), (*port)->has_host_affinity(),
          (*port)->verifies_checksums());
      ports.push_back(std::move(*port));
    }
  }
  return ports;
}

/// All workers are alike: `worker` is any of them.
void log_memory_plan(const Settings& settings, const Eal& eal, const PacketPool& pool,
                     const PacketPool& datagrams, const Exchange* exchange, Worker& worker) {
  const auto megabytes = [](std::size_t bytes) { return static_cast<double>(bytes) / (1U << 20U); };
  const MemoryUse use = worker.memory();
  const std::size_t channel = std::size_t{settings.memory.channel_requests} * channel::kRequestRecordBytes +
                              std::size_t{settings.memory.channel_answers} * channel::kAnswerRecordBytes;
  spdlog::info(
      "memory-plan hugepages={} packets={} packets-mb={:.1f} datagrams-mb={:.1f} handover-mb={:.1f} "
      "workers={} "
      "for-each-worker: flows={} flows-mb={:.1f} flows-in-large-pages-mb={:.1f} parked={} parked-mb={:.1f} "
      "closes-mb={:.1f} fragments={} "
      "fragments-mb={:.1f} "
      "enforcement-mb={:.1f} channel-mb={:.1f} capture-mb={:.1f}",
      eal.uses_hugepages(), settings.memory.packets, megabytes(pool.memory_bytes()),
      megabytes(datagrams.memory_bytes()), megabytes(exchange == nullptr ? 0 : exchange->memory_bytes()),
      settings.workers, worker.flow_slots(), megabytes(use.flows),
      megabytes(large_page_bytes(&worker.path().flows.hot(0))), settings.memory.parked,
      megabytes(use.parking), megabytes(use.closes), settings.memory.fragments, megabytes(use.fragments),
      megabytes(use.enforcement), megabytes(channel), megabytes(use.capture));
}

FlowFileIdentity identity_of(const Settings& settings, std::uint32_t worker) {
  std::vector<std::string> words;
  for (const PairSettings& pair : settings.pairs) {
    words.insert(words.end(), {pair.name, pair.inside.device, pair.outside.device});
  }
  return {.worker = worker, .workers = settings.workers, .pairs = pairs_fingerprint(words)};
}

Result<PipelineOptions> worker_options(const Settings& settings, const Simulation& simulation,
                                       rte_mempool* packets) {
  PipelineOptions options = pipeline_options(settings);
  options.simulation = simulation;
  options.packets = packets;
  options.now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                    std::chrono::system_clock::now().time_since_epoch())
                    .count();
  if (getrandom(&options.hash_seed, sizeof(options.hash_seed), 0) != sizeof(options.hash_seed)) {
    return failure(ErrorCode::kSystem, "the system gives no random numbers");
  }
  return options;
}

Result<std::unique_ptr<Eal>> start_eal(const Settings& settings) {
  if (settings.pairs.empty() || settings.pairs.size() > kPairsMax) {
    return failure(ErrorCode::kInvalid, fmt::format("{} port pairs", settings.pairs.size()),
                   fmt::format("between 1 and {}", kPairsMax));
  }
  auto cores = worker_cores(settings.cores, settings.workers);
  if (!cores) return tl::unexpected(cores.error());
  std::vector<std::string> devices;
  for (const PairSettings& pair : settings.pairs) {
    devices.insert(devices.end(), {pair.inside.device, pair.outside.device});
  }
  return Eal::start({.hugepages = settings.memory.hugepages,
                     .megabytes = settings.memory.megabytes,
                     .cores = *cores,
                     .workers = settings.workers},
                    devices);
}

int worker_thread(void* worker) {
  static_cast<Worker*>(worker)->run();
  return 0;
}

/// One a worker; none when flows are not kept, or where there is no room: then a restart forgets them.
std::vector<std::unique_ptr<FlowFile>> make_flow_files(const Settings& settings) {
  std::vector<std::unique_ptr<FlowFile>> files(settings.workers);
  for (std::uint32_t worker = 0; settings.memory.keep_flows && worker < settings.workers; ++worker) {
    auto file =
        FlowFile::create(flow_file(settings, worker), settings.memory.flows, identity_of(settings, worker));
    if (file) {
      files[worker] = std::move(*file);
    } else {
      spdlog::warn("flows-not-kept worker={} reason=\"{}\"", worker, to_text(file.error()));
    }
  }
  return files;
}

/// The same hash seed for all: where a flow is does not depend on it.
std::vector<std::unique_ptr<Worker>> make_workers(PipelineOptions options,
                                                  std::span<const std::unique_ptr<FlowFile>> flow_files,
                                                  std::span<const std::unique_ptr<Port>> ports,
                                                  Exchange* exchange) {
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::uint32_t index = 0; index < flow_files.size(); ++index) {
    options.flow_memory =
        flow_files[index] == nullptr ? std::span<std::uint8_t>{} : flow_files[index]->memory();
    workers.push_back(std::make_unique<Worker>(options, ports, exchange, index));
  }
  return workers;
}

/// What the data plane before this one left; before the workers run.
void take_over_flows(const Settings& settings, std::span<const std::unique_ptr<FlowFile>> files,
                     std::span<const std::unique_ptr<Worker>> workers, TimeNs now) {
  for (std::uint32_t worker = 0; worker < workers.size(); ++worker) {
    if (files[worker] == nullptr) continue;
    const auto kept = KeptFlows::open(flow_file(settings, worker), identity_of(settings, worker), now);
    if (kept) {
      const FlowsTaken result = take_over(workers[worker]->path(), **kept, now);
      spdlog::info("flows-taken-over worker={} flows={} left-out={}", worker, result.taken, result.left_out);
    } else if (kept.error().code != ErrorCode::kNotFound) {
      spdlog::warn("flows-refused worker={} reason=\"{}\"", worker, to_text(kept.error()));
    }
    if (auto published = files[worker]->publish(); !published) {
      spdlog::warn("flows-not-kept worker={} reason=\"{}\"", worker, to_text(published.error()));
    }
  }
}

Result<void> launch(std::span<const std::unique_ptr<Worker>> workers) {
  for (unsigned index = 0; index < workers.size(); ++index) {
    if (rte_eal_remote_launch(worker_thread, workers[index].get(), kFirstWorkerLcore + index) == 0) continue;
    return failure(ErrorCode::kSystem, fmt::format("the thread of worker {} does not start", index));
  }
  return {};
}

void stop(std::span<const std::unique_ptr<Worker>> workers) {
  for (const auto& worker : workers) worker->stop();
  for (unsigned index = 0; index < workers.size(); ++index) {
    static_cast<void>(rte_eal_wait_lcore(kFirstWorkerLcore + index));
  }
}

}  // namespace

Result<void> run_live(const Settings& settings, const Simulation& simulation) {
  const int stop_fd = stop_signals();
  std::error_code ignored;
  std::filesystem::create_directories(settings.run_directory, ignored);
  auto lock = ProcessLock::take(settings, kLockPatience);
  if (!lock) return tl::unexpected(lock.error());
  PairBypasses bypasses(settings);  // ends after the ports
  if (auto released = bypasses.release(); !released) return released;
  auto eal = start_eal(settings);
  if (!eal) return tl::unexpected(eal.error());
  auto pool = PacketPool::create("packets", settings.memory.packets, settings.memory.frame_bytes);
  if (!pool) return tl::unexpected(pool.error());
  auto datagrams = PacketPool::create(
      "datagrams", settings.workers * (settings.memory.fragments / kDatagramsPerLargeBuffer),
      kPacketBufferBytesMax);
  if (!datagrams) return tl::unexpected(datagrams.error());
  auto ports = open_ports(settings, Steering(settings.workers), (*pool)->get());
  if (!ports) return tl::unexpected(ports.error());
  bypasses.use_cards();
  auto options = worker_options(settings, simulation, (*pool)->get());
  if (!options) return tl::unexpected(options.error());
  options->datagrams = (*datagrams)->get();

  // What is on its way between workers is freed after them and before the pool.
  std::unique_ptr<Exchange> exchange;
  if (settings.workers > 1) exchange = std::make_unique<Exchange>(settings.workers, ports->size());
  const auto flow_files = make_flow_files(settings);
  const auto workers = make_workers(*options, flow_files, *ports, exchange.get());
  take_over_flows(settings, flow_files, workers, options->now);
  log_memory_plan(settings, **eal, **pool, **datagrams, exchange.get(), *workers[0]);
  auto control = ControlServer::start({settings, *ports, workers, bypasses});
  if (!control) return tl::unexpected(control.error());
  const auto launched = launch(workers);
  if (launched) {
    spdlog::info("ready appliance={} pairs={} workers={} run-directory={}", settings.appliance,
                 settings.pairs.size(), settings.workers, settings.run_directory);
    (*control)->run(stop_fd);
    spdlog::info("stopping");
  }
  stop(workers);
  ::close(stop_fd);
  return launched;
}

}  // namespace weir::dataplane
