// SPDX-License-Identifier: Apache-2.0
#include "classifier/app/service.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "classifier/app/cpu_budget.h"
#include "classifier/app/metrics.h"
#include "policy/lang/policy.h"

namespace weir::classifier {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

namespace {

json lost_by(const EventsLost& lost) {
  json reasons = json::object();
  for (const LossReason& reason : kLossReasons) reasons[reason.name] = lost.*reason.count;
  return reasons;
}

/// How the answer queue gives its answers to a channel.
auto sender(channel::ClassifierEnd& end) {
  return [&end](const channel::Answer& answer, std::string_view payload) {
    return payload.empty() ? end.try_answer(answer) : end.try_inject(answer, as_bytes(payload));
  };
}

}  // namespace

struct Service::Attached {
  std::unique_ptr<channel::ClassifierEnd> end;
  int connection = -1;

  Attached(std::unique_ptr<channel::ClassifierEnd> classifier_end, int fd)
      : end(std::move(classifier_end)), connection(fd) {}
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;
  ~Attached() { close(connection); }
};

Service::Service(ServiceOptions options, Classifier& classifier, EventSink& sink,
                 std::optional<ControlServer> control, Signals& signals)
    : options_(std::move(options)),
      classifier_(classifier),
      sink_(sink),
      control_(std::move(control)),
      signals_(signals) {}

bool Service::run() {
  bool ever_attached = false;
  while (!signals_.stop) {
    const auto attached = attach();
    if (!attached) break;
    ever_attached = true;
    attached_ = true;
    serve(*attached);
    attached_ = false;
    if (options_.replay) break;
    if (!signals_.stop) spdlog::warn("channel_lost worker={} effect=\"attaching again\"", options_.worker);
  }
  classifier_.attach(0);  // flows that did not end get their FINAL event
  sink_.finish();
  return ever_attached || !options_.replay;
}

/// Tries until the data plane is there; nullptr: stop, or a replay's data plane did not come.
std::unique_ptr<Service::Attached> Service::attach() {
  const auto give_up = Clock::now() + options_.replay_attach_max;
  const auto pause_max = options_.replay ? kReplayAttachPauseMax : kAttachPauseMax;
  std::chrono::milliseconds wait{5};
  for (bool said = false; !signals_.stop; pause(wait), wait = std::min(wait * 2, pause_max)) {
    auto attachment = channel::connect_to_dataplane(options_.channel_path);
    if (attachment) {
      auto end = channel::ClassifierEnd::attach(attachment->fds);
      if (end) {
        classifier_.attach((*end)->shape().slots, (*end)->shape().boot);
        if (!options_.replay) {
          spdlog::info("channel_attached worker={} slots={}", options_.worker, (*end)->shape().slots);
        }
        return std::make_unique<Attached>(std::move(*end), attachment->connection);
      }
      close(attachment->connection);
      attachment = tl::unexpected(end.error());
    }
    if (!std::exchange(said, true) && !options_.replay) {
      spdlog::info("channel_waiting path={} reason=\"{}\"", options_.channel_path,
                   to_text(attachment.error()));
    }
    if (options_.replay && Clock::now() > give_up) {
      spdlog::error("channel_absent path={} reason=\"{}\"", options_.channel_path,
                    to_text(attachment.error()));
      return nullptr;
    }
  }
  return nullptr;
}

void Service::serve(Attached& attached) {
  classifier_.on_answer(
      [this, &end = *attached.end] { static_cast<void>(classifier_.answers().flush(sender(end))); });
  while (!signals_.stop && turn(attached)) look_around();
  classifier_.on_answer({});
}

/// Some requests and their answers. False: detach.
bool Service::turn(Attached& attached) {
  channel::ClassifierEnd& end = *attached.end;
  const auto answer = sender(end);
  for (std::uint32_t i = 0; i < kRequestsPerTurn; ++i) {
    static_cast<void>(classifier_.answers().flush(answer));  // before `next` says that the request is done
    const channel::Request* request = end.next();
    if (request == nullptr) {
      if (!options_.replay && classifier_.look_at_groups()) continue;  // a replay's data plane waits for it
      const bool waiting = !classifier_.answers().flush(answer);
      const bool soon = waiting || reload_.running();  // a policy that is compiled is in force at once
      return end.wait(attached.connection, soon ? 1 : kControlIntervalMs);
    }
    CpuBudget::begin();
    classifier_.on_request(*request);
    CpuBudget::end();
  }
  if (classifier_.answers().overflowed()) {
    spdlog::error("answers_overflow worker={} effect=detach", options_.worker);
    return false;
  }
  return end.ok();
}

void Service::look_around() {
  if (const auto loaded = reload_.poll()) finish_reload(*loaded);
  if (const auto now = Clock::now(); now - looked_ < std::chrono::milliseconds{kControlIntervalMs}) {
    return;
  } else {
    looked_ = now;
  }
  if (!options_.replay) classifier_.set_redis_away(!sink_.counts().connected);
  if (signals_.reload.exchange(false) && !options_.policy_path.empty()) reload_.start(options_.policy_path);
  if (options_.facts != nullptr) {
    for (const QuotaFact& fact : options_.facts->take()) classifier_.learn(fact);
  }
  if (control_) {
    control_->poll([this](ControlServer::ClientId client, std::string_view line) {
      if (const auto reply = handle(line)) {
        control_->reply(client, *reply);
      } else {
        reload_waiters_.push_back(client);
      }
    });
  }
  for (LiveFile* const file : options_.live_files) file->look(looked_);
}

std::optional<std::string> Service::handle(std::string_view line) {
  const json request = json::parse(line, nullptr, false);
  const auto op = request.is_object() ? request.find("op") : request.end();
  const std::string name = op != request.end() && op->is_string() ? op->get<std::string>() : std::string{};
  if (name == "status") return status();
  if (name == "metrics") return metrics();
  if (name == "reload" && !options_.policy_path.empty()) {
    reload_.start(options_.policy_path);  // one under way serves everybody who asks meanwhile
    return std::nullopt;
  }
  return json{{"ok", false}, {"error", "unknown request; there are status, metrics and reload"}}.dump();
}

void Service::finish_reload(const ResultAll<PolicyInForce>& loaded) {
  json reply;
  if (loaded) {
    classifier_.set_policy(*loaded);
    const auto& faults = loaded->policy->parts().exception_faults;
    spdlog::info("policy_in_force worker={} revision={} exceptions={} canary={}", options_.worker,
                 loaded->revision, loaded->policy->parts().exceptions.size(), loaded->canary);
    for (const Error& fault : faults)
      spdlog::warn("exception_lifts_nothing worker={} reason=\"{}\"", options_.worker, to_text(fault));
    reply = {{"ok", true}, {"revision", loaded->revision}};
  } else {
    std::string all;
    for (const Error& error : loaded.error()) all += (all.empty() ? "" : "\n") + to_text(error);
    spdlog::error("policy_refused worker={} kept_revision={} mistakes={}", options_.worker,
                  classifier_.revision(), loaded.error().size());
    reply = {{"ok", false}, {"error", all}};
  }
  const std::string text = reply.dump(-1, ' ', false, json::error_handler_t::replace);
  for (const auto client : reload_waiters_) control_->reply(client, text);
  reload_waiters_.clear();
}

std::string Service::status() const {
  const ClassifierCounts& counts = classifier_.counts();
  const EventCounts events = sink_.counts();
  json exceptions = json::object();
  for (std::size_t i = 0; i < kExceptionCauses; ++i) {
    if (counts.exceptions[i] > 0)
      exceptions[to_string(static_cast<ExceptionCause>(i))] = counts.exceptions[i];
  }
  json files = json::array();
  for (const LiveFile* const file : options_.live_files) {
    files.push_back({{"name", file->name()},
                     {"path", file->path()},
                     {"loads", file->loads()},
                     {"refusals", file->refusals()},
                     {"error", file->error()}});
  }
  const json reply{
      {"ok", true},
      {"worker", options_.worker},
      {"revision", classifier_.revision()},
      {"policy_state", classifier_.revision() == 0 ? "missing" : "in force"},
      {"canary", classifier_.policy().canary},
      {"policy", options_.policy_path},
      {"files", std::move(files)},
      {"contexts", counts.flows},
      {"channel", {{"attached", attached_}, {"path", options_.channel_path}}},
      {"events",
       {{"accepted", events.accepted},
        {"delivered", events.delivered},
        {"queued", events.waiting},
        {"lost", events.lost.total()},
        {"lost_by", lost_by(events.lost)},
        {"recovered", events.recovered},
        {"spooled", events.spooled},
        {"spool_bytes", events.spool_bytes},
        {"spool_errors", events.spool_errors},
        {"spool_damaged", events.spool_damaged},
        {"connected", events.connected}}},
      {"requests", counts.requests},
      {"packets", counts.packets},
      {"flows_opened", counts.opened},
      {"flows_closed", counts.closed},
      {"flows_closed_unknown", counts.closed_unknown},
      {"packets_stale", counts.stale},
      {"decisions", counts.decisions},
      {"verdicts", {{"forward", counts.forwarded}, {"drop", counts.dropped}, {"reset", counts.reset}}},
      {"conflicts", counts.conflicts},
      {"ahead", counts.ahead},
      {"assembly_bytes", counts.bytes_held},
      {"answers_waiting", classifier_.answers().waiting()},
      {"exceptions", exceptions}};
  return reply.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string Service::metrics() const {
  const std::string text = metrics_text({.counts = classifier_.counts(),
                                         .events = sink_.counts(),
                                         .worker = options_.worker,
                                         .policy_revision = classifier_.revision(),
                                         .attached = attached_,
                                         .answers_waiting = classifier_.answers().waiting()});
  return json{{"ok", true}, {"text", text}}.dump();
}

/// Waits, with a look at control requests as often as when attached.
void Service::pause(std::chrono::milliseconds time) {
  const auto end = Clock::now() + time;
  for (auto now = Clock::now(); now < end && !signals_.stop; now = Clock::now()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - now).count();
    ::poll(nullptr, 0, static_cast<int>(std::min<std::int64_t>(left, kControlIntervalMs)));
    look_around();
  }
}

}  // namespace weir::classifier
