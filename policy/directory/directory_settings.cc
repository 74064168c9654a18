// SPDX-License-Identifier: Apache-2.0
#include "policy/directory/directory_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "policy/model/document.h"
#include "policy/model/duration.h"
#include "policy/model/text_file.h"

namespace weir::policy {
namespace {

class Loader {
 public:
  Loader(const Node& root, const std::string& file) : root_(root), mistakes_(file) {}

  ResultAll<DirectorySettings> load() {
    mistakes_.unknown_keys(root_, {"weir-directory", "url", "ca_file", "bind_dn", "password_file", "base",
                                   "group_filter", "group_attribute", "user_filter", "user_attribute",
                                   "nested", "page", "timeout", "longest", "file"});
    read_server();
    needed("base", "write the entry below which everything is, such as dc=example,dc=lan");
    text("base", made_.base);
    filter("group_filter", made_.group_filter);
    filter("user_filter", made_.user_filter);
    attribute("group_attribute", made_.group_attribute);
    attribute("user_attribute", made_.user_attribute);
    number("nested", 0, kNestedLevelsMax, made_.nested);
    number("page", 1, kPageEntriesMax, made_.page_entries);
    duration("timeout", made_.timeout);
    duration("longest", made_.longest);
    read_file();
    if (!mistakes_.empty()) return tl::unexpected(mistakes_.take());
    return std::move(made_);
  }

 private:
  void needed(std::string_view key, std::string_view advice) {
    if (root_.find(key) == nullptr)
      mistakes_.add(root_, fmt::format("{} is missing", key), std::string(advice));
  }

  /// The node of a key with a value that is text of a sensible length.
  const Node* text(std::string_view key, std::string& into) {
    const Node* const node = root_.find(key);
    if (node == nullptr) return nullptr;
    std::string value = mistakes_.text(*node, key);
    const bool control =
        std::any_of(value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (value.size() > kDirectoryTextBytesMax || control) {
      mistakes_.add(*node, fmt::format("{} is no text of at most {} bytes", key, kDirectoryTextBytesMax));
      return nullptr;
    }
    if (value.empty()) return nullptr;
    into = std::move(value);
    return node;
  }

  void path(std::string_view key, std::string& into) {
    const Node* const node = text(key, into);
    if (node != nullptr && !into.starts_with('/'))
      mistakes_.add(*node, fmt::format("{} is {}", key, shown(*node)), "write a path that begins with /");
  }

  void read_server() {
    needed("url", "write ldap://dc1.example.lan, which goes over to TLS, or ldaps://");
    if (const Node* const node = text("url", made_.url)) {
      const std::string_view rest = std::string_view(made_.url).substr(std::min(
          made_.url.size(), made_.url.find("//") == std::string::npos ? 0 : made_.url.find("//") + 2));
      const bool scheme = made_.url.starts_with("ldap://") || made_.url.starts_with("ldaps://");
      if (!scheme || rest.empty() || rest.find_first_of("/?#@ ") != std::string_view::npos)
        mistakes_.add(*node, fmt::format("url is {}", shown(*node)),
                      "write ldap://dc1.example.lan or ldaps://dc1.example.lan:636, and nothing behind it");
    }
    path("ca_file", made_.ca_file);
    text("bind_dn", made_.bind_dn);
    path("password_file", made_.password_file);
    const Node* const bind = root_.find("bind_dn");
    const Node* const password = root_.find("password_file");
    if (bind != nullptr && password == nullptr)
      mistakes_.add(*bind, "bind_dn without password_file",
                    "add password_file: /etc/weir/directory.password");
    if (bind == nullptr && password != nullptr)
      mistakes_.add(*password, "password_file without bind_dn", "add bind_dn: cn=weir,dc=example,dc=lan");
  }

  void filter(std::string_view key, std::string& into) {
    const Node* const node = text(key, into);
    if (node != nullptr && (!into.starts_with('(') || !into.ends_with(')')))
      mistakes_.add(*node, fmt::format("{} is {}", key, shown(*node)), "write (objectClass=groupOfNames)");
  }

  void attribute(std::string_view key, std::string& into) {
    const Node* const node = text(key, into);
    const auto letter = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    };
    if (node != nullptr && !std::all_of(into.begin(), into.end(), letter))
      mistakes_.add(*node, fmt::format("{} is {}", key, shown(*node)),
                    "write an attribute, such as cn, uid or sAMAccountName");
  }

  void number(std::string_view key, std::int64_t low, std::int64_t high, std::uint32_t& into) {
    if (const Node* const node = root_.find(key))
      into = static_cast<std::uint32_t>(mistakes_.integer(*node, key, low, high).value_or(into));
  }

  void duration(std::string_view key, TimeNs& into) {
    const Node* const node = root_.find(key);
    if (node == nullptr) return;
    const auto read = parse_duration(node->text);
    if (!read) mistakes_.add(*node, fmt::format("{} is {}", key, shown(*node)), "write 10s or 5m");
    into = read.value_or(into);
  }

  void read_file() {
    const Node* const node = text("file", made_.file);
    if (node != nullptr && (made_.file.find('/') != std::string::npos || made_.file.starts_with('.')))
      mistakes_.add(*node, fmt::format("file is {}", shown(*node)),
                    "write a name, such as groups.map: it is put beside the policy in force");
  }

  const Node& root_;
  Mistakes mistakes_;
  DirectorySettings made_;
};

}  // namespace

ResultAll<DirectorySettings> parse_directory_settings(std::string_view text, const std::string& file) {
  const auto root = parse_document(text, file);
  if (!root) return tl::unexpected(root.error());
  const Node* const version = root->find("weir-directory");
  if (version == nullptr || version->text != "1") {
    Mistakes mistakes{file};
    mistakes.add(version != nullptr ? version->line : 1, version != nullptr ? version->column : 1,
                 "not a file of version 1", "begin the file with the line weir-directory: 1");
    return tl::unexpected(mistakes.take());
  }
  return Loader{*root, file}.load();
}

ResultAll<DirectorySettings> load_directory_settings(const std::string& path) {
  constexpr std::size_t kBytesMax = 1U << 20U;
  const auto text = read_text_file(path, kBytesMax);
  if (!text) return tl::unexpected(std::vector<Error>{text.error()});
  return parse_directory_settings(*text, path);
}

}  // namespace weir::policy
