// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/ssh_session.h"

#include <algorithm>
#include <string_view>

#include "classifier/inspect/digest.h"
#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

constexpr std::string_view kPrefix = "SSH-";
constexpr std::uint8_t kKexinit = 20;  // SSH_MSG_KEXINIT
constexpr std::size_t kCookieBytes = 16;
constexpr std::size_t kLengthBytes = 4;

}  // namespace

std::string hassh(Bytes kexinit, bool server) {
  ByteReader reader{kexinit};
  if (reader.u8() != kKexinit) return {};
  reader.skip(kCookieBytes);
  // kex, host key, then encryption, MAC and compression, each client to server and server to client.
  std::array<std::string_view, 8> lists;
  for (std::string_view& list : lists) {
    const std::uint32_t length = reader.u32();
    if (length > kSshListBytesMax) return {};
    list = as_text(reader.take(length));
  }
  if (!reader.ok()) return {};
  const std::size_t turn = server ? 1 : 0;
  std::string text{lists[0]};
  for (const std::size_t first : {2U, 4U, 6U}) {
    text += ';';
    text += lists[first + turn];
  }
  return md5_hex(text);
}

ParseStep SshSession::from_client(Bytes bytes, FlowFacts& facts) {
  if (!sides_[1].banner) return {};  // it waits, unread
  return feed(0, bytes, facts);
}

ParseStep SshSession::from_server(Bytes bytes, FlowFacts& facts) {
  if (!sides_[1].banner && sides_[1].held.empty()) {
    const std::string_view text = as_text(bytes.first(std::min(bytes.size(), kPrefix.size())));
    if (text != kPrefix.substr(0, text.size())) {
      ParseStep other;
      other.outcome = Outcome::kRestart;
      return other;
    }
    if (text.size() < kPrefix.size()) return {};
  }
  return feed(1, bytes, facts);
}

ParseStep SshSession::feed(std::size_t index, Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  Side& side = sides_[index];
  step.consumed = bytes.size();
  if (side.done) return step;
  side.held.insert(side.held.end(), bytes.begin(), bytes.end());
  facts.ssh.seen = true;
  if (!side.banner) {
    std::string& banner = index == 0 ? facts.ssh.client_banner : facts.ssh.server_banner;
    step.outcome = read_banner(side, banner);
    step.changed = side.banner;
    if (step.outcome != Outcome::kMore || !side.banner) return step;
  }
  step.outcome = read_kexinit(side, index, facts.ssh);
  step.changed |= side.done;
  if (side.done && sides_[1 - index].done) step.outcome = Outcome::kFinal;
  return step;
}

Outcome SshSession::read_banner(Side& side, std::string& banner) {
  const std::string_view text = as_text(side.held);
  const std::size_t feed = text.find('\n');
  if (feed == std::string_view::npos)
    return text.size() < kSshBannerBytesMax ? Outcome::kMore : Outcome::kFinal;
  std::string_view line = text.substr(0, feed);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!line.starts_with(kPrefix) || feed >= kSshBannerBytesMax) return Outcome::kFinal;
  constexpr std::string_view kVersion = "SSH-2.0-";
  banner = printable(line.starts_with(kVersion) ? line.substr(kVersion.size()) : line, kSshBannerBytesMax);
  side.banner = true;
  side.held.erase(side.held.begin(), side.held.begin() + static_cast<std::ptrdiff_t>(feed + 1));
  return Outcome::kMore;
}

Outcome SshSession::read_kexinit(Side& side, std::size_t index, SshFacts& facts) {
  ByteReader reader{Bytes{side.held}};
  const std::uint32_t length = reader.u32();
  const std::uint8_t padding = reader.u8();
  const std::uint8_t number = reader.u8();
  if (!reader.ok()) return Outcome::kMore;
  const bool sane = length <= kSshPacketBytesMax && length >= 2U + padding;
  if (!sane || number != kKexinit) return Outcome::kFinal;
  if (side.held.size() < kLengthBytes + length) return Outcome::kMore;
  const Bytes payload = Bytes{side.held}.subspan(kLengthBytes + 1, length - 1U - padding);
  std::string& fingerprint = index == 0 ? facts.hassh : facts.hassh_server;
  fingerprint = hassh(payload, index == 1);
  side.done = true;
  side.held = {};
  return Outcome::kMore;
}

}  // namespace weir::classifier
