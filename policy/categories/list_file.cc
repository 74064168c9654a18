// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/list_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/categories/list_words.h"
#include "policy/model/ip_address.h"
#include "policy/model/text_file.h"

namespace weir::policy {
namespace {

/// Names that every hosts file maps for the machine itself; a blocklist that repeats them does not mean them.
constexpr std::array<std::string_view, 10> kOwnNames{
    "localhost",    "localhost.localdomain", "local",           "broadcasthost", "ip6-localhost",
    "ip6-loopback", "ip6-localnet",          "ip6-mcastprefix", "ip6-allnodes",  "ip6-allrouters"};

struct LineReader {
  const std::string& file;
  DomainSet set;
  DomainTable& table;
  ListFileLimits limits;
  int number = 0;
  std::size_t domains = 0;
  std::vector<Error> mistakes = {};

  void mistake(Error error, std::size_t column) {
    error.at = {file, number, static_cast<int>(column) + 1};
    mistakes.push_back(std::move(error));
  }

  void add(std::string_view word, std::string_view line) {
    if (const auto added = table.add(set, word); added) {
      ++domains;
    } else {
      mistake(added.error(), static_cast<std::size_t>(word.data() - line.data()));
    }
  }

  void read(std::string_view line) {
    ++number;
    if (line.size() > limits.line_bytes_max) {
      mistake({ErrorCode::kLimit,
               fmt::format("a line of more than {} bytes", limits.line_bytes_max),
               "one domain a line",
               {}},
              0);
      return;
    }
    std::string_view rest = line.substr(0, line.find('#'));
    const std::string_view first = next_word(rest);
    if (first.empty()) return;
    if (!IpAddress::parse(first)) {
      add(first, line);
      if (const std::string_view more = next_word(rest); !more.empty()) {
        mistake({ErrorCode::kInvalid, fmt::format("\"{}\" after the domain", more), "one domain a line", {}},
                static_cast<std::size_t>(more.data() - line.data()));
      }
      return;
    }
    for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) {
      if (!is_own_name(word) && !IpAddress::parse(word)) add(word, line);
    }
  }
};

}  // namespace

bool is_own_name(std::string_view name) {
  return std::find(kOwnNames.begin(), kOwnNames.end(), name) != kOwnNames.end();
}

ResultAll<std::size_t> read_list(std::string_view text, const std::string& file, DomainSet set,
                                 DomainTable& table, ListFileLimits limits) {
  LineReader reader{.file = file, .set = set, .table = table, .limits = limits};
  while (!text.empty() && reader.mistakes.size() < limits.mistakes_max) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader.read(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!reader.mistakes.empty()) return tl::unexpected(std::move(reader.mistakes));
  return reader.domains;
}

ResultAll<std::size_t> load_list(const std::string& path, DomainSet set, DomainTable& table,
                                 ListFileLimits limits) {
  const auto text = read_text_file(path, limits.file_bytes_max);
  if (!text) return tl::unexpected(std::vector<Error>{text.error()});
  return read_list(*text, path, set, table, limits);
}

}  // namespace weir::policy
