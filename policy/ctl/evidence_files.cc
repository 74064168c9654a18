// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/evidence_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>

#include "policy/audit/signing.h"
#include "policy/ctl/child.h"
#include "policy/ctl/explain_words.h"
#include "policy/ctl/policy_files.h"
#include "policy/ctl/recorded_flow.h"
#include "policy/engine/event_codec.h"
#include "policy/evidence/captures.h"
#include "policy/evidence/tar.h"
#include "policy/evidence/verdict.h"
#include "policy/lang/compile.h"
#include "policy/lang/exceptions.h"
#include "policy/lang/policy.h"
#include "policy/model/document.h"
#include "policy/prove/capture_file.h"
#include "policy/store/people.h"

namespace weir::ctl {
namespace {

namespace fs = std::filesystem;
using evidence::Packet;

std::string pretty(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<std::string> read_whole(const fs::path& path, std::size_t bytes_max) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error || size > bytes_max) return std::nullopt;
  std::string bytes(size, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!in) return std::nullopt;
  return bytes;
}

class Gathering {
 public:
  Gathering(const Settings& settings, policy::Store& store, std::size_t bytes_max)
      : settings_(settings), store_(store), bytes_max_(bytes_max) {}

  Result<void> violation(const policy::Violation& violation);
  Result<void> flow(const std::string& flow_id);
  void policy_of(std::uint32_t revision);
  void programs();
  void settings();
  [[nodiscard]] Result<void> fits() const;
  Evidence finish() {
    about_["missing"] = std::move(missing_);
    return {std::move(about_), std::move(files_)};
  }

 private:
  void missing(std::string what) { missing_.push_back(std::move(what)); }
  Result<Json> packets(const std::string& flow_id, const event::FlowEvent& last);
  void policy_file(const std::string& written);
  void outside(const std::string& what, const std::string& path);

  const Settings& settings_;
  policy::Store& store_;
  std::size_t bytes_max_;
  evidence::Json about_ = evidence::Json::object();
  evidence::Json missing_ = evidence::Json::array();
  evidence::Files files_;
  std::size_t policy_files_ = 0;
  std::size_t policy_bytes_ = 0;
};

Result<void> Gathering::fits() const {
  std::size_t bytes = 0;
  for (const auto& [name, file] : files_) bytes += file.size();
  if (bytes <= bytes_max_) return {};
  return failure(ErrorCode::kLimit, fmt::format("what belongs to it has more than {} bytes", bytes_max_),
                 "weirctl violation export ID -o FILE");
}

Result<void> Gathering::violation(const policy::Violation& violation) {
  const auto tables = policy::rows_of_violation(store_, violation.id);
  if (!tables) return tl::unexpected(tables.error());
  Json all = Json::object();
  for (const auto& [table, rows] : *tables) {
    Json list = Json::array();
    for (const policy::TextRow& row : rows) {
      Json one = Json::object();
      for (const auto& [column, value] : row) one[column] = value;
      list.push_back(std::move(one));
    }
    all[table] = std::move(list);
  }
  files_["violation.json"] = pretty(all);
  about_["violation"] = {{"id", violation.id},
                         {"rule", violation.rule},
                         {"object", violation.object},
                         {"count", violation.count},
                         {"first_seen", time_text(violation.first_seen)},
                         {"last_seen", time_text(violation.last_seen)}};
  return {};
}

/// A capture a side, and what is known of how whole they are.
Result<Json> Gathering::packets(const std::string& flow_id, const event::FlowEvent& last) {
  const std::vector<Packet> all = evidence::packets_of(settings_.capture.directory, last);
  std::vector<prove::TimedFrame> sides[2];
  std::size_t cut = 0;
  for (const Packet& packet : all) {
    const bool outside = packet.interface.ends_with("/outside");
    sides[outside ? 1 : 0].push_back({packet.time, packet.bytes});
    if (packet.frame_bytes > packet.bytes.size()) ++cut;
  }
  const bool from_start =
      !all.empty() && all.front().time <= static_cast<TimeNs>(last.started_ns()) + kMillisecond;
  if (all.empty() && !may_read_captures(settings_)) {
    missing(fmt::format("packets of {}: only root may read them (weirctl violation export)", flow_id));
  } else if (all.empty()) {
    missing(fmt::format("packets of {}: none were kept (evidence.severity, capture.on)", flow_id));
  } else if (!from_start) {
    missing(fmt::format("the first packets of {}", flow_id));
  }
  if (cut > 0) missing(fmt::format("the ends of {} packets of {} (capture.snap_bytes)", cut, flow_id));
  const TemporaryFolder folder;
  const char* const names[] = {"inside", "outside"};
  for (std::size_t side = 0; side < 2 && !all.empty(); ++side) {
    const std::string path = folder.path() + "/frames.pcap";
    if (auto written = prove::write_capture(path, sides[side]); !written)
      return tl::unexpected(written.error());
    auto bytes = read_whole(path, prove::kCaptureBytesMax);
    if (!bytes) return failure(ErrorCode::kSystem, "cannot read " + path);
    files_[fmt::format("packets/{}/{}.pcap", flow_id, names[side])] = std::move(*bytes);
  }
  return Json{{"packets", all.size()}, {"from_start", from_start}, {"cut", cut}};
}

Result<void> Gathering::flow(const std::string& flow_id) {
  if (!evidence::is_tar_name(flow_id)) return {};
  const auto events = recorded_events(settings_, store_, flow_id);
  if (events.empty()) {
    missing(fmt::format("the events of {}: neither streams nor store have it any more", flow_id));
    return {};
  }
  Json all = Json::array();
  for (std::size_t i = 0; i < events.size(); ++i) {
    all.push_back(Json::parse(policy::event_to_json(events[i]).value_or("{}"), nullptr, false));
    files_[fmt::format("events/{}/{}.pb", flow_id, i + 1)] = events[i].SerializeAsString();
  }
  files_[fmt::format("events/{}.json", flow_id)] = pretty(all);
  files_[fmt::format("explained/{}.txt", flow_id)] = explain_in_words(events.back());
  if (events.front().kind() != event::KIND_OPENED)
    missing(fmt::format("events of {} before its last", flow_id));
  const auto kept = packets(flow_id, events.back());
  if (!kept) return tl::unexpected(kept.error());
  const evidence::Verdict verdict = evidence::verdict_of(events);
  Json row{{"flow", flow_id},
           {"events", events.size()},
           {"verdict", evidence::to_text(verdict)},
           {"verdict_hash", evidence::hash_of(verdict)},
           {"revision", events.back().policy_revision()}};
  row.update(*kept);
  about_["flows"].push_back(std::move(row));
  return {};
}

/// Something that matters and is not in the bundle; elsewhere its hash says whether it is the same.
void Gathering::outside(const std::string& what, const std::string& path) {
  const auto bytes = read_whole(path, evidence::kBundleBytesMax);
  about_["outside"].push_back(
      {{"what", what}, {"path", path}, {"sha256", bytes ? policy::sha256(*bytes) : "not readable"}});
}

/// A text of the policy that is a file beside it.
void Gathering::policy_file(const std::string& written) {
  const fs::path beside = fs::path{settings_.classifier.policy}.parent_path();
  const std::string in_bundle = "policy/" + written;
  std::error_code error;
  if (!fits()) return;  // the whole is refused
  const bool relative = evidence::is_tar_name(in_bundle);
  const fs::path path = relative ? beside / written : fs::path{written};
  if (written.empty() || files_.contains(in_bundle) || !fs::exists(path, error)) return;
  if (fs::is_directory(path, error)) {
    for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
      policy_file(written + "/" + at->path().filename().string());
    return;
  }
  if (!relative && written.front() != '/') return;
  auto bytes = relative ? read_whole(path, kPolicyFileBytesMax) : std::nullopt;
  const bool room =
      bytes && policy_files_ < kPolicyFilesMax && policy_bytes_ + bytes->size() <= kPolicyBytesMax;
  if (!room) return outside("a file of the policy", path);
  ++policy_files_;
  policy_bytes_ += bytes->size();
  files_[in_bundle] = std::move(*bytes);
}

void Gathering::policy_of(std::uint32_t revision) {
  const std::string& path = settings_.classifier.policy;
  about_["policy"] = {{"revision", revision}};
  auto text = text_of(path, revision);
  if (!text) return missing(fmt::format("revision {} of the policy: {}", revision, text.error().what));
  const auto root = parse_document(
      *text, path, {.bytes_max = policy::kPolicyTextBytesMax, .depth_max = policy::kPolicyDepthMax});
  const Node* const directory = root ? root->find("directory") : nullptr;
  const Node* const mapping = directory != nullptr ? directory->find("file") : nullptr;
  const std::function<void(const Node&)> walk = [&](const Node& node) {
    // The mapping file names everybody; a case is about one.
    if (&node == mapping)
      return outside("the users of directory groups", (fs::path{path}.parent_path() / node.text));
    if (node.kind == Node::Kind::kScalar) policy_file(node.text);
    for (const auto& entry : node.entries) walk(entry.value);
    for (const Node& item : node.items) walk(item);
  };
  if (root) walk(*root);
  files_[kPolicyInBundle] = std::move(*text);
  if (auto exceptions = read_text(policy::exceptions_path(path)))
    files_["policy/exceptions-then.yaml"] = *exceptions;
  const ClassifierSettings& judge = settings_.classifier;
  for (const auto& [name, file] : {std::pair{"signatures", judge.signatures},
                                   {"catalogue", judge.catalogue},
                                   {"safe_search", judge.safe_search}}) {
    if (auto bytes = file.empty() ? std::nullopt : read_whole(file, kPolicyFileBytesMax))
      files_[fmt::format("classifier/{}.yaml", name)] = std::move(*bytes);
  }
  for (const std::string& file : {judge.country_database, judge.asn_database})
    if (!file.empty()) outside("a database of addresses", file);
}

void Gathering::programs() {
  std::error_code ignored;
  const fs::path own = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  Json hashes = Json::object();
  for (const char* const name : {"weir-dataplane", "weir-classifier", "weir-engine", "weirctl"}) {
    const auto bytes = read_whole(own / name, evidence::kBundleBytesMax);
    if (bytes) hashes[name] = policy::sha256(*bytes);
  }
  about_["build"] = {{"version", WEIR_VERSION}, {"programs", std::move(hashes)}};
}

/// Those that a verdict can depend on, and a file of settings for a data plane that plays it again.
void Gathering::settings() {
  const PairSettings& pair = settings_.pairs.front();
  const ClassifierSettings& judge = settings_.classifier;
  const char* const block = pair.block == BlockAction::kAnswer  ? "answer"
                            : pair.block == BlockAction::kReset ? "reset"
                                                                : "drop";
  about_["settings"] = {{"workers", settings_.workers},
                        {"mode", pair.strict ? "strict" : "monitor"},
                        {"block", block},
                        {"stream_bytes_max", judge.stream_bytes_max},
                        {"ndpi_packets_max", judge.ndpi_packets_max},
                        {"ndpi_dissectors", judge.ndpi_dissectors},
                        {"inspection_deadline_ms", settings_.timeouts.inspection_deadline_ms},
                        {"snap_bytes", settings_.capture.snap_bytes}};
  files_[kSettingsInBundle] = fmt::format(
      "weir: 1\npairs:\n  - {{name: evidence, inside: net_null0, outside: net_null1, block: {}, mode: {}}}\n"
      "memory: {{hugepages: off, keep_flows: off}}\n",
      block, pair.strict ? "strict" : "monitor");
}

}  // namespace

bool may_read_captures(const Settings& settings) {
  return access(settings.capture.directory.c_str(), R_OK | X_OK) == 0 || errno == ENOENT;
}

Result<Evidence> gather_evidence(const Settings& settings, policy::Store& store,
                                 const policy::Violation& violation, std::size_t bytes_max) {
  Gathering gathering{settings, store, bytes_max};
  if (auto done = gathering.violation(violation); !done) return tl::unexpected(done.error());
  for (const std::string& flow : violation.evidence) {
    if (auto done = gathering.flow(flow); !done) return tl::unexpected(done.error());
    if (auto fits = gathering.fits(); !fits) return tl::unexpected(fits.error());
  }
  gathering.policy_of(violation.revision);
  gathering.programs();
  gathering.settings();
  if (auto fits = gathering.fits(); !fits) return tl::unexpected(fits.error());
  return gathering.finish();
}

}  // namespace weir::ctl
