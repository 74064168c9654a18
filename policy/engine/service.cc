// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/service.h"

#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "policy/bus/streams.h"
#include "policy/engine/engine.h"
#include "policy/model/wall_clock.h"

namespace weir::policy {
namespace {

using Clock = std::chrono::steady_clock;

bool readable(int descriptor, std::chrono::milliseconds wait) {
  pollfd one{descriptor, POLLIN, 0};
  return poll(&one, 1, static_cast<int>(wait.count())) > 0;
}

Result<Engine> make_engine(const EngineService& service) {
  RedisEndpoint endpoint;
  endpoint.socket = service.settings.redis.socket;
  endpoint.user = service.settings.redis.engine_user;
  endpoint.password_file = service.settings.redis.engine_password_file;
  auto for_reading = RedisConnection::connect(endpoint);
  if (!for_reading) return tl::unexpected(for_reading.error());
  auto for_letters = RedisConnection::connect(endpoint);
  if (!for_letters) return tl::unexpected(for_letters.error());
  auto for_facts = RedisConnection::connect(endpoint);
  if (!for_facts) return tl::unexpected(for_facts.error());

  std::vector<std::string> streams;
  for (unsigned worker = 0; worker < service.settings.workers; ++worker)
    streams.push_back(flow_stream(worker));
  StreamReader reader{std::move(*for_reading), std::string{kEngineGroup}, service.consumer,
                      std::move(streams)};
  if (auto created = reader.create_group(); !created) return tl::unexpected(created.error());
  auto store = Store::open(service.settings.engine.store, StoreAccess::kWrite);
  if (!store) return tl::unexpected(store.error());
  return Engine{std::move(reader),
                StreamWriter{std::move(*for_letters), kDeadLettersMax},
                std::move(*store),
                service.judge,
                QuotaLedger{service.quotas, FactsWriter{std::move(*for_facts)}},
                service.settings.retention};
}

/// Rounds until an error, or until told to stop and the streams are read.
Result<void> work(Engine& engine, int stop_descriptor) {
  std::optional<Clock::time_point> drain_until;
  std::string refused;
  while (!drain_until || Clock::now() < *drain_until) {
    if (!drain_until && readable(stop_descriptor, std::chrono::milliseconds{0})) {
      drain_until = Clock::now() + kDrainMax;
    }
    const auto round = engine.run_once(drain_until ? std::chrono::milliseconds{1} : kRoundWait, wall_clock());
    if (!round) return tl::unexpected(round.error());
    if (round->dead > 0) spdlog::warn("events-undecodable count={} stream={}", round->dead, kDeadStream);
    if (round->gone > 0) spdlog::error("events-lost count={} reason=trimmed-before-read", round->gone);
    const std::string reason = round->facts_refused ? to_text(*round->facts_refused) : "";
    if (std::exchange(refused, reason) != reason && !reason.empty())  // what lasts is said once
      spdlog::error("facts-refused stream={} what=\"{}\"", kFactsStream, reason);
    if (drain_until && round->entries() == 0) break;
  }
  return {};
}

}  // namespace

void EngineService::run(int stop_descriptor) {
  std::chrono::milliseconds wait = kRetryWaitFirst;
  std::string said;
  while (true) {
    auto engine = make_engine(*this);
    Result<void> ended;
    if (engine) {
      spdlog::info("engine-ready consumer={} workers={} store={}", consumer, settings.workers,
                   settings.engine.store);
      wait = kRetryWaitFirst;
      said.clear();
      ended = work(*engine, stop_descriptor);
      if (ended) return;
    } else {
      ended = tl::unexpected(engine.error());
    }
    if (ended.error().what != said) {  // an error that lasts is said once
      said = ended.error().what;
      spdlog::error("engine-interrupted what=\"{}\"", to_text(ended.error()));
    }
    if (readable(stop_descriptor, wait)) return;
    wait = std::min(wait * 2, kRetryWaitMax);
  }
}

Result<void> drop_privileges(const std::string& user, const std::string& store_path) {
  if (geteuid() != 0) return {};
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr) {
    return failure(ErrorCode::kInvalid, fmt::format("there is no user {} to become", user),
                   "create it, or name another in engine.user");
  }
  const auto refused = [&](const char* what) {
    return failure(ErrorCode::kSystem, fmt::format("{} {}: {}", what, user, std::strerror(errno)));
  };
  const std::filesystem::path directory = std::filesystem::path{store_path}.parent_path();
  std::error_code error;
  if (!directory.empty() && std::filesystem::create_directories(directory, error) &&
      chown(directory.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
    return refused("cannot give the store's directory to");
  }
  const uid_t uid = entry->pw_uid;
  const gid_t gid = entry->pw_gid;
  if (initgroups(user.c_str(), gid) != 0 || setgid(gid) != 0 || setuid(uid) != 0)
    return refused("cannot become");
  return {};
}

}  // namespace weir::policy
