// SPDX-License-Identifier: Apache-2.0
// The table of beginnings. From the formats' specifications; order matters where one row is a part of
// another.
#include <algorithm>
#include <array>

#include "classifier/inspect/file_type.h"
#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  std::string_view type;
};

using namespace std::string_view_literals;

constexpr std::array kMagics{
    Magic{0,
          "\x7f"
          "ELF"sv,
          "elf"},
    Magic{0, "\xfe\xed\xfa\xce"sv, "mach-o"},
    Magic{0, "\xfe\xed\xfa\xcf"sv, "mach-o"},
    Magic{0, "\xce\xfa\xed\xfe"sv, "mach-o"},
    Magic{0, "\xcf\xfa\xed\xfe"sv, "mach-o"},
    Magic{0, "PK\x03\x04"sv, "zip"},
    Magic{0, "PK\x05\x06"sv, "zip"},
    Magic{0, "PK\x07\x08"sv, "zip"},
    Magic{0, "Rar!\x1a\x07\x00"sv, "rar"},
    Magic{0, "Rar!\x1a\x07\x01\x00"sv, "rar"},
    Magic{0, "7z\xbc\xaf\x27\x1c"sv, "7z"},
    Magic{0, "\x1f\x8b"sv, "gzip"},
    Magic{0, "BZh"sv, "bzip2"},
    Magic{0,
          "\xfd"
          "7zXZ\x00"sv,
          "xz"},
    Magic{0, "\x28\xb5\x2f\xfd"sv, "zstd"},
    Magic{0, "MSCF\x00\x00\x00\x00"sv, "cab"},
    Magic{0, "\x60\xea"sv, "arj"},
    Magic{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, "ole2"},
    Magic{0, "{\\rt"sv, "rtf"},
    Magic{0, "L\x00\x00\x00\x01\x14\x02\x00"sv, "lnk"},
    Magic{0, "ITSF"sv, "chm"},
    Magic{0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d"sv, "onenote"},
    Magic{0, "\x78\x9f\x3e\x22"sv, "tnef"},
    Magic{0, "dex\n03"sv, "dex"},
    Magic{0,
          "\x00"
          "asm"sv,
          "wasm"},
    Magic{0, "!<arch>\ndebian"sv, "deb"},
    Magic{0, "\xed\xab\xee\xdb"sv, "rpm"},
    Magic{0, "vhdxfile"sv, "vhdx"},
    Magic{0, "conectix"sv, "vhd"},
    Magic{0, "\xff\xd8\xff"sv, "jpeg"},
    Magic{0, "\x89PNG\r\n\x1a\n"sv, "png"},
    Magic{0, "GIF8"sv, "gif"},
    Magic{0, "BM"sv, "bmp"},
    Magic{0, "II*\x00"sv, "tiff"},
    Magic{0, "MM\x00*"sv, "tiff"},
    Magic{8, "WEBP"sv, "webp"},
    Magic{8, "WAVE"sv, "wav"},
    Magic{8, "AVI "sv, "avi"},
    Magic{0, "\x00\x00\x01\x00"sv, "ico"},
    Magic{0, "ID3"sv, "mp3"},
    Magic{0, "\xff\xfb"sv, "mp3"},
    Magic{0, "OggS"sv, "ogg"},
    Magic{0, "fLaC"sv, "flac"},
    Magic{0, "\x1a\x45\xdf\xa3"sv, "matroska"},
    Magic{4, "ftypheic"sv, "heif"},
    Magic{4, "ftypmif1"sv, "heif"},
    Magic{4, "ftypavif"sv, "avif"},
    Magic{4, "ftyp"sv, "mp4"},
    Magic{0, "SQLite format 3\x00"sv, "sqlite"},
    Magic{0, "wOFF"sv, "woff"},
    Magic{0, "wOF2"sv, "woff"},
    Magic{257, "ustar"sv, "tar"},
    Magic{0, "-----BEGIN PGP MESSAGE"sv, "pgp"},
    Magic{0, "From "sv, "mbox"},
    Magic{0, "BEGIN:VCALENDAR"sv, "ics"},
    Magic{0, "BEGIN:VCARD"sv, "vcard"},
    Magic{0, "[InternetShortcut]"sv, "url"},
};

/// RFC-822-like and text files have no magic: what browsers and script hosts look for instead.
struct TextHint {
  std::string_view word;  // lower case
  std::string_view type;
  bool at_start;  // of the text, else anywhere in the head
};
constexpr std::array kTextHints{
    TextHint{"<!doctype html", "html", true},
    TextHint{"<html", "html", true},
    TextHint{"<head", "html", true},
    TextHint{"<script", "html", true},
    TextHint{"<svg", "svg", true},
    TextHint{"<body", "html", true},
    TextHint{"<job", "wsf", true},
    TextHint{"<package", "wsf", true},
    TextHint{"<%", "script", true},
    TextHint{"<?php", "script", true},
    TextHint{"@echo off", "script", true},
    TextHint{"<hta:application", "hta", false},
    TextHint{"<html", "html", false},
    TextHint{"<script", "html", false},
    TextHint{"<svg", "svg", false},
    TextHint{"wscript.", "script", false},
    TextHint{"activexobject(", "script", false},
    TextHint{"createobject(", "script", false},
    TextHint{"eval(", "js", false},
    TextHint{"document.write(", "js", false},
    TextHint{"string.fromcharcode(", "js", false},
};

bool has_at(std::string_view text, std::size_t offset, std::string_view bytes) {
  return text.size() >= offset + bytes.size() && text.substr(offset, bytes.size()) == bytes;
}

/// MZ is a DOS program unless it leads to a PE header (or to where none was read yet).
std::string_view dos_or_pe(std::string_view head) {
  if (head.size() < 0x40) return head.size() < 0x20 ? "" : "dos-exe";
  const auto byte = [&](std::size_t i) -> std::size_t { return static_cast<unsigned char>(head[i]); };
  const std::size_t at = byte(0x3c) | byte(0x3d) << 8U | byte(0x3e) << 16U | byte(0x3f) << 24U;
  if (at + 4 <= head.size()) return head.substr(at, 4) == "PE\0\0"sv ? "pe" : "dos-exe";
  return "pe";
}

std::string_view text_type(std::string_view head) {
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  std::string text;
  text.reserve(head.size());
  for (const char c : head) {
    if (c != '\0') text += lower(c);  // UTF-16 of ASCII reads as ASCII
  }
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) text.erase(0, 2);
  if (text.starts_with("#!")) return "script";
  const std::string_view all = text;
  const std::string_view start = all.substr(std::min(all.find_first_not_of(" \t\r\n"), all.size()));
  for (const TextHint& hint : kTextHints) {
    if (hint.at_start ? start.starts_with(hint.word) : all.find(hint.word) != std::string_view::npos)
      return hint.type;
  }
  if (start.starts_with("<?xml")) return "xml";
  const auto control = [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code < 0x20 && c != '\t' && c != '\r' && c != '\n' && c != '\f' && c != '\x1b';
  };
  const bool plain =
      head.find('\0') == std::string_view::npos && std::none_of(head.begin(), head.end(), control);
  return plain && !head.empty() ? "text" : "";
}

}  // namespace

std::string_view type_of_head(Bytes bytes, bool whole) {
  const std::string_view head = as_text(bytes);
  if (head.starts_with("MZ")) {
    const std::string_view type = dos_or_pe(head);
    if (!type.empty()) return type;
  }
  if (has_at(head, 0, "\xca\xfe\xba\xbe") && head.size() >= 8) {
    // A Mach-O of several processors counts them here, a Java class has its version (45 and up).
    return head[4] == 0 && head[5] == 0 && head[6] == 0 && static_cast<unsigned char>(head[7]) < 45
               ? "mach-o"
               : "java-class";
  }
  for (const Magic& magic : kMagics) {
    if (has_at(head, magic.offset, magic.bytes)) return magic.type;
  }
  // Readers of PDF look for its mark in the first kilobyte (ISO 32000-1 annex H.3).
  if (head.substr(0, 1'024 + 5).find("%PDF-") != std::string_view::npos) return "pdf";
  if (whole && head.empty()) return "empty";
  return text_type(head);
}

}  // namespace weir::classifier
