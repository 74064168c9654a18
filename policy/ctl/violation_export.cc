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
#include "policy/ctl/people.h"
#include "policy/ctl/violation_bundle.h"
#include "policy/evidence/bundle.h"

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
  const auto made = export_bundle(*desk, words.id, entry_of("violation export", "", words.reason),
                                  evidence::kBundleBytesMax);
  if (!made) return context.fail(made.error());
  if (auto written = write_new(words.file, made->bytes); !written) return context.fail(written.error());
  print(fmt::format("{}: {} files, {} bytes, signed by {}\n", words.file, made->files, made->bytes.size(),
                    desk->log.key().public_key()));
  for (const std::string& one : made->missing) print("not in it: " + printable(one) + "\n");
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
