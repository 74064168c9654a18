// SPDX-License-Identifier: Apache-2.0
#include "policy/audit/later_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace weir::policy {
namespace {

using Json = nlohmann::json;

std::string name_of(uid_t uid) {
  const passwd* const user = getpwuid(uid);
  return user == nullptr ? std::to_string(uid) : user->pw_name;
}

/// The file's own words; nothing of them is believed that its owner could have made up about somebody else.
AuditEntry understood(const std::string& text, uid_t owner) {
  const Json said = Json::parse(text, nullptr, false);
  AuditEntry entry;
  if (!said.is_object()) return {.verb = "unreadable", .result = "it was not written by weirctl"};
  const auto word = [&](const char* name) {
    const auto found = said.find(name);
    return found != said.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  entry.who = owner == 0 ? word("who") : name_of(owner);
  entry.origin = word("origin");
  entry.verb = word("verb");
  entry.object = word("object");
  entry.reason = word("reason");
  entry.result = word("result");
  const auto at = said.find("at_ns");
  if (at != said.end() && at->is_number_integer()) entry.at = at->get<TimeNs>();
  return entry;
}

LaterEntry read_one(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat what {};
  if (file < 0 || fstat(file, &what) != 0 || !S_ISREG(what.st_mode)) {
    if (file >= 0) close(file);
    return {{.verb = "unreadable", .object = path, .result = "it was not written by weirctl"}, path};
  }
  std::string text(kLaterFileBytesMax, '\0');
  const ssize_t got = read(file, text.data(), text.size());
  close(file);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  LaterEntry later{understood(text, what.st_uid), path};
  if (later.entry.who.empty()) later.entry.who = name_of(what.st_uid);
  return later;
}

}  // namespace

std::string later_folder(const std::string& state_directory) { return state_directory + "/audit-later"; }

Result<void> make_later_folder(const std::string& folder, const std::string& operators) {
  if (mkdir(folder.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return failure(ErrorCode::kSystem,
                   fmt::format("cannot make the folder {}: {}", folder, std::strerror(errno)));
  }
  const group* const members = getgrnam(operators.c_str());
  if (members == nullptr || geteuid() != 0) return {};
  // Sticky, and not readable: nobody sees or takes away what others wrote.
  if (chown(folder.c_str(), 0, members->gr_gid) != 0 || chmod(folder.c_str(), 01730) != 0) {
    return failure(ErrorCode::kSystem, fmt::format("cannot open the folder {} to {}: {}", folder, operators,
                                                   std::strerror(errno)));
  }
  return {};
}

Result<void> write_later(const std::string& folder, const AuditEntry& entry) {
  const Json said{{"at_ns", entry.at},     {"who", entry.who},       {"origin", entry.origin},
                  {"verb", entry.verb},    {"object", entry.object}, {"reason", entry.reason},
                  {"result", entry.result}};
  const std::string text = said.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::string path = fmt::format("{}/{:020}-{}", folder, entry.at, getpid());
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  const bool written = file >= 0 &&
                       write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0;
  const int why = errno;
  if (file >= 0) close(file);
  if (written) return {};
  if (file >= 0) unlink(path.c_str());
  return failure(ErrorCode::kSystem, fmt::format("cannot write {}: {}", path, std::strerror(why)));
}

std::vector<LaterEntry> read_later(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    // A folder has no entry, and could not be taken away.
    if (!std::filesystem::is_directory(at->symlink_status(error))) files.push_back(at->path().string());
  }
  std::ranges::sort(files);
  files.resize(std::min(files.size(), kLaterFilesMax));
  std::vector<LaterEntry> all;
  for (const std::string& file : files) all.push_back(read_one(file));
  return all;
}

}  // namespace weir::policy
