// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/violation_bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "policy/audit/signing.h"
#include "policy/ctl/child.h"
#include "policy/ctl/evidence_files.h"
#include "policy/ctl/recorded_flow.h"
#include "policy/evidence/captures.h"
#include "policy/model/text_file.h"
#include "policy/prove/capture_file.h"

namespace weir::ctl {
namespace {

using Make = std::function<Result<Exported>(const policy::Violation&, const std::string& pseudonym,
                                            const policy::AuditEntry&)>;

Result<Exported> exported(PeopleDesk& desk, std::int64_t id, policy::AuditEntry entry, std::size_t bytes_max,
                          const Make& make) {
  const auto violation = desk.store.violation(id);
  if (!violation) return tl::unexpected(violation.error());
  const std::string pseudonym = desk.pseudonyms.of(violation->subject);
  entry.object = fmt::format("violation {} of {}", id, pseudonym);
  const auto request = consent(desk, pseudonym, entry);
  if (!request) return tl::unexpected(request.error());
  auto made = make(*violation, pseudonym, entry);
  if (!made) return made;
  if (made->bytes.size() > bytes_max) {
    return failure(ErrorCode::kLimit,
                   fmt::format("it has {} bytes, more than {}", made->bytes.size(), bytes_max),
                   fmt::format("weirctl violation export {} -o FILE", id));
  }
  entry.result += fmt::format(", sha256 {}", policy::sha256(made->bytes));
  auto batch = desk.store.begin();
  if (!batch) return tl::unexpected(batch.error());
  if (auto used = use_up(*batch, *request, entry.at); !used) return tl::unexpected(used.error());
  if (auto done = desk.commit(*batch, entry); !done) return tl::unexpected(done.error());
  return made;
}

Result<Exported> bundle_of(PeopleDesk& desk, const policy::Violation& violation, const std::string& pseudonym,
                           const policy::AuditEntry& entry, std::size_t bytes_max) {
  auto gathered = gather_evidence(desk.settings, desk.store, violation, bytes_max);
  if (!gathered) return tl::unexpected(gathered.error());
  evidence::Json about{{"weir-evidence", 1},
                       {"appliance", desk.settings.appliance},
                       {"exported", time_text(entry.at)},
                       {"exported_by", entry.who},
                       {"reason", entry.reason},
                       {"subject", violation.subject},
                       {"pseudonym", pseudonym}};
  about.update(gathered->about);
  Exported made{.bytes = {},
                .files = gathered->files.size(),
                .missing = gathered->about["missing"].get<std::vector<std::string>>()};
  auto archive = evidence::pack(std::move(about), gathered->files, desk.log.key());
  if (!archive) return tl::unexpected(archive.error());
  made.bytes = std::move(*archive);
  return made;
}

Result<Exported> packets_of(PeopleDesk& desk, const policy::Violation& violation) {
  std::vector<prove::TimedFrame> frames;
  Exported made;
  for (const std::string& flow : violation.evidence) {
    const auto events = recorded_events(desk.settings, desk.store, flow);
    std::vector<evidence::Packet> packets;
    if (!events.empty()) packets = evidence::packets_of(desk.settings.capture.directory, events.back());
    if (packets.empty()) made.missing.push_back("packets of " + flow);
    for (const evidence::Packet& packet : packets) frames.push_back({packet.time, packet.bytes});
  }
  if (frames.empty() && !may_read_captures(desk.settings)) {
    return failure(ErrorCode::kNotFound, "only root may read the packets of its flows",
                   fmt::format("weirctl violation export {} -o FILE", violation.id));
  }
  if (frames.empty()) {
    return failure(ErrorCode::kNotFound, "no packets of its flows are kept",
                   "evidence.severity and capture.on of the settings say which are");
  }
  std::ranges::stable_sort(frames, {}, &prove::TimedFrame::time);
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/packets.pcap";
  if (auto written = prove::write_capture(path, frames); !written) return tl::unexpected(written.error());
  auto bytes = read_text_file(path, prove::kCaptureBytesMax);
  if (!bytes) return tl::unexpected(bytes.error());
  made.bytes = std::move(*bytes);
  return made;
}

}  // namespace

Result<Exported> export_bundle(PeopleDesk& desk, std::int64_t id, policy::AuditEntry entry,
                               std::size_t bytes_max) {
  return exported(desk, id, std::move(entry), bytes_max,
                  [&desk, bytes_max](const policy::Violation& violation, const std::string& pseudonym,
                                     const policy::AuditEntry& by) {
                    return bundle_of(desk, violation, pseudonym, by, bytes_max);
                  });
}

Result<Exported> export_packets(PeopleDesk& desk, std::int64_t id, policy::AuditEntry entry,
                                std::size_t bytes_max) {
  return exported(desk, id, std::move(entry), bytes_max,
                  [&desk](const policy::Violation& violation, const std::string&, const policy::AuditEntry&) {
                    return packets_of(desk, violation);
                  });
}

}  // namespace weir::ctl
