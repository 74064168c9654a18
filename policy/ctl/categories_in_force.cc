// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/categories_in_force.h"

#include <cstdio>

#include "policy/ctl/policy_apply.h"
#include "policy/ctl/policy_files.h"

namespace weir::ctl {

bool put_categories(Context& context, const Settings& settings, CategoryFolder& folder,
                    std::string_view bytes, bool any_size, const std::string& reason) {
  if (auto done = folder.install(bytes, any_size); !done) {
    context.fail(done.error());
    return false;
  }
  const bool taken = apply_over_categories(context, settings, reason);
  if (auto ended = taken ? folder.keep() : folder.take_back(); !ended) {
    context.fail(ended.error());
    return false;
  }
  if (!taken) std::fprintf(stderr, "the categories of before stay\n");
  return taken;
}

bool apply_over_categories(Context& context, const Settings& settings, const std::string& reason) {
  const auto [file, revision] = in_force_on_disk(settings.classifier.policy);
  if (revision == 0) return true;
  const auto text = read_text(file);
  if (!text) {
    context.fail(text.error());
    return false;
  }
  const bool table = context.format_or(Format::kTable) == Format::kTable;
  apply_text(context, settings, *text, {.name = file, .reason = reason, .quiet = !table});
  return context.exit_code == kOk || context.exit_code == kUnreachable;
}

}  // namespace weir::ctl
