// SPDX-License-Identifier: Apache-2.0
#include "policy/fetch/sources_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "policy/model/document.h"
#include "policy/model/text_file.h"

namespace weir::policy {
namespace {

constexpr std::size_t kSourcesBytesMax = 1U << 20U;
constexpr const char* kNameAdvice = "write 1 to 64 of a-z, 0-9, - and _";

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

class SourcesReader {
 public:
  explicit SourcesReader(const std::string& file) : file_(file), mistakes_(file) {}

  ResultAll<SourcesFile> read(const Node& root) {
    mistakes_.unknown_keys(root, {"weir-categories", "allow", "accept_suffix", "sources"});
    const Node* const version = root.find("weir-categories");
    if (version == nullptr || version->text != "1")
      mistakes_.add(root, "the file does not begin with its version", "write weir-categories: 1");
    if (const Node* const allow = root.find("allow"); allow != nullptr)
      read_.allow_file = beside(mistakes_.text(*allow, "allow"));
    if (const Node* const suffixes = root.find("accept_suffix"); suffixes != nullptr) {
      for (const Node* const one : mistakes_.scalars(*suffixes, "accept_suffix"))
        read_.suffixes_taken.insert(one->text);
    }
    sources(root);
    if (!mistakes_.empty()) return tl::unexpected(mistakes_.take());
    return std::move(read_);
  }

 private:
  [[nodiscard]] std::string beside(const std::string& path) const {
    return (std::filesystem::path{file_}.parent_path() / path).string();
  }

  void sources(const Node& root) {
    const Node* const list = root.find("sources");
    if (list == nullptr || list->kind != Node::Kind::kList || list->items.empty())
      return mistakes_.add(list == nullptr ? root : *list, "there are no sources",
                           "write sources: and under it - {source: ..., category: ..., url: ...}");
    if (list->items.size() > kFetchSourcesMax) {
      return mistakes_.add(*list,
                           fmt::format("{} sources, more than {}", list->items.size(), kFetchSourcesMax));
    }
    for (const Node& one : list->items) source(one);
  }

  void source(const Node& node) {
    if (node.kind != Node::Kind::kMap)
      return mistakes_.add(node, fmt::format("a source is a map, not {}", shown(node)),
                           "write - {source: NAME, category: NAME, url: ...}");
    mistakes_.unknown_keys(node, {"source", "category", "tree", "url", "format", "licence", "sha256", "ca",
                                  "megabytes_max", "seconds_max"});
    FetchSource source;
    source.line = node.line;
    source.name = name(node, "source").value_or("");
    const auto same = [&](const FetchSource& other) { return other.name == source.name; };
    if (const auto twin = std::find_if(read_.sources.begin(), read_.sources.end(), same);
        !source.name.empty() && twin != read_.sources.end())
      mistakes_.add(*node.find("source"),
                    fmt::format("source {} stands twice, first on line {}", source.name, twin->line));
    what_it_holds(node, source);
    where_it_is(node, source);
    how_it_is_checked(node, source);
    read_.sources.push_back(std::move(source));
  }

  std::optional<std::string> name(const Node& node, std::string_view key) {
    const Node* const found = node.find(key);
    if (found == nullptr) {
      mistakes_.add(node, fmt::format("the source has no {}", key), fmt::format("add {}: a name", key));
    } else if (!is_category_name(found->text)) {
      mistakes_.add(*found, fmt::format("{} is {}", key, shown(*found)), kNameAdvice);
    } else {
      return found->text;
    }
    return std::nullopt;
  }

  void what_it_holds(const Node& node, FetchSource& source) {
    const Node* const tree = node.find("tree");
    const Node* const category = node.find("category");
    if ((tree == nullptr) == (category == nullptr)) {
      return mistakes_.add(node, "a source holds either the list of a category or a tree of lists",
                           "add category: a name, or tree: all, or tree: [gambling, games]");
    }
    if (category != nullptr) source.category = name(node, "category").value_or("");
    if (tree != nullptr && !(tree->kind == Node::Kind::kScalar && tree->text == "all")) {
      for (const Node* const one : mistakes_.scalars(*tree, "tree")) {
        if (!is_category_name(one->text)) {
          mistakes_.add(*one, fmt::format("{} is no name of a category", shown(*one)), kNameAdvice);
        }
        source.tree.push_back(one->text);
      }
      if (source.tree.empty()) mistakes_.add(*tree, "tree names no category", "write tree: all");
    }
    const Node* const format = node.find("format");
    if (format != nullptr && tree != nullptr) {
      return mistakes_.add(*format, "a tree has no format", "leave it out: each list of it is looked at");
    }
    if (format == nullptr) return;
    source.format = source_format(format->text);
    if (!source.format)
      mistakes_.add(*format, fmt::format("format is {}", shown(*format)), "write plain, urls, hosts or rpz");
  }

  void where_it_is(const Node& node, FetchSource& source) {
    const Node* const url = node.find("url");
    if (url == nullptr) return mistakes_.add(node, "the source has no url", "add url: https://...");
    source.url = mistakes_.text(*url, "url");
    const auto address = parse_list_address(source.url);
    if (!address) return mistakes_.add(*url, address.error().what, address.error().advice);
    source.address = *address;
    if (const Node* const authority = node.find("ca"); authority != nullptr) {
      source.ca_file = beside(mistakes_.text(*authority, "ca"));
      if (address->scheme != ListAddress::Scheme::kHttps)
        mistakes_.add(*authority, "only a server of https shows who it is", "leave ca out");
    }
    if (address->scheme == ListAddress::Scheme::kHttp && node.find("sha256") == nullptr) {
      mistakes_.add(*url, "anybody on the way may change what comes over http",
                    "write https, or add the sha256 of the list");
    }
  }

  void how_it_is_checked(const Node& node, FetchSource& source) {
    if (const Node* const licence = node.find("licence"); licence == nullptr) {
      mistakes_.add(node, "the source has no licence", "add licence: by which its lists may be used");
    } else {
      source.licence = mistakes_.text(*licence, "licence");
      if (source.licence.size() > kLicenceBytesMax)
        mistakes_.add(*licence, fmt::format("a licence has at most {} bytes", kLicenceBytesMax));
    }
    if (const Node* const sha256 = node.find("sha256"); sha256 != nullptr) {
      source.sha256 = sha256->text;
      if (source.is_local() && !source.url.empty())
        mistakes_.add(*sha256, "a file of this machine is read where it is", "leave sha256 out");
      if (!is_sha256(source.sha256))
        mistakes_.add(*sha256, fmt::format("sha256 is {}", shown(*sha256)), "write 64 of 0-9 and a-f");
    }
    number(node, "megabytes_max", kFetchMegabytesMax, source.megabytes_max);
    number(node, "seconds_max", kFetchSecondsMax, source.seconds_max);
  }

  void number(const Node& node, std::string_view key, std::uint32_t most, std::uint32_t& into) {
    const Node* const found = node.find(key);
    if (found == nullptr) return;
    if (const auto value = mistakes_.integer(*found, key, 1, most)) into = static_cast<std::uint32_t>(*value);
  }

  const std::string& file_;
  Mistakes mistakes_;
  SourcesFile read_;
};

}  // namespace

ResultAll<SourcesFile> read_sources_file(const std::string& path) {
  const auto text = read_text_file(path, kSourcesBytesMax);
  if (!text) return tl::unexpected(std::vector<Error>{text.error()});
  return parse_sources_file(*text, path);
}

ResultAll<SourcesFile> parse_sources_file(std::string_view text, const std::string& file) {
  const auto root = parse_document(text, file, {.bytes_max = kSourcesBytesMax});
  if (!root) return tl::unexpected(root.error());
  return SourcesReader{file}.read(*root);
}

}  // namespace weir::policy
