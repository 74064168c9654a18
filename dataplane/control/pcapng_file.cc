// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/pcapng_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir::dataplane {
namespace {

// Block types, option codes and values by the draft's sections 4 and 3.5.
constexpr std::uint32_t kSectionHeader = 0x0A0D0D0A;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1A2B3C4D;
constexpr std::uint16_t kComment = 1;
constexpr std::uint16_t kSectionApplication = 4;
constexpr std::uint16_t kInterfaceName = 2;
constexpr std::uint16_t kTimeResolution = 9;
constexpr std::uint16_t kPacketFlags = 2;
constexpr std::uint16_t kLinkEthernet = 1;
constexpr char kNanoseconds = 9;  // 10^-9 s
constexpr std::uint32_t kInbound = 1;

template <typename Number>
void put(std::string& out, Number number) {
  char bytes[sizeof(number)];
  std::memcpy(bytes, &number, sizeof(number));
  out.append(bytes, sizeof(bytes));
}

void put_padded(std::string& out, std::string_view bytes) {
  out += bytes;
  out.append((4 - bytes.size() % 4) % 4, '\0');
}

void put_option(std::string& out, std::uint16_t code, std::string_view value) {
  put(out, code);
  put(out, static_cast<std::uint16_t>(value.size()));
  put_padded(out, value);
}

/// Its length stands before and after the body.
void put_block(std::string& out, std::uint32_t type, std::string body) {
  put(body, std::uint32_t{0});  // end of the options
  const auto bytes = static_cast<std::uint32_t>(body.size() + 12);
  put(out, type);
  put(out, bytes);
  out += body;
  put(out, bytes);
}

}  // namespace

Result<std::unique_ptr<PcapngFile>> PcapngFile::create(const std::string& path,
                                                       const std::vector<std::string>& interfaces,
                                                       std::uint32_t snap_bytes, const std::string& comment) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) {
    return failure(ErrorCode::kSystem, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }
  std::unique_ptr<PcapngFile> made(new PcapngFile(file, path));
  std::string section;
  put(section, kByteOrderMagic);
  put(section, std::uint16_t{1});  // version 1.0
  put(section, std::uint16_t{0});
  put(section, std::int64_t{-1});  // the section's length is not known
  put_option(section, kSectionApplication, "weir " WEIR_VERSION);
  put_option(section, kComment, comment);
  put_block(made->waiting_, kSectionHeader, std::move(section));
  for (const std::string& name : interfaces) {
    std::string interface;
    put(interface, kLinkEthernet);
    put(interface, std::uint16_t{0});
    put(interface, snap_bytes);
    put_option(interface, kInterfaceName, name);
    put_option(interface, kTimeResolution, {&kNanoseconds, 1});
    put_block(made->waiting_, kInterface, std::move(interface));
  }
  if (auto flushed = made->flush(); !flushed) return tl::unexpected(flushed.error());
  return made;
}

PcapngFile::~PcapngFile() { ::close(file_); }

void PcapngFile::add(const Packet& packet) {
  std::string body;
  const auto time = static_cast<std::uint64_t>(packet.time);
  put(body, packet.interface);
  put(body, static_cast<std::uint32_t>(time >> 32U));
  put(body, static_cast<std::uint32_t>(time));
  put(body, static_cast<std::uint32_t>(packet.bytes.size()));
  put(body, packet.frame_bytes);
  put_padded(body, {reinterpret_cast<const char*>(packet.bytes.data()), packet.bytes.size()});
  std::string flags;
  put(flags, kInbound);
  put_option(body, kPacketFlags, flags);
  if (!packet.comment.empty()) put_option(body, kComment, packet.comment);
  put_block(waiting_, kEnhancedPacket, std::move(body));
}

Result<void> PcapngFile::flush() {
  std::string_view left = waiting_;
  while (!left.empty()) {
    const ssize_t wrote = ::write(file_, left.data(), left.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      return failure(ErrorCode::kSystem, fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
    }
    written_ += static_cast<std::uint64_t>(wrote);
    left.remove_prefix(static_cast<std::size_t>(wrote));
  }
  waiting_.clear();
  return {};
}

}  // namespace weir::dataplane
