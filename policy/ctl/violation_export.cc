// SPDX-License-Identifier: Apache-2.0
// weirctl violation export ID -o FILE: everything that a violation stands on, signed, in one file. It shows
// who the subject is and what they sent, so it takes what revealing them takes.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "policy/ctl/audited.h"
#include "policy/ctl/context.h"
#include "policy/ctl/evidence_files.h"
#include "policy/ctl/people.h"

namespace weir::ctl {
namespace {

struct ExportWords {
  std::int64_t id = 0;
  std::string file;
  std::string reason;
};

/// A new file that its owner alone may read.
Result<void> write_new(const std::string& path, std::string_view bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  bool written = file >= 0;
  while (written && !bytes.empty()) {
    const ssize_t part = write(file, bytes.data(), bytes.size());
    written = part > 0 || (part < 0 && errno == EINTR);
    if (part > 0) bytes.remove_prefix(static_cast<std::size_t>(part));
  }
  written = written && fsync(file) == 0;
  const int why = errno;
  if (file >= 0) close(file);
  if (written) return {};
  if (file >= 0) unlink(path.c_str());
  return failure(ErrorCode::kSystem, fmt::format("cannot write {}: {}", path, std::strerror(why)));
}

void export_violation(Context& context, const ExportWords& words) {
  auto desk = PeopleDesk::open(context);
  if (!desk) return;
  const auto violation = desk->store.violation(words.id);
  if (!violation) return context.fail(violation.error());
  const std::string pseudonym = desk->pseudonyms.of(violation->subject);
  auto entry =
      entry_of("violation export", fmt::format("violation {} of {}", words.id, pseudonym), words.reason);
  const auto request = consent(*desk, pseudonym, entry);
  if (!request) return context.fail(request.error());
  auto evidence = gather_evidence(desk->settings, desk->store, *violation);
  if (!evidence) return context.fail(evidence.error());
  evidence::Json about{{"weir-evidence", 1},
                       {"appliance", desk->settings.appliance},
                       {"exported", time_text(entry.at)},
                       {"exported_by", entry.who},
                       {"reason", words.reason},
                       {"subject", violation->subject},
                       {"pseudonym", pseudonym}};
  about.update(evidence->about);
  const evidence::Json missing = evidence->about["missing"];
  const auto archive = evidence::pack(std::move(about), evidence->files, desk->log.key());
  if (!archive) return context.fail(archive.error());
  entry.result += fmt::format(", sha256 {}", policy::sha256(*archive));
  auto batch = desk->store.begin();
  if (!batch) return context.fail(batch.error());
  if (auto used = use_up(*batch, *request, entry.at); !used) return context.fail(used.error());
  if (auto done = desk->commit(*batch, entry); !done) return context.fail(done.error());
  if (auto written = write_new(words.file, *archive); !written) return context.fail(written.error());
  print(fmt::format("{}: {} files, {} bytes, signed by {}\n", words.file, evidence->files.size(),
                    archive->size(), desk->log.key().public_key()));
  for (const auto& one : missing) print("not in it: " + printable(one.get<std::string>()) + "\n");
}

}  // namespace

void add_violation_export(CLI::App& violation, Context& context) {
  auto words = std::make_shared<ExportWords>();
  CLI::App* exporting =
      add_command(violation, "export", "a signed archive of all that it stands on, to show it elsewhere",
                  context, [words](Context& used) { export_violation(used, *words); });
  exporting->add_option("ID", words->id, "its number in the list")->required();
  exporting->add_option("-o,--file", words->file, "a new file")->required();
  exporting->add_option("--reason", words->reason, "why")->required()->check(is_said);
}

}  // namespace weir::ctl
