// SPDX-License-Identifier: Apache-2.0
// What a file is by its bytes, read as a stream: a table of beginnings, the names of a ZIP archive's members,
// and whether it is encrypted. It unpacks nothing: what is inside an archive is known by its member names
// alone, and a 7z archive whose header is compressed shows encryption of its contents only when the header is
// encrypted too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

/// Of the file's beginning, kept until it is named.
inline constexpr std::size_t kFileHeadBytesMax = 2'048;
/// Of the name of an archive's member.
inline constexpr std::size_t kZipNameBytesMax = 64;
/// Of the header at the end of a 7z archive.
inline constexpr std::size_t kSevenZipHeaderBytesMax = 2'048;

/// By the file's first bytes: "pe", "elf", "pdf", "html" ...; "" when no row fits. `whole`: nothing follows.
[[nodiscard]] std::string_view type_of_head(Bytes head, bool whole);

/// Follows the members of a ZIP archive by their sizes, or by the next signature where a size is not given.
class ZipMembers {
 public:
  void read(std::string_view bytes);
  [[nodiscard]] bool encrypted() const { return encrypted_; }
  /// "zip", or what its members make it: ooxml, odf, epub, jar, apk, xpi.
  [[nodiscard]] std::string_view type() const { return type_; }

 private:
  enum class State : std::uint8_t { kSignature, kHeader, kName, kContent };
  void begin_name();
  void end_name();

  State state_ = State::kSignature;
  std::uint32_t signature_ = 0;
  std::string field_;          // the header, then the name, then the first bytes of the member "mimetype"
  std::size_t name_left_ = 0;  // of the name, also what is not kept
  std::uint64_t skip_ = 0;     // extra field and content
  std::size_t capture_ = 0;    // bytes of content still wanted
  std::uint64_t name_then_skip_ = 0;  // what `skip_` becomes behind the name
  bool encrypted_ = false;
  std::string_view type_ = "zip";
};

class FileType {
 public:
  /// Further bytes of the file; true when the type became known (at the end of its head).
  bool read(std::string_view bytes);
  /// The file ends; true when the type became known now.
  bool finish();
  /// Empty until known; may become more exact ("zip" to "ooxml").
  [[nodiscard]] std::string_view type() const;
  [[nodiscard]] bool encrypted() const { return encrypted_ || zip_.encrypted(); }

 private:
  bool name(bool whole);
  void follow(std::string_view bytes);
  void follow_ole(std::string_view bytes);
  void follow_seven_zip(std::string_view bytes, std::uint64_t offset);

  std::string head_;
  bool named_ = false;
  bool encrypted_ = false;
  bool iso_ = false;        // the mark so far
  bool iso_whole_ = false;  // all of it
  std::string_view type_;
  std::uint64_t bytes_ = 0;
  ZipMembers zip_;
  std::string tail_;             // OLE2: bytes that may begin the name looked for; 7z: the header at the end
  std::uint64_t header_at_ = 0;  // 7z
};

}  // namespace weir::classifier
