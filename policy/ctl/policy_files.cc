// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/policy_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <utility>

#include "policy/ctl/replace_file.h"
#include "policy/engine/policy_watch.h"
#include "policy/lang/compile.h"
#include "policy/lang/exceptions.h"
#include "policy/lang/pending.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const std::string& policy_path) {
  const fs::path folder = fs::path{policy_path}.parent_path();
  return folder.empty() ? fs::path{"."} : folder;
}

std::string revision_path(const std::string& policy_path) {
  return fs::path{policy_path}.replace_extension(".revision").string();
}

tl::unexpected<Error> refused(std::string_view what, const std::string& path) {
  return failure(ErrorCode::kSystem, fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

std::string history_path(const std::string& policy_path) {
  return (folder_of(policy_path) / "history").string();
}

std::string line_of(const Revision& revision) {
  const nlohmann::ordered_json line{{"revision", revision.number},
                                    {"time_ns", revision.time},
                                    {"author", revision.author},
                                    {"reason", revision.reason},
                                    {"taken_back", revision.taken_back}};
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// A line that is damaged is no revision.
std::optional<Revision> revision_of(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  const auto has = [&](const char* key, auto is) { return json.contains(key) && (json[key].*is)(); };
  using Json = nlohmann::json;
  if (!json.is_object() || !has("revision", &Json::is_number_unsigned) ||
      !has("time_ns", &Json::is_number_integer) || !has("author", &Json::is_string) ||
      !has("reason", &Json::is_string) || !has("taken_back", &Json::is_boolean)) {
    return std::nullopt;
  }
  return Revision{json["revision"].get<std::uint32_t>(), json["time_ns"].get<TimeNs>(),
                  json["author"].get<std::string>(), json["reason"].get<std::string>(),
                  json["taken_back"].get<bool>()};
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

std::string author() {
  if (const char* const behind = std::getenv("SUDO_USER"); behind != nullptr && *behind != '\0')
    return behind;
  const passwd* const user = getpwuid(getuid());
  return user == nullptr ? std::to_string(getuid()) : user->pw_name;
}

std::uint32_t revision_on_disk(const std::string& policy_path) {
  std::error_code ignored;
  if (!fs::exists(policy_path, ignored)) return 0;
  return std::max(policy::read_revision(policy_path), 1U);
}

policy::TextInForce in_force_on_disk(const std::string& policy_path) {
  return policy::text_in_force(policy_path, revision_on_disk(policy_path));
}

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return refused("cannot read", path);
  std::string text(policy::kPolicyTextBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > policy::kPolicyTextBytesMax) {
    return failure(ErrorCode::kInvalid,
                   fmt::format("{} is longer than {} bytes", path, policy::kPolicyTextBytesMax));
  }
  return text;
}

std::vector<Revision> history_of(const std::string& policy_path) {
  std::vector<Revision> history;
  for (const std::string& line : lines_of(history_path(policy_path))) {
    auto revision = revision_of(line);
    if (!revision) continue;
    const auto same = std::find_if(history.begin(), history.end(), [&](const Revision& one) {
      return one.number == revision->number && one.time == revision->time;
    });
    if (same == history.end()) {
      history.push_back(std::move(*revision));
    } else {
      *same = std::move(*revision);
    }
  }
  std::reverse(history.begin(), history.end());
  return history;
}

Result<std::string> text_of(const std::string& policy_path, std::uint32_t revision) {
  std::error_code ignored;
  const std::string kept = policy::kept_path(policy_path, revision);
  if (fs::exists(kept, ignored)) return read_text(kept);
  if (revision == revision_on_disk(policy_path)) return read_text(policy_path);
  return failure(ErrorCode::kNotFound, fmt::format("the text of revision {} is not kept", revision),
                 "weirctl policy log shows which are");
}

PolicyFolder::PolicyFolder(PolicyFolder&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      revision_(other.revision_),
      before_(std::move(other.before_)),
      last_(std::move(other.last_)) {}

PolicyFolder::~PolicyFolder() {
  if (lock_ >= 0) close(lock_);
}

std::string PolicyFolder::folder() const { return folder_of(path_).string(); }

Result<PolicyFolder> PolicyFolder::lock(const std::string& policy_path) {
  const std::string folder = folder_of(policy_path).string();
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return refused("cannot open the policy folder", folder);
  PolicyFolder made{policy_path, descriptor};
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return failure(ErrorCode::kBusy, fmt::format("somebody else is changing the policy in {}", folder));
  }
  made.revision_ = revision_on_disk(policy_path);
  if (auto mended = made.mend(); !mended) return tl::unexpected(mended.error());
  return made;
}

Result<void> PolicyFolder::mend() {
  std::error_code ignored;
  const std::string kept = policy::kept_path(path_, revision_);
  if (!fs::exists(kept, ignored)) return {};
  const auto text = read_text(kept);
  if (!text) return tl::unexpected(text.error());
  before_ = *text;
  return put_back();
}

Result<void> PolicyFolder::put_back() {
  if (auto done = put(before_, revision_); !done) return done;
  const std::string kept = policy::kept_path(path_, revision_);
  if (unlink(kept.c_str()) != 0 && errno != ENOENT) return refused("cannot remove", kept);
  const auto pending = policy::read_pending(path_);
  return pending && pending->revision == revision_ + 1 ? confirm() : Result<void>{};
}

Result<void> PolicyFolder::bound_next(TimeNs lasts, const std::string& group, bool promotes) const {
  const policy::Pending pending{revision_ + 1,     revision_, policy::boot_time_now() + lasts,
                                policy::boot_id(), group,     promotes};
  return replace_file(policy::pending_path(path_), policy::to_text(pending));
}

Result<std::uint32_t> PolicyFolder::install(const std::string& text, const std::string& author,
                                            const std::string& reason) {
  if (revision_ > 0) {
    auto present = read_text(path_);
    if (!present) return tl::unexpected(present.error());
    before_ = std::move(*present);
    if (auto kept = replace_file(policy::kept_path(path_, revision_), before_); !kept)
      return tl::unexpected(kept.error());
  }
  last_ = {revision_ + 1, wall_clock(), author, reason};
  if (auto noted = note(last_); !noted) return tl::unexpected(noted.error());
  if (auto done = put(text, revision_ + 1); !done) return tl::unexpected(done.error());
  std::error_code ignored;
  if (revision_ > kRevisionsKept) fs::remove(policy::kept_path(path_, revision_ - kRevisionsKept), ignored);
  return ++revision_;
}

Result<void> PolicyFolder::put_exceptions(const std::string& text) const {
  if (auto written = replace_file(policy::exceptions_path(path_), text); !written) return written;
  if (fsync(lock_) != 0) return refused("cannot sync", folder());
  return {};
}

Result<void> PolicyFolder::remark(const std::string& text) const {
  return note({revision_, wall_clock(), author(), text});
}

std::optional<policy::Pending> PolicyFolder::pending() const {
  auto pending = policy::read_pending(path_);
  if (pending && pending->revision != revision_) pending.reset();  // of a revision that was replaced
  return pending;
}

Result<void> PolicyFolder::confirm() const {
  const std::string path = policy::pending_path(path_);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return refused("cannot remove", path);
  if (fsync(lock_) != 0) return refused("cannot sync", folder());
  return {};
}

Result<void> PolicyFolder::forget_replaced() const {
  const auto waits = policy::read_pending(path_);
  return waits && waits->revision != revision_ ? confirm() : Result<void>{};
}

Result<void> PolicyFolder::take_back() {
  --revision_;
  last_.taken_back = true;
  if (auto noted = note(last_); !noted) return noted;
  if (revision_ > 0) return put_back();
  std::error_code ignored;  // there was none before
  fs::remove(path_, ignored);
  fs::remove(revision_path(path_), ignored);
  return {};
}

Result<void> PolicyFolder::put(const std::string& text, std::uint32_t revision) {
  if (auto written = replace_file(path_, text); !written) return written;
  if (auto written = replace_file(revision_path(path_), fmt::format("{}\n", revision)); !written)
    return written;
  if (fsync(lock_) != 0) return refused("cannot sync", folder());
  return {};
}

Result<void> PolicyFolder::note(const Revision& revision) const {
  std::vector<std::string> lines = lines_of(history_path(path_));
  lines.push_back(line_of(revision));
  if (lines.size() > kHistoryLinesMax)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kHistoryLinesMax));
  return replace_file(history_path(path_), fmt::format("{}\n", fmt::join(lines, "\n")));
}

}  // namespace weir::ctl
