// SPDX-License-Identifier: Apache-2.0
// weirctl evidence verify | replay FILE: whether a bundle is as it was exported, and whether what it says
// comes out again. Neither needs an appliance.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "policy/audit/appliance_keys.h"
#include "policy/ctl/context.h"
#include "policy/ctl/evidence_replay.h"

namespace weir::ctl {
namespace {

struct EvidenceWords {
  std::string file;
  std::string key;
  std::string beside;
  unsigned workers = 1;
};

/// Of the file that was named, else this appliance's own, where there is one; empty: neither.
std::string trusted_key(const Context& context, const std::string& file) {
  std::string path = file;
  if (path.empty()) {
    const auto settings = load_settings(context.config);
    if (settings) path = policy::keys_folder(settings->state_directory) + "/sign.pub";
  }
  std::string key;
  std::ifstream(path) >> key;
  return key;
}

/// nullopt: what is wrong with it is told.
std::optional<evidence::Opened> opened(Context& context, const EvidenceWords& words) {
  std::error_code error;
  const auto size = std::filesystem::file_size(words.file, error);
  if (error || size > evidence::kBundleBytesMax) {
    context.fail(Error{ErrorCode::kLimit, words.file + " is too large for an evidence bundle", {}, {}});
    return std::nullopt;
  }
  std::string bytes(size, '\0');
  std::ifstream(words.file, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(size));
  const std::string key = trusted_key(context, words.key);
  if (key.empty())
    std::fputs("warning: whoever signed it is believed; --key names the appliance's keys/sign.pub\n", stderr);
  evidence::Opened bundle = evidence::open_bundle(bytes, key);
  if (bundle.faults.empty()) return bundle;
  for (const evidence::Fault& fault : bundle.faults)
    context.say(fmt::format("{}: {}", fault.file.empty() ? words.file : fault.file, fault.what));
  context.exit_code = kNegative;
  return std::nullopt;
}

void verify(Context& context, const EvidenceWords& words) {
  const auto bundle = opened(context, words);
  if (!bundle) return;
  print(fmt::format("{}: {} files as they were exported, signed by {}\n", words.file, bundle->files.size(),
                    bundle->public_key));
  for (const auto& one : bundle->manifest.value("missing", evidence::Json::array()))
    print("not in it: " + printable(one.get<std::string>()) + "\n");
}

const char* word_of(bool there, bool same) { return !there ? "-" : same ? "same" : "DIFFERENT"; }

void replay_bundle(Context& context, const EvidenceWords& words) {
  const auto bundle = opened(context, words);
  if (!bundle) return;
  const auto flows = replay_evidence(*bundle, words.workers, words.beside);
  if (!flows) return context.fail(flows.error());
  Json rows = Json::array();
  bool played = false;
  for (const ReplayedFlow& one : *flows) {
    played = played || one.has_packets;
    const bool same = one.same_by_facts() && (!one.has_packets || one.same_by_packets());
    if (!same) context.exit_code = kNegative;
    rows.push_back({{"flow", one.id},
                    {"recorded", evidence::to_text(one.recorded)},
                    {"by_facts", word_of(true, one.same_by_facts())},
                    {"by_packets", word_of(one.has_packets, one.same_by_packets())},
                    {"replayed", evidence::to_text(one.has_packets ? one.by_packets : one.by_facts)},
                    {"verdict_hash", evidence::hash_of(one.has_packets ? one.by_packets : one.by_facts)},
                    {"differences", one.differences}});
  }
  const Format format = context.format_or(Format::kTable);
  print(render(format, rows, {"flow", "recorded", "by_facts", "by_packets", "replayed"}));
  if (format == Format::kTable) {
    for (const ReplayedFlow& one : *flows)
      for (const std::string& line : one.differences) print(fmt::format("{}: {}\n", one.id, printable(line)));
  }
  if (!played) {
    context.say("no packets are in the bundle: only the policy was asked again");
    context.exit_code = kNegative;
  }
}

}  // namespace

void add_evidence(CLI::App& app, Context& context) {
  CLI::App* evidence = app.add_subcommand("evidence", "what weirctl violation export wrote");
  evidence->fallthrough();
  evidence->require_subcommand(1);
  auto words = std::make_shared<EvidenceWords>();
  CLI::App* verifying = add_command(*evidence, "verify", "names every file of it that was changed", context,
                                    [words](Context& used) { verify(used, *words); });
  CLI::App* replaying = add_command(
      *evidence, "replay", "plays its packets under its policy, and says whether the verdict is the same",
      context, [words](Context& used) { replay_bundle(used, *words); });
  for (CLI::App* const command : {verifying, replaying}) {
    command->add_option("FILE", words->file, "the bundle")->required()->check(CLI::ExistingFile);
    command->add_option("--key", words->key, "the appliance's keys/sign.pub; left out: of this appliance")
        ->check(CLI::ExistingFile);
  }
  replaying->add_option("--workers", words->workers, "so many data planes side by side")
      ->capture_default_str()
      ->check(CLI::Range(1U, kReplayWorkersMax));
  replaying
      ->add_option("--beside", words->beside, "a folder with files of the policy that the bundle leaves out")
      ->check(CLI::ExistingDirectory);
}

}  // namespace weir::ctl
