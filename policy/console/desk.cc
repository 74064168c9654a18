// SPDX-License-Identifier: Apache-2.0
#include "policy/console/desk.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "policy/audit/later_log.h"
#include "policy/audit/signing.h"
#include "policy/console/repeats.h"
#include "policy/console/sessions.h"
#include "policy/ctl/exceptions.h"
#include "policy/lang/port_range.h"

namespace weir::console {
namespace {

constexpr std::size_t kTokenDigits = 64;
constexpr int kBodyDepthMax = 32;

/// Deep brackets would take the parser's stack.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (quoted) {
      if (text[at] == '\\') ++at;
      quoted = at < text.size() && text[at] != '"';
      continue;
    }
    quoted = text[at] == '"';
    if (text[at] == '{' || text[at] == '[') ++depth;
    if (text[at] == '}' || text[at] == ']') --depth;
    if (depth > kBodyDepthMax) return true;
  }
  return false;
}

bool request_changes(const Call& call) { return call.request.method != "GET"; }

/// nullopt: it is none that the API takes.
std::optional<Json> parse_body(const Request& request) {
  if (request.body.empty()) return Json::object();
  if (!request.content_type.starts_with("application/json") || too_deep(request.body)) return std::nullopt;
  Json body = Json::parse(request.body, nullptr, false);
  if (body.is_discarded() || !body.is_object()) return std::nullopt;
  return body;
}

}  // namespace

std::string Call::text(const char* name) const {
  const auto found = body.find(name);
  return found != body.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::string Call::asked(std::string_view name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string{} : found->second;
}

std::optional<std::uint32_t> Call::count() const {
  const std::string text = asked("count");
  if (text.empty()) return kRowsDefault;
  const auto value = policy::whole_number<std::uint32_t>(text);
  return value && *value >= 1 && *value <= kRowsMax ? value : std::nullopt;
}

std::string hash_of_token(const std::string& token) { return policy::sha256(token); }

std::string foreign(const Request& request) {
  const bool reads = request.method == "GET";
  if (!reads && request.csrf != "1") return "the header X-CSRF: 1 is missing";
  const bool typed = reads && request.fetch_site == "none";  // into the browser's line of addresses
  if (!request.fetch_site.empty() && request.fetch_site != "same-origin" && !typed)
    return "the browser says that another site sent it";
  if (!request.origin.empty() && request.origin != "https://" + request.host)
    return "its origin is not the console";
  return {};
}

Result<TimeNs> lasting(const Call& call) {
  const std::string text = call.asked("last");
  return ctl::parse_lasting(text.empty() ? "24h" : text);
}

Json time_json(TimeNs time) { return time == 0 ? Json(nullptr) : Json(ctl::time_text(time)); }

Json without_dashes(Json row, std::initializer_list<const char*> keys) {
  for (const char* const key : keys)
    if (row[key] == "-") row[key] = nullptr;
  return row;
}

policy::AuditEntry Desk::entry_of(const Call& call, std::string verb, std::string object,
                                  std::string reason) {
  return {.at = call.now,
          .who = call.account.name.empty() ? "nobody" : call.account.name,
          .origin = "console " + call.request.address +
                    (call.token.id.empty() ? std::string{} : " token " + call.token.id),
          .verb = std::move(verb),
          .object = std::move(object),
          .reason = std::move(reason),
          .result = "done"};
}

void Desk::note(const policy::AuditEntry& entry) {
  if (const auto written = people_->log.write(people_->store, entry); written) return;
  const auto later = policy::write_later(policy::later_folder(settings_.state_directory), entry);
  if (!later) spdlog::error("audit-entry-lost verb={} {}", entry.verb, to_text(later.error()));
}

Result<void> Desk::open_store() {
  if (people_) return {};
  auto store = policy::Store::open(settings_.engine, policy::StoreAccess::kChange);
  if (!store) return tl::unexpected(store.error());
  auto log = policy::AuditLog::open(settings_);
  if (!log) return tl::unexpected(log.error());
  auto pseudonyms = policy::Pseudonyms::open(settings_);
  if (!pseudonyms) return tl::unexpected(pseudonyms.error());
  people_.emplace(ctl::PeopleDesk{settings_, std::move(*store), std::move(*log), std::move(*pseudonyms)});
  return {};
}

Result<bool> Desk::recognise(Call& call) {
  if (!call.request.authorization.empty()) return recognise_token(call);
  if (call.request.session.size() != kTokenDigits) return false;
  auto session = policy::console_session(store(), hash_of_token(call.request.session));
  if (!session) {
    if (session.error().code == ErrorCode::kNotFound) return false;
    return tl::unexpected(session.error());
  }
  if (!is_alive(*session, settings_, call.now)) return false;
  auto account = policy::console_account(store(), session->account);
  if (!account) {
    if (account.error().code == ErrorCode::kNotFound) return false;
    return tl::unexpected(account.error());
  }
  call.account = std::move(*account);
  call.session = std::move(*session);
  return true;
}

Result<bool> Desk::recognise_token(Call& call) {
  const auto sent = token_parts(call.request.authorization);
  if (!sent) return false;
  auto token = policy::console_token(store(), sent->id);
  if (!token) {
    if (token.error().code == ErrorCode::kNotFound) return false;
    return tl::unexpected(token.error());
  }
  if (!is_same(token->token_hash, hash_of_token(sent->secret)) || call.now >= token->ends) return false;
  auto account = policy::console_account(store(), token->account);
  if (!account) return tl::unexpected(account.error());
  call.account = std::move(*account);
  call.token = std::move(*token);
  return true;
}

std::optional<Response> Desk::refused(const Operation& operation, const Call& call) {
  if (!may(operation, call)) {
    policy::AuditEntry entry = entry_of(call, "console " + std::string{operation.id}, "");
    entry.result = call.token.id.empty() ? fmt::format("refused: not for the role {}", call.account.role)
                                         : fmt::format("refused: not for the token {}", call.token.name);
    note(entry);
    return problem(403, "forbidden");
  }
  const bool before_all = operation.id == "me" || operation.id == "changePassword";
  if (call.account.must_change && !before_all) return problem(403, "must-change");
  return std::nullopt;
}

Result<void> Desk::note_used(const Call& call) {
  const bool program = !call.token.id.empty();
  const TimeNs before = program ? call.token.used : call.session.used;
  if (call.now - before <= kUsedNotedAfter) return {};
  auto batch = store().begin();
  if (!batch) return tl::unexpected(batch.error());
  Result<void> kept;
  if (program) {
    policy::ConsoleToken used = call.token;
    used.used = call.now;
    used.address = call.request.address;
    kept = policy::note_use(*batch, used);
  } else {
    policy::ConsoleSession used = call.session;
    used.used = call.now;
    kept = policy::put(*batch, used);
  }
  return kept ? batch->commit() : kept;
}

Response Desk::answer(const Route& found, Call& call) {
  const Operation& operation = *found.operation;
  if (operation.open) return operation.answer(*this, call);
  const auto known = recognise(call);
  if (!known) return problem_of(known.error());
  if (!*known || (call.token.id.empty() && !call.session.complete)) return problem(401, "unauthenticated");
  if (auto refusal = refused(operation, call)) return *refusal;
  // Events are asked for by a page that is open, whoever sits before it.
  if (operation.id != "events" || !call.token.id.empty()) {
    if (!note_used(call)) return problem(503, "unavailable", "the store cannot be written");
  }
  // Who asks for a dry run must not get the thing itself.
  if (!call.asked("dry_run").empty() && request_changes(call) && !operation.is(kPreviews))
    return problem(422, "invalid", "there is no dry run of this");
  return answer_once(*this, operation, call);
}

Response Desk::handle(const Request& request, TimeNs now) {
  const Route found = route(request.method, request.path());
  if (found.operation == nullptr)
    return found.path_known ? problem(405, "method-not-allowed") : problem(404, "not-found");
  // No page of another site can send a token.
  if (request.authorization.empty() || found.operation->open) {
    if (const std::string why = foreign(request); !why.empty()) return problem(403, "csrf", why);
  }
  Call call{.request = request, .now = now, .arguments = found.arguments};
  auto query = parse_query(request.query());
  auto body = parse_body(request);
  if (!query || !body)
    return problem(400, "bad-request", !query ? "its query" : "its body is no JSON object");
  call.query = std::move(*query);
  call.body = std::move(*body);
  if (auto opened = open_store(); !opened) return problem_of(opened.error());
  Response response = answer(found, call);
  // A store that went away is opened anew for the next request.
  if (response.status == 503 || response.status == 500) people_.reset();
  return response;
}

}  // namespace weir::console
