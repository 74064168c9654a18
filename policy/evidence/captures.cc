// SPDX-License-Identifier: Apache-2.0
#include "policy/evidence/captures.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "policy/engine/event_codec.h"
#include "policy/model/ip_address.h"

namespace weir::evidence {
namespace {

constexpr TimeNs kSlack = 5 * kSecond;         // a capture goes on after a verdict
constexpr std::size_t kHeadersBytes = 256;     // of a frame, in which its addresses are
constexpr std::uint32_t kNobody = UINT32_MAX;  // no worker

std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename();
    if (name.starts_with("weir-") && name.ends_with(".pcapng") && at->is_regular_file(error))
      files.push_back(at->path());
  }
  std::ranges::sort(files);
  return files;
}

std::optional<CaptureFile> read_file(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error || size > kCaptureFileBytesMax) return std::nullopt;
  std::string bytes(size, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  auto file = read_pcapng(bytes);
  if (!file) return std::nullopt;
  return std::move(*file);
}

std::string wire_bytes(const IpAddress& address) {
  const auto& bytes = address.bytes();
  const std::size_t from = address.is_v4() ? 12 : 0;
  return {reinterpret_cast<const char*>(bytes.data()) + from, bytes.size() - from};
}

bool has(const Packet& packet, const std::string& address) {
  return std::string_view{packet.bytes}.substr(0, kHeadersBytes).find(address) != std::string_view::npos;
}

/// "blocked: ... flow=7 worker=1 ..."; kNobody where the file is not of one worker.
std::uint32_t worker_in(std::string_view comment) {
  constexpr std::string_view kWorker = " worker=";
  std::uint32_t worker = kNobody;
  if (const std::size_t at = comment.find(kWorker); at != std::string_view::npos)
    std::from_chars(comment.data() + at + kWorker.size(), comment.data() + comment.size(), worker);
  return worker;
}

}  // namespace

std::optional<FlowNumber> number_in(std::string_view flow_id) {
  FlowNumber found;
  const std::size_t first = flow_id.find('-');
  const std::size_t second = first == std::string_view::npos ? first : flow_id.find('-', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto read = [](std::string_view text, auto& into) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    return error == std::errc{} && end == text.data() + text.size();
  };
  if (!read(flow_id.substr(first + 1, second - first - 1), found.worker) ||
      !read(flow_id.substr(second + 1), found.number)) {
    return std::nullopt;
  }
  return found;
}

std::vector<Packet> packets_of(const std::string& directory, const event::FlowEvent& flow) {
  std::vector<Packet> packets;
  const auto number = number_in(flow.flow_id());
  if (!number) return packets;
  const FiveTuple ends = policy::tuple_of(flow);
  const std::string initiator = wire_bytes(ends.initiator);
  const std::string responder = wire_bytes(ends.responder);
  const auto since = static_cast<TimeNs>(flow.started_ns()) - kSlack;
  const auto last = static_cast<TimeNs>(flow.ended_ns() != 0 ? flow.ended_ns() : flow.time_ns());
  for (const std::string& path : files_in(directory)) {
    const auto file = read_file(path);
    if (!file) continue;
    const std::uint32_t worker = worker_in(file->comment);
    if (worker != kNobody && worker != number->worker) continue;
    for (const Packet& packet : file->packets) {
      const bool meant =
          packet.flow == number->number && packet.time >= since && packet.time <= last + kSlack;
      if (meant && has(packet, initiator) && has(packet, responder)) packets.push_back(packet);
    }
  }
  std::ranges::stable_sort(packets, {}, &Packet::time);
  packets.erase(std::unique(packets.begin(), packets.end()), packets.end());
  packets.resize(std::min(packets.size(), kFlowPacketsMax));
  return packets;
}

std::vector<std::string> captures_of(const std::string& directory, const std::string& subject) {
  std::vector<std::string> found;
  const auto address = IpAddress::parse(subject);
  if (!address) return found;
  const std::string bytes = wire_bytes(*address);
  for (const std::string& path : files_in(directory)) {
    const auto file = read_file(path);
    const bool named =
        file && std::ranges::any_of(file->packets, [&](const Packet& one) { return has(one, bytes); });
    if (named) found.push_back(path);
  }
  return found;
}

Result<void> remove_captures(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    std::error_code error;
    std::filesystem::remove(file, error);
    if (error) return failure(ErrorCode::kSystem, fmt::format("cannot remove {}: {}", file, error.message()));
  }
  return {};
}

}  // namespace weir::evidence
