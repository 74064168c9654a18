// SPDX-License-Identifier: Apache-2.0
#include "dataplane/app/replay_ports.h"

#include <fmt/format.h>
#include <rte_mbuf.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dataplane/app/capture.h"
#include "dataplane/app/frame_source.h"
#include "dataplane/app/lockstep.h"
#include "dataplane/control/status.h"
#include "dataplane/io/eal.h"
#include "dataplane/pipeline/frame.h"

namespace weir::dataplane {
namespace {

constexpr std::uint32_t kMegabytes = 192;
constexpr std::array<const char*, 2> kSides = {"inside", "outside"};

/// Writes what leaves, until it is closed.
class CaptureSink final : public TransmitSink {
 public:
  TimeNs now = 0;

  Result<void> open(const std::string& directory) {
    for (std::size_t side = 0; side < kSides.size(); ++side) {
      auto writer = CaptureWriter::create(directory + "/out-" + kSides[side] + ".pcap");
      if (!writer) return tl::unexpected(writer.error());
      writers_[side] = std::move(*writer);
    }
    return {};
  }
  void close() { writers_ = {}; }

  std::uint16_t send(std::uint8_t port, rte_mbuf** packets, std::uint16_t count) noexcept override {
    for (std::uint16_t i = 0; i < count && writers_[port] != nullptr; ++i) {
      writers_[port]->write(now, frame_of(packets[i]));
    }
    rte_pktmbuf_free_bulk(packets, count);
    return count;
  }

 private:
  std::array<std::unique_ptr<CaptureWriter>, 2> writers_;
};

/// The two captures in the order of their stamps; the inside one first when they are equal.
class MergedCaptures {
 public:
  Result<void> open(const std::string& directory) {
    for (std::size_t side = 0; side < kSides.size(); ++side) {
      const std::string path = directory + "/" + kSides[side] + ".pcap";
      if (!std::filesystem::exists(path)) continue;  // nothing comes in at this port
      auto reader = CaptureReader::open(path);
      if (!reader) return tl::unexpected(reader.error());
      readers_[side] = std::move(*reader);
    }
    return {};
  }
  /// Apart from `open`, since a capture may be a pipe that its writer fills later.
  Result<void> load_first() {
    for (std::size_t side = 0; side < kSides.size(); ++side) {
      if (readers_[side] == nullptr) continue;
      if (auto loaded = load(side); !loaded) return loaded;
    }
    return {};
  }
  /// The port of the next frame; 2 when there is none.
  [[nodiscard]] std::uint8_t next_port() const {
    if (!there_[0] && !there_[1]) return 2;
    if (!there_[0] || !there_[1]) return there_[0] ? 0 : 1;
    return frames_[0].time <= frames_[1].time ? 0 : 1;
  }
  [[nodiscard]] const CapturedFrame& frame(std::uint8_t port) const { return frames_[port]; }
  Result<void> load(std::size_t side) {
    const auto more = readers_[side]->next(frames_[side]);
    if (!more) return tl::unexpected(more.error());
    there_[side] = *more;
    return {};
  }

 private:
  std::array<std::unique_ptr<CaptureReader>, 2> readers_;
  std::array<CapturedFrame, 2> frames_;
  std::array<bool, 2> there_{};
};

struct Run {
  Pipeline& pipeline;
  CaptureSink& sink;
  Lockstep* classifier;  // nullptr: nobody is waited for

  Result<void> settle() { return classifier == nullptr ? Result<void>{} : classifier->settle(pipeline); }
  Result<void> all_packets(MergedCaptures& captures, FrameSource& frames);
  Result<void> pass_time(std::uint32_t seconds);
  Result<void> close_flows();
};

Result<void> Run::all_packets(MergedCaptures& captures, FrameSource& frames) {
  for (std::uint8_t port = captures.next_port(); port < 2; port = captures.next_port()) {
    const CapturedFrame& frame = captures.frame(port);
    if (sink.now == 0) pipeline.start_capture(0, frame.time);
    sink.now = std::max(sink.now, frame.time);
    pipeline.look_after(sink.now);  // deadlines that passed before this packet
    Batch batch;
    batch.port = port;
    batch.packets[0] = frames.make(frame.bytes);
    if (batch.packets[0] == nullptr)
      return failure(ErrorCode::kLimit, "a frame is too long for a packet buffer");
    batch.count = 1;
    pipeline.run(batch, sink.now);
    if (auto done = settle(); !done) return done;
    if (auto loaded = captures.load(port); !loaded) return loaded;
  }
  return {};
}

Result<void> Run::pass_time(std::uint32_t seconds) {
  for (std::uint32_t second = 0; second < seconds; ++second) {
    sink.now += kSecond;
    pipeline.look_after(sink.now);
    if (auto done = settle(); !done) return done;
  }
  return {};
}

Result<void> Run::close_flows() {
  while (pipeline.close_some(kClosesAtOnce, sink.now)) {
    if (auto done = settle(); !done) return done;
  }
  return settle();
}

void write_counters(const std::string& directory, const PipelineCounters& counters,
                    const EthertypeTable& ethertypes) {
  nlohmann::json all = worker_counters_json(counters);
  for (std::size_t side = 0; side < kSides.size(); ++side) {
    all["ports"][kSides[side]] = port_counters_json(counters.ports[side], ethertypes);
  }
  std::ofstream(directory + "/counters.json") << all.dump(2) << "\n";
}

/// After the end of every flow: whatever came in has left or was dropped under a name, and its buffer is
/// back.
Result<void> nothing_is_lost(Pipeline& pipeline, const FrameSource& frames) {
  pipeline.publish_counters();
  const PipelineCounters counters = pipeline.board().read();
  for (std::size_t side = 0; side < kSides.size(); ++side) {
    const PortCounters& port = counters.ports[side];
    if (port.received == port.transmitted + port.dropped_total() && port.parked == 0) continue;
    return failure(ErrorCode::kCorrupt,
                   fmt::format("{}: received {}, transmitted {}, dropped {}, still waiting {}", kSides[side],
                               port.received, port.transmitted, port.dropped_total(), port.parked));
  }
  if (frames.in_use() == 0) return {};
  return failure(ErrorCode::kCorrupt, fmt::format("{} packet buffers did not come back", frames.in_use()));
}

}  // namespace

Result<int> run_replay_ports(const ReplayPortsOptions& options) {
  auto eal = Eal::start({.hugepages = false, .megabytes = kMegabytes, .cores = {}, .workers = 0}, {});
  if (!eal) return tl::unexpected(eal.error());
  auto frames = FrameSource::create();
  if (!frames) return tl::unexpected(frames.error());
  CaptureSink sink;
  if (auto opened = sink.open(options.out_directory); !opened) return tl::unexpected(opened.error());
  MergedCaptures captures;
  if (auto opened = captures.open(options.directory); !opened) return tl::unexpected(opened.error());

  PipelineOptions shape = pipeline_options(options.settings);
  shape.packets = (*frames)->pool();
  shape.datagrams = (*frames)->large_pool();
  shape.simulation = options.simulation;
  Pipeline pipeline(shape, sink);
  std::unique_ptr<Lockstep> classifier;
  if (options.classifier) {
    const MemorySettings& memory = options.settings.memory;
    auto accepted =
        Lockstep::accept(options.settings.run_directory, {.requests = memory.channel_requests,
                                                          .answers = memory.channel_answers,
                                                          .slots = pipeline.path().flows.capacity()});
    if (!accepted) return tl::unexpected(accepted.error());
    classifier = std::move(*accepted);
    pipeline.attach(classifier->channel());
  }
  if (auto loaded = captures.load_first(); !loaded) return tl::unexpected(loaded.error());
  Run run{pipeline, sink, options.lockstep ? classifier.get() : nullptr};
  if (auto done = run.all_packets(captures, **frames); !done) return tl::unexpected(done.error());
  if (auto done = run.pass_time(options.advance_s); !done) return tl::unexpected(done.error());
  pipeline.publish_counters();
  write_counters(options.out_directory, pipeline.board().read(), options.settings.pairs.at(0).ethertypes);
  sink.close();                              // what a shutdown sets free is not part of the picture
  if (!options.lockstep) pipeline.detach();  // a classifier that does not read takes no ends of flows either
  if (auto done = run.close_flows(); !done) return tl::unexpected(done.error());
  pipeline.detach();
  if (auto done = nothing_is_lost(pipeline, **frames); !done) return tl::unexpected(done.error());
  return 0;
}

}  // namespace weir::dataplane
