// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "classifier/publish/spool_record.h"
#include "policy/model/durable_file.h"

namespace weir::classifier {
namespace {

constexpr std::string_view kSuffix = ".events";
constexpr std::size_t kReadBytes = 256U << 10U;
static_assert(kReadBytes > kSpoolRecordMax + kSpoolRecordHead);

std::string name_of(std::uint64_t number) { return fmt::format("{:010}{}", number, kSuffix); }

std::optional<std::uint64_t> number_of(std::string_view name) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || name_of(number) != name) return std::nullopt;
  return number;
}

Error system_error(std::string_view what) {
  return Error{ErrorCode::kSystem, fmt::format("{}: {}", what, std::strerror(errno)), {}, {}};
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(SpoolOptions options) {
  std::unique_ptr<Spool> spool{new Spool{std::move(options)}};
  if (auto listed = spool->list(); !listed) return tl::unexpected(listed.error());
  return spool;
}

Spool::~Spool() {
  for (const int descriptor : {folder_, writing_}) {
    if (descriptor >= 0) close(descriptor);
  }
}

Result<void> Spool::list() {
  folder_ = ::open(options_.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const entries = folder_ < 0 ? nullptr : opendir(options_.folder.c_str());
  if (entries == nullptr) return tl::unexpected(system_error("cannot read " + options_.folder));
  while (const dirent* const entry = readdir(entries)) {
    const auto number = number_of(entry->d_name);
    struct stat about {};
    if (!number || fstatat(folder_, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(about.st_mode)) continue;
    segments_.push_back({.number = *number, .size = static_cast<std::uint64_t>(about.st_size)});
    counts_.bytes += segments_.back().size;
    next_number_ = std::max(next_number_, *number + 1);
  }
  closedir(entries);
  std::ranges::sort(segments_, {}, &Segment::number);
  return {};
}

Result<void> Spool::open_segment() {
  if (writing_ >= 0) close(writing_);
  writing_ = openat(folder_, name_of(next_number_).c_str(),
                    O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (writing_ < 0) return tl::unexpected(system_error("cannot make a segment in " + options_.folder));
  const std::lock_guard lock{mutex_};
  if (!segments_.empty()) segments_.back().open = false;
  writing_number_ = next_number_;
  segments_.push_back({.number = next_number_++, .open = true, .own = true});
  return {};
}

/// The records of as many events as fit a group and the room that is left.
std::string Spool::group_of(std::span<const RingEvent> events, Appended& appended) const {
  std::uint64_t used = counts().bytes;
  std::string group;
  for (const RingEvent& event : events) {
    const std::uint64_t size = kSpoolRecordHead + event.bytes.size();
    const bool fits = used + size <= (event.hit ? options_.bytes_max : common_share(options_.bytes_max));
    if (group.size() + size > kSpoolGroupBytes && !group.empty()) break;
    if (!fits && event.hit) {
      appended.error = Error{ErrorCode::kLimit,
                             fmt::format("{} holds {} bytes of events", options_.folder, used),
                             "classifier.spool_megabytes says how many it may hold",
                             {}};
      break;
    }
    ++appended.done;
    if (!fits) {
      ++appended.refused;
      continue;
    }
    append_record(group, event.bytes, event.hit);
    used += size;
  }
  return group;
}

Spool::Appended Spool::append(std::span<const RingEvent> events) {
  Appended appended;
  const std::string group = group_of(events, appended);
  if (group.empty()) return appended;
  const auto failed = [](Error error) {
    return Appended{.done = 0, .refused = 0, .error = std::move(error)};
  };
  bool fresh = false;
  {
    const std::lock_guard lock{mutex_};
    fresh = segments_.empty() || !segments_.back().open ||
            segments_.back().size >= std::clamp(options_.bytes_max / 16, kSpoolSegmentMin, kSpoolSegmentMax);
  }
  if (fresh) {
    if (auto opened = open_segment(); !opened) return failed(opened.error());
  }
  // A new file is there after a power cut only when its folder was synced as well.
  const bool written =
      write_all(writing_, group) && fdatasync(writing_) == 0 && (!fresh || fsync(folder_) == 0);
  const Error why = system_error("cannot write events to " + options_.folder);
  const std::lock_guard lock{mutex_};
  Segment& segment = segments_.back();
  if (!written) {
    // What may be left of the group is behind the segment's end: cut off, or never looked at.
    if (ftruncate(writing_, static_cast<off_t>(segment.size)) != 0) segment.open = false;
    return failed(why);
  }
  segment.size += group.size();
  segment.appended += appended.done - appended.refused;
  counts_.bytes += group.size();
  counts_.waiting += appended.done - appended.refused;
  return appended;
}

bool Spool::pending() const {
  const std::lock_guard lock{mutex_};
  for (std::size_t i = reading_; i < segments_.size(); ++i) {
    if (segments_[i].size > (i == reading_ ? read_to_ : 0)) return true;
  }
  return false;
}

std::vector<std::string> Spool::next(std::size_t count) {
  ends_.clear();
  while (const auto place = place_to_read()) {
    Found found = read_records(*place, count);  // without the lock: a disk may take its time
    const std::lock_guard lock{mutex_};
    if (reading_ >= segments_.size() || segments_[reading_].number != place->number)
      continue;  // it was deleted
    Segment& segment = segments_[reading_];
    for (const std::uint64_t end : found.damages) {  // the same is counted once, however often it is read
      counts_.damaged += end > segment.damaged_to ? 1U : 0U;
      segment.damaged_to = std::max(segment.damaged_to, end);
    }
    ends_ = std::move(found.ends);
    if (!found.records.empty()) return std::move(found.records);
    read_to_ = found.read_to;
  }
  return {};
}

/// Where unread bytes are; nullopt: nowhere.
std::optional<Spool::Place> Spool::place_to_read() {
  const std::lock_guard lock{mutex_};
  while (reading_ < segments_.size()) {
    Segment& segment = segments_[reading_];
    if (read_to_ < segment.size) return Place{segment.number, read_to_, segment.size};
    if (segment.open) break;
    finish_reading(segment, Clock::now());
  }
  return std::nullopt;
}

/// The next records; where only damage is left of what was read, the place behind it.
Spool::Found Spool::read_records(const Place& place, std::size_t count) {
  // Opened each time: one that was kept open would hold the room of a file that was deleted.
  const int segment = openat(folder_, name_of(place.number).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  std::string bytes(std::min<std::uint64_t>(kReadBytes, place.size - place.offset), '\0');
  const ssize_t got = pread(segment, bytes.data(), bytes.size(), static_cast<off_t>(place.offset));
  if (segment >= 0) close(segment);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const bool to_the_end = bytes.size() < kReadBytes || place.offset + bytes.size() >= place.size;
  Found found;
  std::size_t at = 0;
  while (found.records.size() < count && at < bytes.size()) {
    const std::size_t begin = find_record(bytes, at, to_the_end);
    if (begin != at) found.damages.push_back(place.offset + begin);
    at = begin;
    const auto record = record_at(bytes, at);
    if (!record) break;
    at += kSpoolRecordHead + record->size();
    found.records.emplace_back(*record);
    found.ends.push_back(place.offset + at);
  }
  found.read_to = to_the_end ? place.size : place.offset + at;
  if (found.records.empty() && to_the_end) found.damages.push_back(place.size);
  return found;
}

void Spool::finish_reading(Segment& segment, Clock::time_point now) {
  segment.done = now;
  const std::uint64_t missing = segment.own ? segment.appended - segment.acknowledged : 0;
  counts_.lost += missing;
  counts_.waiting -= missing;
  segment.acknowledged += missing;
  ++reading_;
  read_to_ = 0;
}

std::uint64_t Spool::acknowledge(std::size_t count, Clock::time_point now) {
  const std::lock_guard lock{mutex_};
  count = std::min(count, ends_.size());
  if (count == 0) return 0;
  Segment& segment = segments_[reading_];
  std::uint64_t first_time = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (ends_[i] <= segment.counted_to) continue;
    segment.counted_to = ends_[i];
    ++first_time;
  }
  segment.acknowledged += first_time;
  read_to_ = ends_[count - 1];
  ends_.clear();
  if (segment.own) {
    counts_.waiting -= first_time;
  } else {
    counts_.recovered += first_time;
  }
  if (read_to_ >= segment.size && !segment.open) finish_reading(segment, now);
  return first_time;
}

void Spool::rewind() {
  const std::lock_guard lock{mutex_};
  for (Segment& segment : segments_) segment.done.reset();
  reading_ = 0;
  read_to_ = 0;
}

void Spool::tidy(Clock::time_point now) {
  std::vector<std::uint64_t> gone;
  {
    const std::lock_guard lock{mutex_};
    // All of the open one was acknowledged: the next group begins another.
    if (reading_ < segments_.size() && read_to_ > 0 && read_to_ >= segments_[reading_].size) {
      segments_[reading_].open = false;
      finish_reading(segments_[reading_], now);
    }
    while (!segments_.empty() && segments_.front().done && now - *segments_.front().done >= options_.kept) {
      gone.push_back(segments_.front().number);
      counts_.bytes -= segments_.front().size;
      segments_.pop_front();
      --reading_;
    }
  }
  if (!gone.empty() && gone.back() == writing_number_) {
    close(writing_);
    writing_ = -1;
  }
  // One that cannot be deleted is read again by the next process: said twice, never lost.
  for (const std::uint64_t number : gone) static_cast<void>(unlinkat(folder_, name_of(number).c_str(), 0));
}

SpoolCounts Spool::counts() const {
  const std::lock_guard lock{mutex_};
  return counts_;
}

}  // namespace weir::classifier
