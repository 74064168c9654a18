// SPDX-License-Identifier: Apache-2.0
#include "policy/console/channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace weir::console {
namespace {

constexpr std::size_t kHeadersMax = 32;

using Length = std::uint32_t;

bool write_whole(int channel, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(channel, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool read_whole(int channel, char* into, std::size_t size) {
  while (size > 0) {
    const ssize_t got = recv(channel, into, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

/// Texts, each behind its length; the whole behind its own.
class Frame {
 public:
  void add(std::string_view text) {
    const auto length = static_cast<Length>(text.size());
    char bytes[sizeof(length)];
    std::memcpy(bytes, &length, sizeof(length));
    bytes_.append(bytes, sizeof(length)).append(text);
  }
  [[nodiscard]] bool send(int channel) const {
    Frame whole;
    if (bytes_.size() > kFrameBytesMax) return false;
    whole.add(bytes_);
    return write_whole(channel, whole.bytes_);
  }
  [[nodiscard]] bool receive(int channel) {
    Length length = 0;
    char bytes[sizeof(length)];
    if (!read_whole(channel, bytes, sizeof(bytes))) return false;
    std::memcpy(&length, bytes, sizeof(length));
    if (length > kFrameBytesMax) return false;
    bytes_.resize(length);
    return read_whole(channel, bytes_.data(), length);
  }
  /// False: there is none any more.
  [[nodiscard]] bool take(std::string& text) {
    Length length = 0;
    if (bytes_.size() - at_ < sizeof(length)) return false;
    std::memcpy(&length, bytes_.data() + at_, sizeof(length));
    at_ += sizeof(length);
    if (bytes_.size() - at_ < length) return false;
    text.assign(bytes_, at_, length);
    at_ += length;
    return true;
  }
  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

constexpr std::string Request::*kRequestTexts[] = {
    &Request::method,        &Request::target,  &Request::body,       &Request::address,
    &Request::host,          &Request::origin,  &Request::fetch_site, &Request::csrf,
    &Request::content_type,  &Request::session, &Request::if_match,   &Request::last_event,
    &Request::authorization, &Request::key};

}  // namespace

bool send_request(int channel, const Request& request) {
  Frame frame;
  for (const auto text : kRequestTexts) frame.add(request.*text);
  return frame.send(channel);
}

std::optional<Request> receive_request(int channel) {
  Frame frame;
  Request request;
  if (!frame.receive(channel)) return std::nullopt;
  for (const auto text : kRequestTexts) {
    if (!frame.take(request.*text)) return std::nullopt;
  }
  return frame.at_end() ? std::optional{std::move(request)} : std::nullopt;
}

bool send_response(int channel, const Response& response) {
  Frame frame;
  frame.add(std::to_string(response.status));
  frame.add(response.type);
  frame.add(response.body);
  for (const auto& [name, value] : response.headers) {
    frame.add(name);
    frame.add(value);
  }
  return frame.send(channel);
}

std::optional<Response> receive_response(int channel) {
  Frame frame;
  Response response;
  std::string status;
  if (!frame.receive(channel) || !frame.take(status) || !frame.take(response.type) ||
      !frame.take(response.body))
    return std::nullopt;
  std::from_chars(status.data(), status.data() + status.size(), response.status);
  while (!frame.at_end()) {
    std::pair<std::string, std::string> header;
    if (response.headers.size() == kHeadersMax || !frame.take(header.first) || !frame.take(header.second))
      return std::nullopt;
    response.headers.push_back(std::move(header));
  }
  return response;
}

}  // namespace weir::console
