// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/file_type.h"

#include <gtest/gtest.h>

#include "tests/support/mail_message.h"

namespace weir::classifier {
namespace {

using namespace std::string_literals;
using test::little_endian;
using test::zip_member;

FileType read_in(std::string_view file, std::size_t piece) {
  FileType type;
  for (; !file.empty(); file.remove_prefix(std::min(piece, file.size()))) type.read(file.substr(0, piece));
  type.finish();
  return type;
}

struct Case {
  std::string file;
  std::string type;
  bool encrypted = false;
};

std::string rar5(bool headers, bool member) {
  // signature; crc, size, type, flags and what the type has (RAR 5.0 archive format)
  std::string out = "Rar!\x1a\x07\x01\x00"s;
  if (headers) return out + "crc1\x06\x04\x00\x00\x00\x0f..."s;
  out += "crc1\x04\x01\x00\x00\x00"s;  // main
  if (!member) return out + "crc2\x08\x02\x00\x00\x00\x00\x00\x00\x00"s;
  return out + "crc2\x0a\x02\x01\x03\x00\x00\x00\x00\x02\x01\x00"s;  // its extra area: a record of type 1
}

std::string seven_zip(bool encrypted) {
  const std::string header = encrypted ? "\x17\x06\x06\xf1\x07\x01\x0a"s : "\x17\x06\x03\x03\x01\x01\x05"s;
  return "7z\xbc\xaf\x27\x1c\x00\x04"s + "crc4" + little_endian(5'000, 8) + little_endian(header.size(), 8) +
         "crc4" + std::string(5'000, '\x55') + header;
}

std::string ole2(bool encrypted) {
  std::string utf16;
  for (const char c : "EncryptedPackage"s) utf16 += {c, '\0'};
  return "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"s + std::string(7'000, '\x01') + (encrypted ? utf16 : "") + "tail";
}

std::vector<Case> cases() {
  std::string iso(32'769, '\0');
  std::string tar(257, 'x');
  std::string dos = "MZ" + std::string(0x3a, '\0') + little_endian(0x60, 4) + std::string(0x40, 'x');
  return {
      {test::pe_file(), "pe"},
      {dos, "dos-exe"},
      {"\x7f"
       "ELF\x02\x01",
       "elf"},
      {"\xcf\xfa\xed\xfe\x07", "mach-o"},
      {"\xca\xfe\xba\xbe\x00\x00\x00\x02"s, "mach-o"},
      {"\xca\xfe\xba\xbe\x00\x00\x00\x34"s, "java-class"},
      {zip_member("a.txt", "text"), "zip"},
      {zip_member("a.txt", "text", 1), "zip", true},
      {zip_member("a.txt", "text") + zip_member("b.txt", "text", 9), "zip", true},
      {zip_member("a", "xxPK\x03\x04\x14\x00\x01\x00"s) + zip_member("b", ""),
       "zip"},  // not a member: content
      {zip_member("[Content_Types].xml", "<x/>") + zip_member("word/document.xml", "<x/>"), "ooxml"},
      {zip_member("a", "x", 8) + zip_member("xl/workbook.xml", "<x/>"), "ooxml"},
      {zip_member("mimetype", "application/vnd.oasis.opendocument.text") + zip_member("content.xml", ""),
       "odf"},
      {zip_member("mimetype", "application/epub+zip"), "epub"},
      {zip_member("META-INF/MANIFEST.MF", "x") + zip_member("a.class", "x"), "jar"},
      {zip_member("META-INF/MANIFEST.MF", "x") + zip_member("classes.dex", "x"), "apk"},
      {zip_member(std::string(5'000, 'n'), "x") + zip_member("AndroidManifest.xml", "x"), "apk"},
      {rar5(false, false), "rar"},
      {rar5(true, false), "rar", true},
      {rar5(false, true), "rar", true},
      {"Rar!\x1a\x07\x00"s + "cc\x73\x80\x00\x0d\x00"s, "rar", true},
      {"Rar!\x1a\x07\x00"s + "cc\x73\x00\x00\x0d\x00......"s + "cc\x74\x04\x80\x20\x00"s, "rar", true},
      {"Rar!\x1a\x07\x00"s + "cc\x73\x00\x00\x0d\x00......"s + "cc\x74\x00\x80\x20\x00"s, "rar"},
      {seven_zip(false), "7z"},
      {seven_zip(true), "7z", true},
      {"\x1f\x8b\x08", "gzip"},
      {"%PDF-1.7", "pdf"},
      {std::string(900, '\n') + "%PDF-1.4", "pdf"},
      {ole2(false), "ole2"},
      {ole2(true), "ole2", true},
      {"{\\rtf1", "rtf"},
      {iso + "CD001\x01", "iso"},
      {test::pe_file() + iso.substr(test::pe_file().size()) + "CD001", "iso"},  // bootable
      {tar + "ustar", "tar"},
      {"L\x00\x00\x00\x01\x14\x02\x00"s, "lnk"},
      {"#!/bin/sh\n", "script"},
      {"\xef\xbb\xbf#!/bin/sh\n", "script"},
      {"<?php echo 1;", "script"},
      {"  <!DOCTYPE HTML>", "html"},
      {"hello <script src=x>", "html"},
      {"\xff\xfe<\0h\0t\0m\0l\0"s, "html"},
      {"var a = new ActiveXObject(\"WScript.Shell\");", "script"},
      {"eval(unescape('%61'))", "js"},
      {"<svg onload=1>", "svg"},
      {"<?xml version=\"1.0\"?><a/>", "xml"},
      {"\x89PNG\r\n\x1a\n", "png"},
      {"\xff\xd8\xff\xe0", "jpeg"},
      {"GIF89a", "gif"},
      {"RIFF....WEBP", "webp"},
      {"....ftypisom", "mp4"},
      {"ID3\x03", "mp3"},
      {"-----BEGIN PGP MESSAGE-----", "pgp", true},
      {"just words\n", "text"},
      {"\x01\x02\x03\x04", ""},
      {"", "empty"},
  };
}

TEST(FileType, ByTheirBytesInAnyPieces) {
  for (const Case& each : cases()) {
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{3}, std::size_t{1'000}, std::size_t{100'000}}) {
      SCOPED_TRACE(each.type + " in pieces of " + std::to_string(piece) + ": " + each.file.substr(0, 20));
      const FileType type = read_in(each.file, piece);
      EXPECT_EQ(type.type(), each.type);
      EXPECT_EQ(type.encrypted(), each.encrypted);
    }
  }
}

TEST(FileType, IsKnownBeforeTheEnd) {
  FileType type;
  EXPECT_FALSE(type.read(std::string(kFileHeadBytesMax - 1, 'x')));
  EXPECT_EQ(type.type(), "");
  EXPECT_TRUE(type.read("x"));
  EXPECT_EQ(type.type(), "text");
}

TEST(FileType, SevenZipHeaderIsBounded) {
  const std::string file = "7z\xbc\xaf\x27\x1c\x00\x04"s + "crc4" + little_endian(0, 8) +
                           little_endian(1, 8) + "crc4" + std::string(2 * kSevenZipHeaderBytesMax, '\x55') +
                           "\x06\xf1\x07\x01";
  EXPECT_FALSE(read_in(file, 100).encrypted());
}

}  // namespace
}  // namespace weir::classifier
