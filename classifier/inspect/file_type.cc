// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/file_type.h"

#include <algorithm>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kZipLocalHeader = 0x04034b50;
constexpr std::size_t kZipHeaderBytes = 26;  // behind the signature
constexpr std::uint16_t kZipEncrypted = 0x0001;
constexpr std::uint16_t kZipSizeFollows = 0x0008;
constexpr std::uint64_t kZip64 = 0xffffffff;
constexpr std::size_t kMimetypeBytes = 64;  // of the member "mimetype" of ODF and EPUB

constexpr std::size_t kIsoMarkAt = 32'769;
constexpr std::string_view kIsoMark = "CD001";
constexpr std::size_t kSevenZipStartHeader = 32;
constexpr std::string_view kSevenZipAes = "\x06\xf1\x07\x01"sv;
/// The stream of an OLE2 file that holds an encrypted OOXML document (MS-OFFCRYPTO 2.3.4.4), UTF-16.
constexpr std::string_view kEncryptedPackage = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0"sv;

std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count && at + i < bytes.size(); ++i)
    value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return value;
}

/// RAR 5 numbers: seven bits a byte, the lowest first.
std::uint64_t rar_number(std::string_view bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; at < bytes.size() && shift < 63; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80U) == 0) break;
  }
  return value;
}

/// Headers of a RAR archive within the file's head: encrypted headers, or an encrypted first member.
bool rar_encrypted(std::string_view head) {
  if (head.size() > 7 && head[6] == 0) {  // version 4: crc, type, flags, size
    std::size_t at = 7;
    for (unsigned block = 0; block < 2 && at + 7 <= head.size(); ++block) {
      const unsigned type = static_cast<unsigned char>(head[at + 2]);
      const std::uint64_t flags = little_endian(head, at + 3, 2);
      if (type == 0x73 && (flags & 0x80U) != 0) return true;
      if (type == 0x74) return (flags & 0x04U) != 0;
      at += little_endian(head, at + 5, 2);
    }
    return false;
  }
  std::size_t at = 8;
  for (unsigned block = 0; block < 3 && at + 6 < head.size(); ++block) {
    at += 4;  // crc
    const std::uint64_t size = rar_number(head, at);
    const std::uint64_t next = at + std::min<std::uint64_t>(size, kFileHeadBytesMax);
    const std::uint64_t type = rar_number(head, at);
    const std::uint64_t flags = rar_number(head, at);
    if (type == 4) return true;
    if (type == 2 &&
        (flags & 1U) != 0) {  // the extra area is at the end of the header; its records have a type
      std::size_t extra = at;
      const std::uint64_t extra_bytes = rar_number(head, extra);
      extra = next - std::min(next, extra_bytes);
      static_cast<void>(rar_number(head, extra));
      return rar_number(head, extra) == 1;
    }
    if (type == 2) return false;
    at = next;
  }
  return false;
}

}  // namespace

void ZipMembers::read(std::string_view bytes) {
  while (!bytes.empty()) {
    if (skip_ > 0) {
      const std::size_t count = std::min<std::uint64_t>(skip_, bytes.size());
      if (capture_ > 0) {
        const std::size_t wanted = std::min(capture_, count);
        field_ += bytes.substr(0, wanted);
        capture_ -= wanted;
        if (capture_ == 0) end_name();
      }
      skip_ -= count;
      bytes.remove_prefix(count);
      continue;
    }
    switch (state_) {
      case State::kContent:
        state_ = State::kSignature;
        signature_ = 0;
        break;
      case State::kSignature: {
        std::size_t at = 0;
        while (at < bytes.size() && signature_ != kZipLocalHeader) {
          signature_ = signature_ >> 8U | std::uint32_t{static_cast<unsigned char>(bytes[at++])} << 24U;
        }
        bytes.remove_prefix(at);
        if (signature_ != kZipLocalHeader) break;
        field_.clear();
        state_ = State::kHeader;
        break;
      }
      case State::kHeader:
      case State::kName: {
        const bool header = state_ == State::kHeader;
        const std::size_t want = header ? kZipHeaderBytes - field_.size() : name_left_;
        const std::size_t count = std::min(want, bytes.size());
        const std::size_t room =
            header ? count : kZipNameBytesMax - std::min(kZipNameBytesMax, field_.size());
        field_ += bytes.substr(0, std::min(count, room));
        bytes.remove_prefix(count);
        if (!header) name_left_ -= count;
        if (count == want) header ? begin_name() : end_name();
        break;
      }
    }
  }
}

void ZipMembers::begin_name() {
  const std::uint64_t flags = little_endian(field_, 2, 2);
  const std::uint64_t size = little_endian(field_, 14, 4);
  name_left_ = little_endian(field_, 22, 2);
  skip_ = 0;
  encrypted_ |= (flags & kZipEncrypted) != 0;
  const bool known = (flags & kZipSizeFollows) == 0 && size != kZip64;
  const std::uint64_t behind = little_endian(field_, 24, 2) + (known ? size : 0);
  field_.clear();
  state_ = State::kName;
  name_then_skip_ = behind;
  if (name_left_ == 0) end_name();
}

void ZipMembers::end_name() {
  if (state_ == State::kContent) {  // the content of "mimetype" was captured
    if (field_.starts_with("application/vnd.oasis.opendocument")) type_ = "odf";
    if (field_.starts_with("application/epub")) type_ = "epub";
    return;
  }
  const std::string_view name = field_;
  const auto is_any = [&](std::initializer_list<std::string_view> starts) {
    return std::any_of(starts.begin(), starts.end(), [&](std::string_view s) { return name.starts_with(s); });
  };
  if (name == "AndroidManifest.xml" || name == "classes.dex") {
    type_ = "apk";
  } else if (type_ == "zip") {
    if (is_any({"[Content_Types].xml", "word/", "xl/", "ppt/", "_rels/.rels"})) type_ = "ooxml";
    if (is_any({"META-INF/MANIFEST.MF"}) || name.ends_with(".class")) type_ = "jar";
  }
  const bool mimetype = name == "mimetype";
  field_.clear();
  state_ = State::kContent;
  skip_ = name_then_skip_;
  capture_ = mimetype ? std::min<std::uint64_t>(skip_, kMimetypeBytes) : 0;
}

bool FileType::read(std::string_view bytes) {
  const std::uint64_t offset = bytes_;
  bytes_ += bytes.size();
  for (std::size_t i = 0; offset < kIsoMarkAt + kIsoMark.size() && i < kIsoMark.size(); ++i) {
    const std::uint64_t at = kIsoMarkAt + i;
    if (at < offset || at >= bytes_) continue;
    iso_ = bytes[at - offset] == kIsoMark[i] && (i == 0 || iso_);
    if (iso_ && i + 1 == kIsoMark.size()) iso_whole_ = true;
  }
  bool now = false;
  if (!named_) {
    const std::size_t wanted = std::min(kFileHeadBytesMax - head_.size(), bytes.size());
    head_ += bytes.substr(0, wanted);
    bytes.remove_prefix(wanted);
    if (head_.size() < kFileHeadBytesMax) return false;
    now = name(false);
  }
  follow(bytes);
  return now;
}

bool FileType::finish() {
  const bool now = !named_ && name(true);
  if (type_ == "7z" && tail_.find(kSevenZipAes) != std::string::npos) encrypted_ = true;
  tail_ = {};
  return now;
}

std::string_view FileType::type() const {
  if (iso_whole_) return "iso";  // its first sectors are free to hold anything
  return type_ == "zip" ? zip_.type() : type_;
}

bool FileType::name(bool whole) {
  named_ = true;
  type_ = type_of_head(as_bytes(head_), whole);
  if (type_ == "rar") encrypted_ = rar_encrypted(head_);
  if (type_ == "pgp") encrypted_ = true;
  if (type_ == "7z")
    header_at_ = kSevenZipStartHeader + (little_endian(head_, 12, 8) & ~(std::uint64_t{1} << 63U));
  const std::string head = std::move(head_);
  head_ = {};
  const std::uint64_t all = bytes_;
  bytes_ = head.size();
  follow(head);
  bytes_ = all;
  return !type_.empty();
}

void FileType::follow(std::string_view bytes) {
  if (type_ == "zip") zip_.read(bytes);
  if (type_ == "ole2") follow_ole(bytes);
  if (type_ == "7z") follow_seven_zip(bytes, bytes_ - bytes.size());
}

void FileType::follow_ole(std::string_view bytes) {
  if (encrypted_) return;
  const std::size_t keep = kEncryptedPackage.size() - 1;
  tail_ += bytes.substr(0, keep);
  encrypted_ = tail_.find(kEncryptedPackage) != std::string::npos ||
               bytes.find(kEncryptedPackage) != std::string_view::npos;
  if (bytes.size() >= keep) {
    tail_ = bytes.substr(bytes.size() - keep);
  } else if (tail_.size() > keep) {
    tail_.erase(0, tail_.size() - keep);
  }
}

void FileType::follow_seven_zip(std::string_view bytes, std::uint64_t offset) {
  if (offset + bytes.size() <= header_at_) return;
  if (offset < header_at_) bytes.remove_prefix(header_at_ - offset);
  tail_ += bytes.substr(0, kSevenZipHeaderBytesMax - std::min(kSevenZipHeaderBytesMax, tail_.size()));
}

}  // namespace weir::classifier
