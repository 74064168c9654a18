// SPDX-License-Identifier: Apache-2.0
#include "policy/notify/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "policy/model/durable_file.h"
#include "policy/model/text_file.h"
#include "policy/notify/base64.h"

namespace weir::notify {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kEnding = ".json";
constexpr std::array<const char*, 3> kBoxes{"waiting", "sent", "failed"};
/// Either process puts files there and takes them out, whatever its umask says of other files.
constexpr mode_t kFolderMode = S_IRWXU | S_IRWXG;

tl::unexpected<Error> refused(const char* what, const std::string& path) {
  return failure(ErrorCode::kSystem, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

/// Its group is that of the folder above, where that has its set-group-ID bit, which then goes on from there.
/// Called before there are threads: the umask is the process's.
Result<void> make_folder(const std::string& path) {
  const mode_t before = umask(S_IRWXO);
  const bool made = mkdir(path.c_str(), kFolderMode) == 0 || errno == EEXIST;
  umask(before);
  if (!made) return refused("make", path);
  return {};
}

/// Whole and on disk, or as it was before.
Result<void> write_file(const std::string& path, std::string_view text) {
  const std::string fresh = fmt::format("{}.{}.new", path, getpid());
  const int descriptor =
      open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR | S_IRGRP);
  if (descriptor < 0) return refused("write", fresh);
  const bool written = write_all(descriptor, text) && fsync(descriptor) == 0;
  close(descriptor);
  if (!written || std::rename(fresh.c_str(), path.c_str()) != 0) {
    const auto why = refused("write", path);
    unlink(fresh.c_str());
    return why;
  }
  if (!sync_folder(fs::path{path}.parent_path().string())) return refused("write", path);
  return {};
}

std::string text_of(const Message& message) {
  Json json{{"key", message.key},
            {"receiver", message.receiver},
            {"made_ns", message.made},
            {"title", message.title},
            {"body", message.body}};
  if (message.attachment) {
    json["attachment"] = {{"name", message.attachment->name},
                          {"type", message.attachment->type},
                          {"base64", to_base64(message.attachment->content)}};
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string string_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::int64_t number_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

}  // namespace

std::string message_key(TimeNs made, const std::string& appliance, const std::string& receiver) {
  return fmt::format("{:020}-{}-{}", made, appliance, receiver);
}

std::string Spool::folder(const std::string& receiver, Box box) const {
  return fmt::format("{}/{}/{}", directory_, receiver, kBoxes.at(static_cast<std::size_t>(box)));
}

std::string Spool::file(const std::string& receiver, Box box, const std::string& key) const {
  return fmt::format("{}/{}{}", folder(receiver, box), key, kEnding);
}

SpoolLock::~SpoolLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<SpoolLock> Spool::lock() const {
  if (auto made = make_folder(directory_); !made) return tl::unexpected(made.error());
  const int descriptor = open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return refused("lock", directory_);
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return SpoolLock{descriptor};
  const bool busy = errno == EWOULDBLOCK;
  const auto why = refused("lock", directory_);
  close(descriptor);
  if (!busy) return why;
  return SpoolLock{-1};
}

Result<void> Spool::prepare(const std::string& receiver) const {
  std::vector<std::string> folders{directory_, directory_ + "/" + receiver};
  for (const Box box : {Box::kWaiting, Box::kSent, Box::kFailed}) folders.push_back(folder(receiver, box));
  for (const std::string& path : folders) {
    if (auto made = make_folder(path); !made) return made;
  }
  return {};
}

Result<void> Spool::put(const Message& message) const {
  if (auto made = prepare(message.receiver); !made) return made;
  for (const Box box : {Box::kWaiting, Box::kSent, Box::kFailed}) {
    if (access(file(message.receiver, box, message.key).c_str(), F_OK) == 0) return {};
  }
  if (keys(message.receiver, Box::kWaiting).size() >= kWaitingMax) {
    return failure(ErrorCode::kLimit,
                   fmt::format("{} messages wait for {} already", kWaitingMax, message.receiver),
                   "look at weirctl notify status");
  }
  const std::string text = text_of(message);
  if (text.size() > kMessageBytesMax)
    return failure(ErrorCode::kLimit, fmt::format("a message of more than {} bytes", kMessageBytesMax));
  return write_file(file(message.receiver, Box::kWaiting, message.key), text);
}

std::vector<std::string> Spool::keys(const std::string& receiver, Box box) const {
  std::vector<std::string> all;
  std::error_code error;
  for (fs::directory_iterator at(folder(receiver, box), error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.ends_with(kEnding)) all.push_back(name.substr(0, name.size() - kEnding.size()));
  }
  std::sort(all.begin(), all.end());
  return all;
}

Result<Message> Spool::read(const std::string& receiver, Box box, const std::string& key) const {
  const std::string path = file(receiver, box, key);
  const auto text = read_text_file(path, kMessageBytesMax);
  if (!text) return tl::unexpected(text.error());
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || string_at(json, "key") != key || string_at(json, "receiver") != receiver)
    return failure(ErrorCode::kCorrupt, fmt::format("{} is no message", path));
  Message message{key, receiver, number_at(json, "made_ns"), string_at(json, "title"),
                  string_at(json, "body")};
  if (const auto found = json.find("attachment"); found != json.end() && found->is_object()) {
    auto content = from_base64(string_at(*found, "base64"));
    if (!content) return failure(ErrorCode::kCorrupt, fmt::format("{} has a damaged attachment", path));
    message.attachment =
        Attachment{string_at(*found, "name"), string_at(*found, "type"), std::move(*content)};
  }
  return message;
}

Result<void> Spool::end(const std::string& receiver, const std::string& key, Box box) const {
  const std::string from = file(receiver, Box::kWaiting, key);
  if (std::rename(from.c_str(), file(receiver, box, key).c_str()) != 0) return refused("move", from);
  if (!sync_folder(folder(receiver, box)) || !sync_folder(folder(receiver, Box::kWaiting)))
    return refused("move", from);
  const auto kept = keys(receiver, box);
  for (std::size_t i = 0; i + kEndedKept < kept.size(); ++i) unlink(file(receiver, box, kept[i]).c_str());
  return {};
}

Progress Spool::progress(const std::string& receiver) const {
  constexpr std::size_t kProgressBytesMax = 64U << 10U;
  const auto text =
      read_text_file(fmt::format("{}/{}/progress.json", directory_, receiver), kProgressBytesMax);
  const Json json = text ? Json::parse(*text, nullptr, false) : Json{};
  if (!json.is_object()) return {};
  return {string_at(json, "key"),
          static_cast<std::uint32_t>(number_at(json, "tries")),
          number_at(json, "next_try_ns"),
          string_at(json, "error"),
          static_cast<std::uint64_t>(number_at(json, "sent")),
          static_cast<std::uint64_t>(number_at(json, "failed")),
          number_at(json, "last_sent_ns")};
}

Result<void> Spool::save(const std::string& receiver, const Progress& progress) const {
  const Json json{{"key", progress.key},
                  {"tries", progress.tries},
                  {"next_try_ns", progress.next_try},
                  {"error", progress.error},
                  {"sent", progress.sent},
                  {"failed", progress.failed},
                  {"last_sent_ns", progress.last_sent}};
  return write_file(fmt::format("{}/{}/progress.json", directory_, receiver),
                    json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace weir::notify
