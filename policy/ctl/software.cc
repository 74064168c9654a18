// SPDX-License-Identifier: Apache-2.0
// weirctl software list: which products were seen on which client.
#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/software_row.h"

namespace weir::ctl {

Json software_row(const policy::Software& software, const PeopleShown& shown) {
  return {{"client", shown.subject(software.client)},
          {"product", software.product},
          {"version", software.version},
          {"state", to_string(software.state)},
          {"count", software.count},
          {"first_seen", time_text(software.first_seen)},
          {"last_seen", time_text(software.last_seen)},
          {"evidence", software.evidence},
          {"flow", software.flow_id}};
}

namespace {

constexpr std::uint32_t kProductsShown = 1'000;  // rows
constexpr std::uint32_t kProductsShownMax = 100'000;

void list_software(Context& context, const std::string& client, std::uint32_t count) {
  const auto settings = context.settings();
  if (!settings) return;
  auto store = open_store(*settings);
  if (!store) return context.fail(store.error());
  const auto named = subject_named(*settings, *store, client);
  if (!named) return context.fail(named.error());
  const auto software = store->software(*named, count);
  if (!software) return context.fail(software.error());
  const PeopleShown shown{*settings};
  Json rows = Json::array();
  for (const policy::Software& one : *software) rows.push_back(software_row(one, shown));
  print(render(context.format_or(Format::kTable), rows,
               {"client", "product", "version", "state", "first_seen", "last_seen", "evidence"}));
}

}  // namespace

void add_software(CLI::App& app, Context& context) {
  CLI::App* software = app.add_subcommand("software", "products seen on the clients");
  software->fallthrough();
  software->require_subcommand(1);
  auto client = std::make_shared<std::string>();
  auto count = std::make_shared<std::uint32_t>(kProductsShown);
  CLI::App* listing = add_command(*software, "list", "by client, product, version", context,
                                  [client, count](Context& used) { list_software(used, *client, *count); });
  listing->add_option("--client", *client, "only this client: an address, or its pseudonym");
  listing->add_option("--count", *count, "at most so many rows")
      ->capture_default_str()
      ->check(CLI::Range(1U, kProductsShownMax));
}

}  // namespace weir::ctl
