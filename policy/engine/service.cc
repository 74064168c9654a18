// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/service.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "policy/audit/pseudonym.h"
#include "policy/bus/stream_trimmer.h"
#include "policy/bus/streams.h"
#include "policy/engine/engine.h"
#include "policy/model/daemon.h"
#include "policy/model/wall_clock.h"
#include "policy/notify/composer.h"

namespace weir::policy {
namespace {

using Clock = std::chrono::steady_clock;

bool readable(int descriptor, std::chrono::milliseconds wait) {
  pollfd one{descriptor, POLLIN, 0};
  return poll(&one, 1, static_cast<int>(wait.count())) > 0;
}

/// New names come with engines that start, so that this is the time to look for old ones.
void forget_consumers(StreamReader& reader) {
  const auto removed = reader.remove_consumers(kConsumerForgotten);
  if (!removed) {
    spdlog::warn("consumers-kept what=\"{}\"", to_text(removed.error()));
  } else if (*removed > 0) {
    spdlog::info("consumers-removed count={} silent_h={}", *removed, kConsumerForgotten.count());
  }
}

/// Streams come and go with appliances; said when it is not as before.
void say_streams(const StreamReader& reader, std::pair<std::size_t, std::uint64_t>& said) {
  const std::pair now{reader.names().size(), reader.left_out()};
  if (std::exchange(said, now) == now) return;
  spdlog::info("engine-streams count={}", now.first);
  if (now.second > 0) spdlog::error("streams-left-out count={} limit={}", now.second, kStreamsMax);
}

Result<Engine> make_engine(const EngineService& service) {
  const RedisEndpoint endpoint = endpoint_of(service.settings.redis, RedisUser::kEngine);
  auto for_reading = RedisConnection::connect(endpoint);
  if (!for_reading) return tl::unexpected(for_reading.error());
  auto for_letters = RedisConnection::connect(endpoint);
  if (!for_letters) return tl::unexpected(for_letters.error());
  auto for_facts = RedisConnection::connect(endpoint);
  if (!for_facts) return tl::unexpected(for_facts.error());
  auto for_tries = RedisConnection::connect(endpoint);
  if (!for_tries) return tl::unexpected(for_tries.error());

  StreamReader reader =
      is_shared(service.settings.redis)
          ? StreamReader::of_appliances(std::move(*for_reading), std::string{kEngineGroup}, service.consumer,
                                        appliances_of(service.settings.redis))
          : StreamReader{std::move(*for_reading), std::string{kEngineGroup}, service.consumer,
                         flow_streams(service.settings)};
  if (auto created = reader.create_group(); !created) return tl::unexpected(created.error());
  forget_consumers(reader);
  auto store = Store::open(service.settings.engine, StoreAccess::kWrite);
  if (!store) return tl::unexpected(store.error());
  return Engine{std::move(reader),
                StreamWriter{std::move(*for_letters), kDeadLettersMax},
                std::move(*store),
                service.judge,
                QuotaLedger{service.quotas, FactsWriter{std::move(*for_facts)}},
                Tries{std::move(*for_tries), std::string{kEngineGroup}},
                service.categories,
                Detection{service.policy},
                service.settings.retention};
}

/// What notifications show of people; without the key of the pseudonyms users are numbers.
notify::Pseudonymiser pseudonyms_of(const Settings& settings) {
  auto opened = Pseudonyms::open(settings);  // makes the key, which outputs can ask for in any case
  if (settings.privacy.clear)
    return {[](const std::string& subject) { return subject; },
            [](const std::string& object) { return object; }};
  if (!opened) return {};
  const auto pseudonyms = std::make_shared<Pseudonyms>(std::move(*opened));
  return {[pseudonyms](const std::string& subject) { return pseudonyms->of(subject); },
          [pseudonyms](const std::string& object) { return pseudonyms->of_object(object); }};
}

/// Beside the engine, with a connection to the store of its own: what goes wrong here keeps no event waiting.
Result<notify::Composer> make_composer(const Settings& settings) {
  auto store = Store::open(settings.engine, StoreAccess::kWrite);
  if (!store) return tl::unexpected(store.error());
  notify::Composer composer{std::move(*store), settings.notifications, settings.appliance,
                            notify::Spool{notify_directory(settings)}, pseudonyms_of(settings)};
  if (auto begun = composer.begin(); !begun) return tl::unexpected(begun.error());
  return composer;
}

/// Puts notifications that are due into the spool; an error that lasts is said once.
void notify_of(notify::Composer& composer, std::string& said) {
  const auto handed = composer.look(wall_clock());
  if (handed && *handed > 0) spdlog::info("notifications-handed-over messages={}", *handed);
  const std::string reason = handed ? "" : to_text(handed.error());
  if (std::exchange(said, reason) != reason && !reason.empty())
    spdlog::error("notifications-delayed what=\"{}\"", reason);
}

/// Trims now and then; what keeps it from that is said once and ends nothing.
class Trimming {
 public:
  explicit Trimming(const Settings& settings) : settings_(settings) {}

  /// `streams`: those that the engine reads.
  void look(TimeNs now, const std::vector<std::string>& streams) {
    if (Clock::now() - last_ < kTrimEvery) return;
    last_ = Clock::now();
    if (std::exchange(streams_, streams) != streams) trimmer_.reset();
    if (!trimmer_) {
      auto connection = RedisConnection::connect(endpoint_of(settings_.redis, RedisUser::kEngine));
      if (!connection) return;  // the engine says that Redis is away
      trimmer_.emplace(std::move(*connection), streams_, std::chrono::seconds{settings_.redis.stream_keep_s});
    }
    const auto trimmed = trimmer_->trim(now);
    const std::string reason = trimmed ? "" : to_text(trimmed.error());
    if (!trimmed) trimmer_.reset();
    if (std::exchange(said_, reason) != reason && !reason.empty())
      spdlog::error("trimming-refused what=\"{}\" effect=\"streams grow to their cap\"", reason);
  }

 private:
  const Settings& settings_;
  std::vector<std::string> streams_;
  std::optional<StreamTrimmer> trimmer_;
  Clock::time_point last_{};
  std::string said_;
};

/// Rounds until an error, or until told to stop and the streams are read.
Result<void> work(Engine& engine, notify::Composer& composer, Trimming& trimming, int stop_descriptor) {
  std::optional<Clock::time_point> drain_until;
  std::string refused;
  std::pair<std::size_t, std::uint64_t> streams{};
  std::string not_notified;
  while (!drain_until || Clock::now() < *drain_until) {
    if (!drain_until && readable(stop_descriptor, std::chrono::milliseconds{0})) {
      drain_until = Clock::now() + kDrainMax;
    }
    const auto round = engine.run_once(drain_until ? std::chrono::milliseconds{1} : kRoundWait, wall_clock());
    if (!round) return tl::unexpected(round.error());
    say_streams(engine.reader(), streams);
    trimming.look(wall_clock(), engine.reader().names());
    if (round->dead > 0) spdlog::warn("events-undecodable count={} stream={}", round->dead, kDeadStream);
    if (round->gone > 0) spdlog::error("events-lost count={} reason=trimmed-before-read", round->gone);
    const std::string reason = round->facts_refused ? to_text(*round->facts_refused) : "";
    if (std::exchange(refused, reason) != reason && !reason.empty())  // what lasts is said once
      spdlog::error("facts-refused stream={} what=\"{}\"", kFactsStream, reason);
    notify_of(composer, not_notified);
    if (drain_until && round->entries() == 0) break;
  }
  return {};
}

}  // namespace

void EngineService::run(int stop_descriptor) {
  std::chrono::milliseconds wait = kRetryWaitFirst;
  std::string said;
  Trimming trimming{settings};
  while (true) {
    auto engine = make_engine(*this);
    auto composer = engine ? make_composer(settings) : tl::unexpected(engine.error());
    Result<void> ended;
    if (composer) {
      spdlog::info("engine-ready consumer={} redis={} store={}", consumer,
                   to_string(endpoint_of(settings.redis, RedisUser::kEngine)), settings.engine.store);
      wait = kRetryWaitFirst;
      said.clear();
      ended = work(*engine, *composer, trimming, stop_descriptor);
      if (ended) return;
    } else {
      ended = tl::unexpected(composer.error());
    }
    if (ended.error().what != said) {  // an error that lasts is said once
      said = ended.error().what;
      spdlog::error("engine-interrupted what=\"{}\"", to_text(ended.error()));
    }
    if (readable(stop_descriptor, wait)) return;
    wait = std::min(wait * 2, kRetryWaitMax);
  }
}

std::string default_consumer(const Settings& settings) {
  if (!is_shared(settings.redis)) return "engine-1";
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) return "engine-1";
  return std::string{host.data()} + "-1";
}

Result<void> drop_privileges(const std::string& user, const std::string& store_path) {
  if (geteuid() != 0) return {};
  const auto account = account_of(user, "engine.user");
  if (!account) return tl::unexpected(account.error());
  const std::filesystem::path directory =
      is_store_url(store_path) ? std::filesystem::path{} : std::filesystem::path{store_path}.parent_path();
  std::error_code error;
  if (!directory.empty() && std::filesystem::create_directories(directory, error) &&
      chown(directory.c_str(), account->user, account->group) != 0) {
    return failure(ErrorCode::kSystem,
                   fmt::format("cannot give the store's directory to {}: {}", user, std::strerror(errno)));
  }
  return become(user, "engine.user");
}

}  // namespace weir::policy
