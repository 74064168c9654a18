// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/evidence_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "policy/ctl/child.h"
#include "policy/ctl/evidence_files.h"
#include "policy/ctl/replay.h"
#include "policy/engine/event_codec.h"
#include "policy/lang/compile.h"
#include "policy/lang/policy.h"
#include "policy/prove/capture_file.h"

namespace weir::ctl {
namespace {

namespace fs = std::filesystem;
using Events = std::vector<event::FlowEvent>;

constexpr TimeNs kStartSlack = kSecond;  // between when a flow began then and in its capture
constexpr std::chrono::seconds kLongest{120};
constexpr const char* kSides[] = {"inside", "outside"};

/// The bundle's files as files. Names were checked (tar.h), so none leads out of the folder.
Result<void> unpack(const evidence::Files& files, const std::string& folder) {
  for (const auto& [name, content] : files) {
    const fs::path path = fs::path{folder} / name;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    std::ofstream out(path, std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.close();
    if (!out) return failure(ErrorCode::kSystem, "cannot write " + path.string());
  }
  return {};
}

/// What the bundle leaves out, beside its policy; nothing of the bundle is replaced.
void add_beside(const std::string& beside, const std::string& folder) {
  std::error_code ignored;
  if (!beside.empty())
    fs::copy(beside, folder + "/policy", fs::copy_options::skip_existing | fs::copy_options::recursive,
             ignored);
}

Events events_in(const evidence::Opened& bundle, const std::string& flow) {
  Events events;
  for (std::size_t i = 1;; ++i) {
    const auto file = bundle.files.find(fmt::format("events/{}/{}.pb", flow, i));
    if (file == bundle.files.end()) return events;
    if (auto event = policy::decode_event(file->second)) events.push_back(std::move(*event));
  }
}

bool is_same_flow(const event::FlowEvent& a, const event::FlowEvent& b) {
  const auto apart = std::abs(static_cast<TimeNs>(a.started_ns()) - static_cast<TimeNs>(b.started_ns()));
  return apart <= kStartSlack && policy::tuple_of(a) == policy::tuple_of(b);
}

struct Case {
  ReplayedFlow flow;
  Events recorded;
  Events replayed;
};

/// The packets of one share, a capture a side.
Result<void> write_captures(const std::string& unpacked, const std::vector<Case*>& share,
                            const std::string& folder) {
  for (const char* const side : kSides) {
    std::vector<prove::TimedFrame> frames;
    for (const Case* const one : share) {
      auto own = prove::read_capture(fmt::format("{}/packets/{}/{}.pcap", unpacked, one->flow.id, side));
      if (!own) return tl::unexpected(own.error());
      std::ranges::move(*own, std::back_inserter(frames));
    }
    std::ranges::stable_sort(frames, {}, &prove::TimedFrame::time);
    if (auto written = prove::write_capture(fmt::format("{}/{}.pcap", folder, side), frames); !written)
      return written;
  }
  return {};
}

Result<void> play(const std::string& unpacked, const std::vector<Case*>& share) {
  const TemporaryFolder folder;
  if (auto written = write_captures(unpacked, share, folder.path()); !written) return written;
  const auto given = [&](const std::string& name) {
    const std::string path = fmt::format("{}/classifier/{}.yaml", unpacked, name);
    return fs::exists(path) ? path : std::string{};
  };
  ReplayOptions options;
  options.ports = folder.path();
  options.settings = fmt::format("{}/{}", unpacked, kSettingsInBundle);
  options.policy = fmt::format("{}/{}", unpacked, kPolicyInBundle);
  options.signatures = given("signatures");
  options.catalogue = given("catalogue");
  options.safe_search = given("safe_search");
  options.longest = kLongest;
  return replay(options, [&](std::size_t, const event::FlowEvent& event) {
    for (Case* const one : share)
      if (is_same_flow(one->recorded.back(), event)) one->replayed.push_back(event);
  });
}

/// Those with packets, by the worker that gets them: all of a client's go to one.
std::vector<std::vector<Case*>> shares_of(std::vector<Case>& cases, unsigned workers) {
  std::vector<std::vector<Case*>> shares(workers);
  for (Case& one : cases) {
    if (!one.flow.has_packets) continue;
    const std::string& client = policy::client_of(one.recorded.back());
    shares[std::hash<std::string>{}(client) % workers].push_back(&one);
  }
  return shares;
}

Result<std::vector<Case>> cases_of(const evidence::Opened& bundle, const policy::Policy& policy) {
  std::vector<Case> cases;
  const auto flows = bundle.manifest.find("flows");
  if (flows == bundle.manifest.end() || !flows->is_array())
    return failure(ErrorCode::kNotFound, "no flow is in the bundle", "its manifest says what is missing");
  for (const auto& row : *flows) {
    Case one;
    one.flow.id = row.value("flow", "");
    one.recorded = events_in(bundle, one.flow.id);
    if (one.recorded.empty())
      return failure(ErrorCode::kCorrupt, "the events of a flow are not in the bundle");
    one.flow.last_event_alone = one.recorded.size() == 1 && one.recorded[0].kind() == event::KIND_FINAL;
    one.flow.recorded = evidence::verdict_of(one.recorded);
    one.flow.by_facts = evidence::verdict_by_facts(policy, one.recorded);
    one.flow.has_packets = bundle.files.contains(fmt::format("packets/{}/inside.pcap", one.flow.id));
    cases.push_back(std::move(one));
  }
  return cases;
}

}  // namespace

bool ReplayedFlow::covers(const evidence::Verdict& now) const {
  const bool same_hits =
      last_event_alone ? std::ranges::includes(now.hits, recorded.hits) : now.hits == recorded.hits;
  return now.action == recorded.action && now.rule == recorded.rule && same_hits;
}

Result<std::vector<ReplayedFlow>> replay_evidence(const evidence::Opened& bundle, unsigned workers,
                                                  const std::string& beside) {
  const TemporaryFolder folder;
  if (folder.path().empty()) return failure(ErrorCode::kSystem, "cannot make a temporary directory");
  if (auto unpacked = unpack(bundle.files, folder.path()); !unpacked) return tl::unexpected(unpacked.error());
  add_beside(beside, folder.path());
  const auto compiled = policy::compile_file(fmt::format("{}/{}", folder.path(), kPolicyInBundle), 0);
  if (!compiled) return tl::unexpected(compiled.error().front());
  auto cases = cases_of(bundle, **compiled);
  if (!cases) return tl::unexpected(cases.error());
  for (const auto& share : shares_of(*cases, workers)) {
    if (share.empty()) continue;
    if (auto played = play(folder.path(), share); !played) return tl::unexpected(played.error());
  }
  std::vector<ReplayedFlow> flows;
  for (Case& one : *cases) {
    one.flow.by_packets = evidence::verdict_of(one.replayed);
    if (!one.replayed.empty())
      one.flow.differences = evidence::facts_that_differ(one.recorded.back(), one.replayed.back());
    flows.push_back(std::move(one.flow));
  }
  return flows;
}

}  // namespace weir::ctl
