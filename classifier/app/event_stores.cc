// SPDX-License-Identifier: Apache-2.0
#include "classifier/app/event_stores.h"

#include <pwd.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir::classifier {
namespace {

Result<void> make_folder(const std::string& path, const std::string& user) {
  const passwd* const entry = geteuid() == 0 && !user.empty() ? getpwnam(user.c_str()) : nullptr;
  const bool made = mkdir(path.c_str(), 0700) == 0;
  if (!made && errno == EEXIST) return {};
  if (made && (entry == nullptr || lchown(path.c_str(), entry->pw_uid, entry->pw_gid) == 0)) return {};
  return failure(ErrorCode::kSystem, "cannot make " + path + ": " + std::strerror(errno));
}

Result<std::unique_ptr<Spool>> open_spool(const Settings& settings, unsigned worker) {
  const std::string folder = spool_folder(settings, worker);
  for (const std::string& path : {settings.state_directory + "/spool", folder}) {
    if (auto made = make_folder(path, settings.classifier.user); !made) return tl::unexpected(made.error());
  }
  return Spool::open(
      {.folder = folder, .bytes_max = std::uint64_t{settings.classifier.spool_megabytes} << 20U});
}

Result<EventRing> open_ring(const Settings& settings, unsigned worker) {
  const std::uint64_t events_max = settings.classifier.event_queue;
  const RingShape shape{.bytes = events_max * kRingBytesPerEvent, .events_max = events_max};
  auto ring = EventRing::open(event_ring(settings, worker), shape);
  if (ring || ring.error().code == ErrorCode::kLimit) return ring;
  spdlog::error("event_ring_unavailable error=\"{}\" effect=\"events that wait die with the classifier\"",
                to_text(ring.error()));
  return EventRing::open({}, shape);
}

}  // namespace

Result<EventStores> open_event_stores(const Settings& settings, unsigned worker) {
  auto ring = open_ring(settings, worker);
  if (!ring) return tl::unexpected(ring.error());
  if (ring->left_before() > 0)
    spdlog::info("events_left_before worker={} events={}", worker, ring->left_before());
  EventStores stores{std::move(*ring), nullptr};
  if (settings.classifier.spool_megabytes == 0) return stores;
  auto spool = open_spool(settings, worker);
  if (spool) {
    stores.spool = std::move(*spool);
  } else {
    spdlog::error("spool_unavailable error=\"{}\" effect=\"events wait in memory alone\"",
                  to_text(spool.error()));
  }
  return stores;
}

}  // namespace weir::classifier
