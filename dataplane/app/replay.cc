// SPDX-License-Identifier: Apache-2.0
#include "dataplane/app/replay.h"

#include <fmt/format.h>
#include <rte_mbuf.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dataplane/app/capture.h"
#include "dataplane/app/frame_source.h"
#include "dataplane/app/lockstep.h"
#include "dataplane/control/status.h"
#include "dataplane/io/eal.h"

namespace weir::dataplane {
namespace {

constexpr std::uint32_t kReplayMegabytes = 192;

/// Where packets leave in a replay.
class Nowhere final : public TransmitSink {
 public:
  std::uint16_t send(std::uint8_t /*port*/, rte_mbuf** packets, std::uint16_t count) noexcept override {
    rte_pktmbuf_free_bulk(packets, count);
    return count;
  }
};

struct Replay {
  Pipeline& pipeline;
  Lockstep& classifier;
  FrameSource& frames;
  std::uint64_t packets = 0;
  TimeNs now = 0;

  Result<void> one_packet(const CapturedFrame& frame);
  Result<void> one_capture(CaptureReader& reader, std::uint16_t number);
};

Result<void> Replay::one_packet(const CapturedFrame& frame) {
  now = std::max(now, frame.time);  // stamps of a capture may step back a little
  Batch batch;
  batch.packets[0] = frames.make(frame.bytes);
  if (batch.packets[0] == nullptr) return {};  // counted by the source
  batch.count = 1;
  pipeline.run(batch, now);
  pipeline.look_after(now);
  ++packets;
  return classifier.settle(pipeline);
}

Result<void> Replay::one_capture(CaptureReader& reader, std::uint16_t number) {
  CapturedFrame frame;
  std::uint64_t position = 0;
  std::optional<Error> damage;
  now = 0;
  const auto at = [&](Error error) {
    error.what = fmt::format("{}: packet {}: {}", reader.path(), position, error.what);
    return tl::unexpected(error);
  };
  while (true) {
    const auto more = reader.next(frame);
    if (!more) damage = more.error();
    if (!more || !*more) break;
    if (position++ == 0) pipeline.start_capture(number, frame.time);
    if (auto done = one_packet(frame); !done) return at(done.error());
  }
  while (pipeline.close_some(kClosesAtOnce, now)) {
    if (auto done = classifier.settle(pipeline); !done) return at(done.error());
  }
  if (auto done = classifier.settle(pipeline); !done) return at(done.error());
  if (damage) return tl::unexpected(*damage);
  return {};
}

void write_counters(const std::string& directory, const PipelineCounters& counters) {
  nlohmann::json all = worker_counters_json(counters);
  all["port"] = port_counters_json(counters.ports[0], {});
  std::ofstream(directory + "/counters.json") << all.dump(2) << "\n";
}

}  // namespace

Result<int> run_replay(const ReplayOptions& options) {
  auto eal = Eal::start({.hugepages = false, .megabytes = kReplayMegabytes, .cores = {}, .workers = 0}, {});
  if (!eal) return tl::unexpected(eal.error());
  auto frames = FrameSource::create();
  if (!frames) return tl::unexpected(frames.error());

  PipelineOptions shape;
  shape.pairs.resize(1);  // every exception passes
  shape.verify_checksums = false;
  shape.normalise = false;
  shape.packets = (*frames)->pool();
  shape.datagrams = (*frames)->large_pool();
  Nowhere nowhere;
  Pipeline pipeline(shape, nowhere);
  auto classifier = Lockstep::accept(options.run_directory, {.slots = pipeline.path().flows.capacity()});
  if (!classifier) return tl::unexpected(classifier.error());
  pipeline.attach((*classifier)->channel());

  int exit_code = 0;
  Replay replay{.pipeline = pipeline, .classifier = **classifier, .frames = **frames};
  for (std::size_t i = 0; i < options.files.size(); ++i) {
    const auto reader = CaptureReader::open(options.files[i]);
    const auto done = !reader ? Result<void>(tl::unexpected(reader.error()))
                              : replay.one_capture(**reader, static_cast<std::uint16_t>(i));
    if (done) continue;
    spdlog::error("replay-failed error=\"{}\"", to_text(done.error()));
    exit_code = 1;
    if (done.error().code == ErrorCode::kUnavailable) return exit_code;  // the classifier, not the file
  }
  pipeline.publish_counters();
  const PipelineCounters counters = pipeline.board().read();
  if (!options.out_directory.empty()) write_counters(options.out_directory, counters);
  spdlog::info("replay-done captures={} packets={} flows={} shown={} skipped-frames={}", options.files.size(),
               replay.packets, counters.flows_opened, counters.packets_shown, (*frames)->skipped());
  pipeline.detach();
  return exit_code;
}

}  // namespace weir::dataplane
