// SPDX-License-Identifier: Apache-2.0
#include "dataplane/bypass/manual.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "dataplane/bypass/shared_file.h"
#include "policy/model/settings_table.h"
#include "policy/model/text_file.h"

namespace weir::dataplane {
namespace {

using nlohmann::json;

constexpr std::string_view kMagic =
    "weir-bypass 1 ";  // then the checksum in hexadecimal digits, a line end, JSON

tl::unexpected<Error> system_failure(const std::string& path) {
  return failure(ErrorCode::kSystem, fmt::format("{}: {}", path, std::strerror(errno)));
}
tl::unexpected<Error> damaged(const std::string& path) {
  return failure(ErrorCode::kCorrupt, path + " is damaged, no bypass is taken from it",
                 "turn the bypass on again if it is wanted");
}

std::string head_of(std::string_view body) {
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return fmt::format("{}{:08x}\n", kMagic, sum);
}

bool is_sane(const ManualBypass& one) {
  return !one.pair.empty() && one.until > one.since && one.until - one.since <= kBypassLongest &&
         check_reason(one.reason).has_value();
}

json to_json(const ManualBypass& one) {
  return {{"pair", one.pair},   {"since_ns", one.since}, {"until_ns", one.until},
          {"uid", one.who.uid}, {"user", one.who.user},  {"reason", one.reason}};
}

Result<void> write_whole(int fd, std::string_view text, const std::string& path) {
  const ssize_t put = ::write(fd, text.data(), text.size());
  if (put != static_cast<ssize_t>(text.size()) || ::fsync(fd) != 0) return system_failure(path);
  return {};
}

}  // namespace

Who who_is(std::uint32_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4'096> buffer{};
  const bool known = getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  return {uid, known ? entry.pw_name : fmt::format("{}", uid)};
}

std::string manual_file(const Settings& settings) { return settings.state_directory + "/bypass.state"; }
std::string audit_file(const Settings& settings) { return settings.state_directory + "/bypass.log"; }

Result<void> check_reason(std::string_view reason) {
  const bool printable = std::none_of(reason.begin(), reason.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < ' ' || byte == 0x7f;
  });
  if (!reason.empty() && reason.size() <= kReasonBytesMax && printable &&
      reason.find_first_not_of(' ') != std::string_view::npos) {
    return {};
  }
  return failure(ErrorCode::kInvalid, fmt::format("a reason has 1 to {} printable bytes", kReasonBytesMax));
}

Result<std::vector<ManualBypass>> read_manual(const std::string& path) {
  const auto text = read_text_file(path, kManualFileBytesMax);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::vector<ManualBypass>{};
  if (!text) return tl::unexpected(text.error());
  const std::size_t line_end = text->find('\n');
  if (line_end == std::string::npos) return damaged(path);
  const std::string_view body = std::string_view(*text).substr(line_end + 1);
  if (text->substr(0, line_end + 1) != head_of(body)) return damaged(path);
  std::vector<ManualBypass> all;
  try {
    for (const json& one : json::parse(body)) {
      all.push_back({.pair = one.at("pair").get<std::string>(),
                     .since = one.at("since_ns").get<TimeNs>(),
                     .until = one.at("until_ns").get<TimeNs>(),
                     .who = {one.at("uid").get<std::uint32_t>(), one.at("user").get<std::string>()},
                     .reason = one.at("reason").get<std::string>()});
    }
  } catch (const json::exception&) {
    return damaged(path);
  }
  if (all.size() > kPairsMax || !std::all_of(all.begin(), all.end(), is_sane)) return damaged(path);
  return all;
}

Result<void> write_manual(const std::string& path, const std::vector<ManualBypass>& all) {
  if (all.empty()) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_failure(path);
    return {};
  }
  json list = json::array();
  for (const ManualBypass& one : all) list.push_back(to_json(one));
  const std::string body = list.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  const std::string fresh = path + ".new";
  const int fd = open_shared(fresh, O_WRONLY | O_TRUNC);
  if (fd < 0) return system_failure(fresh);
  auto written = write_whole(fd, head_of(body) + body, fresh);
  ::close(fd);
  if (!written) return written;
  if (::rename(fresh.c_str(), path.c_str()) != 0) return system_failure(path);
  return {};
}

Result<void> append_audit(const std::string& path, const AuditLine& line) {
  json entry = to_json(line.bypass);
  entry["event"] = line.event;
  entry["by"] = line.by;
  if (line.event != "on") {
    entry["ended_ns"] = line.ended;
    entry["seconds"] = (line.ended - line.bypass.since + kSecond / 2) / kSecond;
    entry["why"] = line.why;
  }
  const int fd = open_shared(path, O_WRONLY | O_APPEND);
  if (fd < 0) return system_failure(path);
  auto written = write_whole(fd, entry.dump(-1, ' ', false, json::error_handler_t::replace) + "\n", path);
  ::close(fd);
  return written;
}

}  // namespace weir::dataplane
