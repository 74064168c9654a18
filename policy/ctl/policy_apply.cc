// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/policy_apply.h"

#include <fmt/format.h>

#include <cstdio>

#include "policy/ctl/control_client.h"
#include "policy/ctl/policy_files.h"
#include "policy/decide/policy_tests.h"
#include "policy/lang/compile.h"
#include "policy/lang/policy.h"

namespace weir::ctl {
namespace {

struct Reloads {
  std::uint32_t in_force = 0;
  std::uint32_t refused = 0;
  std::uint32_t silent = 0;
};

/// Every classifier compiles for itself what is on disk now.
Reloads tell_classifiers(const Settings& settings, std::uint32_t revision) {
  Reloads reloads;
  for (unsigned worker = 0; worker < settings.workers; ++worker) {
    const auto reply = ask(classifier_socket(settings, worker), {{"op", "reload"}});
    if (!reply) {
      ++reloads.silent;
      std::fprintf(stderr, "worker %u: %s\n", worker, printable(to_text(reply.error())).c_str());
    } else if (!reply->value("ok", false)) {
      ++reloads.refused;
      std::fprintf(stderr, "worker %u refused:\n%s\n", worker,
                   printable(reply->value("error", "no reason")).c_str());
    } else if (reply->value("revision", 0U) == revision) {
      ++reloads.in_force;
    }
  }
  return reloads;
}

void report(Context& context, const Settings& settings, std::uint32_t revision, const Reloads& reloads) {
  if (context.format_or(Format::kTable) == Format::kJson) {
    print(Json{{"revision", revision}, {"in_force", reloads.in_force}, {"workers", settings.workers}}.dump() +
          "\n");
  } else {
    print(fmt::format("revision {} in force on {} of {} workers\n", revision, reloads.in_force,
                      settings.workers));
  }
}

}  // namespace

void apply_text(Context& context, const Settings& settings, const std::string& text, const std::string& name,
                const std::string& reason) {
  auto locked = PolicyFolder::lock(settings.classifier.policy);
  if (!locked) return context.fail(locked.error());
  // Lists named by a relative path are looked for where the classifiers will look: beside the policy in
  // force.
  policy::CompileOptions options;
  options.file = name;
  options.directory = locked->folder();
  options.revision = locked->revision() + 1;
  const auto compiled = policy::compile(text, options);
  if (!compiled) return context.fail(compiled.error());
  if (const auto failed = policy::failed_tests(**compiled, name); !failed.empty())
    return context.fail(failed);

  const auto revision = locked->install(text, reason);
  if (!revision) return context.fail(revision.error());
  const Reloads reloads = tell_classifiers(settings, *revision);
  if (reloads.refused > 0) {
    if (auto undone = locked->take_back(); !undone) return context.fail(undone.error());
    static_cast<void>(tell_classifiers(settings, locked->revision()));
    std::fprintf(stderr, "revision %u stays in force\n", locked->revision());
    context.exit_code = kNegative;
    return;
  }
  report(context, settings, *revision, reloads);
  if (reloads.in_force < settings.workers) context.exit_code = kUnreachable;
}

void apply_file(Context& context, const std::string& file, const std::string& reason) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto text = read_text(file);
  if (!text) return context.fail(text.error());
  apply_text(context, *settings, *text, file, reason);
}

std::string is_reason(const std::string& text) {
  return text.size() <= kReasonBytesMax ? "" : fmt::format("a reason has at most {} bytes", kReasonBytesMax);
}

}  // namespace weir::ctl
