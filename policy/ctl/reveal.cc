// SPDX-License-Identifier: Apache-2.0
// weirctl reveal PSEUDONYM, person requests | approve: who a pseudonym is, for a reason that stands in the
// audit log before the name is shown, and where privacy.approvers is 2 only with another user's consent.
#include <fmt/format.h>

#include <memory>

#include "policy/ctl/audited.h"
#include "policy/ctl/context.h"
#include "policy/ctl/people.h"
#include "policy/model/duration.h"
#include "policy/model/wall_clock.h"
#include "policy/store/people.h"

namespace weir::ctl {
namespace {

constexpr std::uint32_t kRequestsShown = 1'000;

struct Asking {
  std::string pseudonym;
  std::string reason;
};

void reveal(Context& context, const Asking& asking) {
  auto desk = PeopleDesk::open(context);
  if (!desk) return;
  const auto behind = reveal_subject(*desk, entry_of("reveal", asking.pseudonym, asking.reason));
  if (!behind) return context.fail(behind.error());
  print(printable(*behind) + "\n");
}

void approve(Context& context, std::int64_t id, const std::string& reason) {
  auto desk = PeopleDesk::open(context);
  if (!desk) return;
  policy::AuditEntry entry = entry_of("person approve", fmt::format("request {}", id), reason);
  auto batch = desk->store.begin();
  if (!batch) return context.fail(batch.error());
  auto request = policy::reveal_request(*batch, id);
  if (!request) return context.fail(request.error());
  entry.object += fmt::format(": {} for {}", request->pseudonym, request->asked_by);
  const bool late = entry.at - request->asked > patience(desk->settings);
  const bool own = request->asked_by == entry.who;
  if (own || late || !request->approved_by.empty()) {
    const char* const why = own    ? "nobody approves a request of their own"
                            : late ? "it waited too long; ask again"
                                   : "it is approved already";
    entry.result = fmt::format("refused: {}", why);
    if (auto done = desk->commit(*batch, entry); !done) return context.fail(done.error());
    return context.fail(Error{ErrorCode::kNotFound, why, {}, {}});
  }
  request->approved_by = entry.who;
  request->approved = entry.at;
  if (auto put = policy::put(*batch, *request); !put) return context.fail(put.error());
  if (auto done = desk->commit(*batch, entry); !done) return context.fail(done.error());
  print(fmt::format("{} may reveal {} within {}\n", printable(request->asked_by), request->pseudonym,
                    duration_text(patience(desk->settings))));
}

const char* state_of(const policy::RevealRequest& one, TimeNs now, TimeNs patience) {
  if (one.used != 0) return "used";
  if (now - (one.approved_by.empty() ? one.asked : one.approved) > patience) return "expired";
  return one.approved_by.empty() ? "waits" : "approved";
}

void list_requests(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  auto store = open_store(*settings);
  if (!store) return context.fail(store.error());
  const auto all = policy::reveal_requests(*store, kRequestsShown);
  if (!all) return context.fail(all.error());
  Json rows = Json::array();
  for (const policy::RevealRequest& one : *all) {
    rows.push_back({{"id", one.id},
                    {"pseudonym", one.pseudonym},
                    {"asked", time_text(one.asked)},
                    {"by", one.asked_by},
                    {"reason", one.reason},
                    {"state", state_of(one, wall_clock(), patience(*settings))},
                    {"approved_by", one.approved_by}});
  }
  print(render(context.format_or(Format::kTable), rows,
               {"id", "pseudonym", "asked", "by", "reason", "state", "approved_by"}));
}

}  // namespace

void add_reveal(CLI::App& app, Context& context) {
  auto asking = std::make_shared<Asking>();
  CLI::App* revealing = add_command(app, "reveal", "who a pseudonym is; the audit log says who asked and why",
                                    context, [asking](Context& used) { reveal(used, *asking); });
  revealing->add_option("PSEUDONYM", asking->pseudonym, "client-... or person-...")->required();
  revealing->add_option("--reason", asking->reason, "why")->required()->check(is_said);
}

void add_reveal_requests(CLI::App& person, Context& context) {
  add_command(person, "requests", "who asked to reveal whom, and whether another user agreed", context,
              list_requests);
  auto id = std::make_shared<std::int64_t>(0);
  auto reason = std::make_shared<std::string>();
  CLI::App* approving = add_command(person, "approve", "lets the user who asked reveal a pseudonym, once",
                                    context, [id, reason](Context& used) { approve(used, *id, *reason); });
  approving->add_option("REQUEST", *id, "its number (weirctl person requests)")->required();
  approving->add_option("--reason", *reason, "what speaks for it");
}

}  // namespace weir::ctl
