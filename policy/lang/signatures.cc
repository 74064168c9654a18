// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/signatures.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "policy/categories/canonical_name.h"
#include "policy/categories/domain_table.h"
#include "policy/lang/port_range.h"
#include "policy/lang/words.h"
#include "policy/model/document.h"
#include "policy/model/text_file.h"

namespace weir::policy {
namespace {

constexpr std::size_t kSignaturesBytesMax = 1U << 20U;

std::vector<const Node*> values(const Node& signature, std::string_view key, Mistakes& mistakes) {
  const Node* const node = signature.find(key);
  if (node == nullptr) return {};
  std::vector<const Node*> found = mistakes.scalars(*node, key);
  if (found.empty() && mistakes.empty()) mistakes.add(*node, fmt::format("{} is empty", key), "leave it out");
  if (found.size() > kSignatureValuesMax) {
    mistakes.add(*node, fmt::format("{} {}, more than {}", found.size(), key, kSignatureValuesMax));
    found.clear();
  }
  return found;
}

void read_hosts(const Node& node, Signature& signature, Mistakes& mistakes) {
  DomainTable check;
  const DomainSet set = check.add_set().value_or(DomainSet{});
  for (const Node* const host : values(node, "hosts", mistakes)) {
    if (const auto added = check.add(set, host->text); !added) {
      mistakes.add(*host, added.error().what, added.error().advice);
      continue;
    }
    const bool below_only = host->text.starts_with("*.");
    const auto name = canonical_name(std::string_view(host->text).substr(below_only ? 2 : 0));
    signature.hosts.push_back((below_only ? "*." : "") + name.value_or(host->text));
  }
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// What is wrong with a pattern; empty: nothing.
std::string_view mistake_of(std::string_view pattern) {
  if (pattern.empty()) return "is empty";
  if (pattern.size() > kSignaturePatternBytesMax) return "is longer than 256 bytes";
  if (pattern.find_first_not_of('*') == std::string_view::npos) return "matches everything";
  for (std::size_t at = pattern.find('\\'); at != std::string_view::npos; at = pattern.find('\\', at + 4)) {
    const bool byte = at + 4 <= pattern.size() && pattern[at + 1] == 'x' && is_hex(pattern[at + 2]) &&
                      is_hex(pattern[at + 3]);
    if (!byte) return "has a \\ that is not \\xNN";
  }
  return {};
}

void read_patterns(const Node& node, Signature& signature, Mistakes& mistakes) {
  for (const Node* const pattern : values(node, "patterns", mistakes)) {
    if (const std::string_view wrong = mistake_of(pattern->text); !wrong.empty()) {
      mistakes.add(*pattern, fmt::format("{} {}", shown(*pattern), wrong),
                   "write 'BKP1*' in single quotes; * is anything, \\x5c a byte");
    } else {
      signature.patterns.push_back(pattern->text);
    }
  }
}

void read_places(const Node& node, Signature& signature, Mistakes& mistakes) {
  if (const Node* const protocol = node.find("protocol"); protocol != nullptr) {
    const std::string word = mistakes.text(*protocol, "protocol");
    if (word == "tcp" || word == "udp") {
      signature.protocol = word == "tcp" ? kProtocolTcp : kProtocolUdp;
    } else {
      mistakes.add(*protocol, fmt::format("protocol is {}", shown(*protocol)), "write tcp or udp");
    }
  }
  for (const Node* const port : values(node, "ports", mistakes)) {
    if (const auto range = port_range(port->text)) {
      signature.ports.push_back(*range);
    } else {
      mistakes.add(*port, fmt::format("{} is not a port", shown(*port)), kPortAdvice);
    }
  }
  for (const Node* const address : values(node, "addresses", mistakes)) {
    if (const auto subnet = Subnet::parse(address->text)) {
      signature.addresses.push_back(*subnet);
    } else {
      mistakes.add(*address, fmt::format("{} is not an address or subnet", shown(*address)),
                   "write 192.0.2.1 or 192.0.2.0/24, with no bits set after the prefix");
    }
  }
}

Signature read_signature(const Node& node, Mistakes& mistakes) {
  Signature signature;
  if (node.kind != Node::Kind::kMap) {
    mistakes.add(node, fmt::format("a signature must be a map, not {}", shown(node)),
                 "write {app: erp, hosts: [erp.example.com]}");
    return signature;
  }
  mistakes.unknown_keys(node, {"app", "protocol", "ports", "addresses", "hosts", "patterns"});
  const Node* const app = node.find("app");
  if (app == nullptr) {
    mistakes.add(node, "the signature names no application", "add app: a word of a-z, 0-9, - and _");
  } else if (is_name(*app)) {
    signature.app = std::string(kCustomApp) + app->text;
  } else {
    mistakes.add(*app, fmt::format("app is {}", shown(*app)), kNameAdvice);
  }
  read_places(node, signature, mistakes);
  read_hosts(node, signature, mistakes);
  read_patterns(node, signature, mistakes);
  const bool says_nothing = signature.ports.empty() && signature.addresses.empty() &&
                            signature.hosts.empty() && signature.patterns.empty();
  if (says_nothing && mistakes.empty()) {
    mistakes.add(node, fmt::format("nothing shows {}", signature.app),
                 "add ports, addresses, hosts or patterns");
  }
  return signature;
}

}  // namespace

ResultAll<std::vector<Signature>> parse_signatures(std::string_view text, const std::string& file) {
  const auto root = parse_document(text, file, {.bytes_max = kSignaturesBytesMax});
  if (!root) return tl::unexpected(root.error());
  Mistakes mistakes{file};
  const Node* const version = root->find("weir-signatures");
  if (version == nullptr || version->text != "1") {
    mistakes.add(version != nullptr ? version->line : 1, version != nullptr ? version->column : 1,
                 "not a file of signatures of version 1", "begin the file with the line weir-signatures: 1");
    return tl::unexpected(mistakes.take());
  }
  mistakes.unknown_keys(*root, {"weir-signatures", "signatures"});
  std::vector<Signature> signatures;
  const Node* const list = root->find("signatures");
  if (list == nullptr || list->kind != Node::Kind::kList) {
    mistakes.add(list != nullptr ? *list : *root, "signatures must be a list",
                 "write signatures: [{app: ...}], or signatures: []");
  } else if (list->items.size() > kSignaturesMax) {
    mistakes.add(*list, fmt::format("{} signatures, more than {}", list->items.size(), kSignaturesMax));
  } else {
    for (const Node& item : list->items) signatures.push_back(read_signature(item, mistakes));
  }
  if (!mistakes.empty()) return tl::unexpected(mistakes.take());
  return signatures;
}

ResultAll<std::vector<Signature>> load_signatures(const std::string& path) {
  const auto text = read_text_file(path, kSignaturesBytesMax);
  if (!text) return tl::unexpected(std::vector<Error>{text.error()});
  return parse_signatures(*text, path);
}

}  // namespace weir::policy
