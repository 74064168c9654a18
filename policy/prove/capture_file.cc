// SPDX-License-Identifier: Apache-2.0
#include "policy/prove/capture_file.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace weir::prove {
namespace {

constexpr std::uint32_t kMagicMicroseconds = 0xa1b2'c3d4;
constexpr std::uint32_t kMagicNanoseconds = 0xa1b2'3c4d;
constexpr std::uint32_t kVersion = 2U | 4U << 16U;  // 2.4
constexpr std::uint32_t kFrameBytesMax = 65'535;
constexpr std::uint32_t kEthernet = 1;

// Written in the byte order of the machine, as the format wants it.
struct FileHeader {
  std::uint32_t magic = kMagicNanoseconds;
  std::uint32_t version = kVersion;
  std::uint32_t zone = 0;
  std::uint32_t accuracy = 0;
  std::uint32_t frame_bytes_max = kFrameBytesMax;
  std::uint32_t link = kEthernet;
};
struct FrameHeader {
  std::uint32_t seconds = 0;
  std::uint32_t fraction = 0;
  std::uint32_t bytes = 0;
  std::uint32_t bytes_on_wire = 0;
};

template <typename Header>
void append(std::string& out, const Header& header) {
  const auto bytes = std::bit_cast<std::array<char, sizeof(Header)>>(header);
  out.append(bytes.data(), bytes.size());
}

/// Takes the next header off; false: there is less.
template <typename Header>
bool next(std::string_view& bytes, Header& header) {
  if (bytes.size() < sizeof(Header)) return false;
  std::memcpy(&header, bytes.data(), sizeof(Header));
  bytes.remove_prefix(sizeof(Header));
  return true;
}

}  // namespace

Result<void> write_capture(const std::string& path, const std::vector<TimedFrame>& frames) {
  std::string bytes;
  append(bytes, FileHeader{});
  for (const TimedFrame& frame : frames) {
    const auto length = static_cast<std::uint32_t>(frame.bytes.size());
    append(bytes, FrameHeader{static_cast<std::uint32_t>(frame.time / kSecond),
                              static_cast<std::uint32_t>(frame.time % kSecond), length, length});
    bytes += frame.bytes;
  }
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return failure(ErrorCode::kSystem, "cannot write " + path);
  return {};
}

Result<std::vector<TimedFrame>> frames_of(std::string_view capture) {
  FileHeader header;
  const bool known = next(capture, header) && header.link == kEthernet &&
                     (header.magic == kMagicNanoseconds || header.magic == kMagicMicroseconds);
  if (!known) return failure(ErrorCode::kCorrupt, "is no capture of Ethernet frames");
  const TimeNs unit = header.magic == kMagicNanoseconds ? 1 : kMicrosecond;
  std::vector<TimedFrame> frames;
  FrameHeader one;
  while (next(capture, one)) {
    if (one.bytes > capture.size()) break;
    frames.push_back(
        {one.seconds * kSecond + one.fraction * unit, std::string(capture.substr(0, one.bytes))});
    capture.remove_prefix(one.bytes);
    one = {};
  }
  if (!capture.empty() || one.bytes != 0)
    return failure(ErrorCode::kCorrupt, "ends in the middle of a frame");
  return frames;
}

Result<std::vector<TimedFrame>> read_capture(const std::string& path) {
  std::error_code none;
  const std::uintmax_t size = std::filesystem::file_size(path, none);
  if (none) return failure(ErrorCode::kSystem, "cannot read " + path);
  if (size > kCaptureBytesMax)
    return failure(ErrorCode::kLimit, fmt::format("{} has more than {} bytes", path, kCaptureBytesMax));
  std::string bytes(size, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!in) return failure(ErrorCode::kSystem, "cannot read " + path);
  auto frames = frames_of(bytes);
  if (!frames) frames.error().what = path + " " + frames.error().what;
  return frames;
}

}  // namespace weir::prove
