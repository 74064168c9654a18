// SPDX-License-Identifier: Apache-2.0
// Writes one JSON object on one line, in pure ASCII controls and UTF-8, whatever bytes the texts are. What is
// not known is left out: an empty text, an empty list.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::output {

inline constexpr int kListItemsMax = 64;  // of one list of an event in a record

class JsonWriter {
 public:
  JsonWriter() { begin({}); }

  /// An object under `key`; in a list without one.
  void begin(std::string_view key);
  void begin_list(std::string_view key);
  void end();
  void text(std::string_view key, std::string_view value);
  void number(std::string_view key, std::uint64_t value);
  void number(std::string_view key, std::int64_t value);
  void number(std::string_view key, std::uint32_t value) { number(key, std::uint64_t{value}); }
  void number(std::string_view key, int value) { number(key, std::int64_t{value}); }
  void flag(std::string_view key, bool value);
  /// A list of at most kListItemsMax texts.
  template <typename Texts>
  void texts(std::string_view key, const Texts& values) {
    if (values.empty()) return;
    begin_list(key);
    int left = kListItemsMax;
    for (const auto& value : values) {
      if (left-- == 0) break;
      item(value);
    }
    end();
  }
  void item(std::string_view value);
  void item(std::uint64_t value);

  /// Ends what is open, and gives the line without its end.
  [[nodiscard]] std::string take();

 private:
  void name(std::string_view key);
  void quoted(std::string_view value);

  std::string out_;
  std::vector<char> open_;  // the brackets that end what is open
};

}  // namespace weir::output
