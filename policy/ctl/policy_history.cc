// SPDX-License-Identifier: Apache-2.0
// weirctl policy log | diff | confirm | rollback: what was in force before, what differs, and back to it.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/policy_apply.h"
#include "policy/ctl/policy_diff.h"
#include "policy/ctl/policy_files.h"
#include "policy/ctl/policy_history.h"
#include "policy/lang/compile.h"
#include "policy/lang/pending.h"
#include "policy/lang/port_range.h"

namespace weir::ctl {

Json revision_rows(const std::string& path) {
  const std::uint32_t present = revision_on_disk(path);
  const auto pending = policy::read_pending(path);
  const bool waits = pending && pending->revision == present;
  const std::string state = !waits                   ? "in force"
                            : pending->group.empty() ? "to be confirmed"
                                                     : "canary for " + pending->group;
  Json rows = Json::array();
  bool found = false;  // a number that was taken back is given again
  for (const Revision& one : history_of(path)) {
    const bool in_force = one.number == present && !one.taken_back && !found;
    found = found || in_force;
    const bool kept = !one.taken_back && (in_force || text_of(path, one.number));
    rows.push_back({{"revision", one.number},
                    {"time", time_text(one.time)},
                    {"author", one.author},
                    {"state", in_force         ? state
                              : one.taken_back ? "refused"
                              : kept           ? "kept"
                                               : "not kept"},
                    {"reason", one.reason}});
  }
  return rows;
}

namespace {

void show_log(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  print(render(context.format_or(Format::kTable), revision_rows(settings->classifier.policy),
               {"revision", "time", "author", "state", "reason"}));
}

/// A revision's number, or a file.
Result<NamedText> named_text(const Settings& settings, const std::string& word) {
  const auto revision = policy::whole_number<std::uint32_t>(word);
  const auto text = revision ? text_of(settings.classifier.policy, *revision) : read_text(word);
  if (!text) return tl::unexpected(text.error());
  return NamedText{revision ? fmt::format("revision {}", *revision) : word, *text};
}

void show_diff(Context& context, const std::vector<std::string>& words) {
  const auto settings = context.settings();
  if (!settings) return;
  const std::string in_force = std::to_string(in_force_on_disk(settings->classifier.policy).revision);
  const auto from = named_text(*settings, words.size() > 1 ? words[0] : in_force);
  if (!from) return context.fail(from.error());
  const auto to = named_text(*settings, words.back());
  if (!to) return context.fail(to.error());
  const auto rows = diff_rows(*from, *to);
  if (!rows) return context.fail(rows.error());
  const Format format = context.format_or(Format::kTable);
  if (format == Format::kTable && rows->empty())
    return print(fmt::format("{} says what {} says\n", to->name, from->name));
  if (format == Format::kTable) print(fmt::format("from {} to {}\n", from->name, to->name));
  print(render(format, *rows, {"change", "where", "name", "what"}));
}

/// The newest revision with another text than the present one: an exception that was made gave a revision
/// too. 0: there is none that is kept.
std::uint32_t last_other_text(const std::string& path, std::uint32_t present) {
  const auto now = text_of(path, present);
  for (std::uint32_t revision = present; revision > 1;) {
    const auto text = text_of(path, --revision);
    if (!text || *text != now.value_or("")) return revision;
  }
  return 0;
}

}  // namespace

ResultAll<Json> diff_rows(const NamedText& from, const NamedText& to) {
  const DocumentLimits limits{.bytes_max = policy::kPolicyTextBytesMax, .depth_max = policy::kPolicyDepthMax};
  const auto before = parse_document(from.text, from.name, limits);
  if (!before) return tl::unexpected(before.error());
  const auto after = parse_document(to.text, to.name, limits);
  if (!after) return tl::unexpected(after.error());
  Json rows = Json::array();
  for (const PolicyChange& change : policy_diff(*before, *after)) {
    rows.push_back({{"change", to_string(change.kind)},
                    {"where", change.where},
                    {"name", change.name},
                    {"what", change.what}});
  }
  return rows;
}

void roll_back(Context& context, const Settings& settings, std::uint32_t revision, ApplyOptions options) {
  const std::string& path = settings.classifier.policy;
  const std::uint32_t present = revision_on_disk(path);
  if (revision == 0) revision = last_other_text(path, present);
  if (revision == 0 || revision == present) {
    return context.fail(
        Error{ErrorCode::kNotFound, fmt::format("there is no revision before {}", present), {}, {}});
  }
  const auto text = text_of(path, revision);
  if (!text) return context.fail(text.error());
  const std::string back = fmt::format("back to revision {}", revision);
  options.name = fmt::format("revision {}", revision);
  options.reason = options.reason.empty() ? back : fmt::format("{}: {}", back, options.reason);
  options.supersedes = true;
  apply_text(context, settings, *text, options);
}

std::uint32_t confirm_pending(Context& context, const Settings& settings) {
  auto locked = PolicyFolder::lock(settings.classifier.policy);
  if (!locked) return context.fail(locked.error()), 0;
  const auto pending = locked->pending();
  if (!pending || pending->is_over()) {
    context.fail(Error{ErrorCode::kNotFound, "no revision waits to be confirmed", {}, {}});
    return 0;
  }
  if (!pending->group.empty()) {
    promote(context, settings, *locked, *pending);
    return 0;
  }
  if (auto done = locked->confirm(); !done) return context.fail(done.error()), 0;
  return pending->revision;
}

void add_policy_history(CLI::App& policy, Context& context) {
  add_command(policy, "log", "revisions: when, by whom, why", context, show_log);

  add_command(policy, "confirm", "the revision that waits for it stays in force; a canary is for all",
              context, [](Context& used) {
                const auto settings = used.settings();
                const std::uint32_t confirmed = settings ? confirm_pending(used, *settings) : 0;
                if (confirmed > 0) print(fmt::format("revision {} is confirmed\n", confirmed));
              });
  auto waiting = std::make_shared<std::uint32_t>(0);
  CLI::App* await = add_command(policy, "await-confirmation", "", context,
                                [waiting](Context& used) { await_confirmation(used, *waiting); });
  await->add_option("REVISION", *waiting)->required();
  await->group("");  // not for people: apply leaves it behind

  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* diff = add_command(policy, "diff", "what differs between two policies, by what they say", context,
                               [words](Context& used) { show_diff(used, *words); });
  diff->add_option("POLICY", *words,
                   "a file or a revision's number, compared with the one in force; or two of them")
      ->required()
      ->expected(1, 2);

  auto revision = std::make_shared<std::uint32_t>(0);
  auto reason = std::make_shared<std::string>();
  CLI::App* back = add_command(policy, "rollback", "puts an earlier revision in force again, as a new one",
                               context, [revision, reason](Context& used) {
                                 const auto settings = used.settings();
                                 if (settings)
                                   roll_back(used, *settings, *revision, {.name = {}, .reason = *reason});
                               });
  back->add_option("REVISION", *revision, "its number; left out: the last one with another text");
  back->add_option("--reason", *reason, "why; weirctl policy log shows it")->check(is_reason);
}

}  // namespace weir::ctl
