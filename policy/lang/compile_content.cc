// SPDX-License-Identifier: Apache-2.0
// The keys of `match` about what a request, a reply, a hello or a message says, beyond names and ends.
#include <fmt/format.h>

#include <utility>

#include "policy/lang/builder.h"
#include "policy/lang/pattern.h"
#include "policy/lang/size_text.h"
#include "policy/lang/words.h"

namespace weir::policy {
namespace {

void read_size(Builder& builder, const Node& node, std::string_view key, std::uint64_t& into) {
  const auto bytes = node.kind == Node::Kind::kScalar ? size_bytes(node.text) : std::nullopt;
  if (!bytes) builder.mistakes.add(node, fmt::format("{} is {}", key, shown(node)), kSizeAdvice);
  into = bytes.value_or(0);
}

void read_attachment(Builder& builder, const Node& node, Match& match) {
  if (!expect_map(builder, node, "attachment")) return;
  check_keys(builder, node, KeyMap::kAttachment);
  AttachmentMatch& made = match.attachment.emplace();
  if (node.entries.empty()) {
    builder.mistakes.add(node, "attachment names nothing", "write name: \"*\" for any attachment");
  }
  for (const Node::Entry& entry : node.entries) {
    if (entry.key == "type") add_patterns(builder, entry, made.types);
    if (entry.key == "name") add_patterns(builder, entry, made.names);
    if (entry.key == "over") read_size(builder, entry.value, entry.key, made.over);
    if (entry.key == "encrypted") made.encrypted = builder.mistakes.boolean(entry.value, entry.key);
  }
  for (std::string& type : made.types) type = lower_case(std::move(type));
}

void read_recipients_over(Builder& builder, const Node& node, Match& match) {
  const auto count = builder.mistakes.integer(node, "recipients_over", 0, kRecipientsCountedMax);
  if (count) match.recipients_over = static_cast<std::uint32_t>(*count);
}

/// As the wire has it: 1.2 is 0x0303 (RFC 8446 section 4.2.1).
void read_tls_below(Builder& builder, const Node& node, Match& match) {
  constexpr std::uint16_t kTls11 = 0x0302;
  if (const auto word = word_of(builder, node, KeyMap::kWebMatch, "tls_below"))
    match.tls_below = static_cast<std::uint16_t>(kTls11 + *word);
}

}  // namespace

void add_patterns(Builder& builder, const Node::Entry& entry, std::vector<std::string>& into) {
  for (const Node* const value : values_of(builder, entry.value, entry.key)) {
    const bool fits = !value->text.empty() && value->text.size() <= kPatternBytesMax;
    if (fits) into.push_back(value->text);
    if (!fits)
      builder.mistakes.add(*value, fmt::format("{} is {}", entry.key, shown(*value)),
                           fmt::format("write 1 to {} characters; * stands for any", kPatternBytesMax));
  }
}

bool compile_content_key(Builder& builder, const Node::Entry& entry, Match& match) {
  const std::string& key = entry.key;
  std::vector<std::string>* const patterns = key == "path"           ? &match.paths
                                             : key == "method"       ? &match.methods
                                             : key == "content_type" ? &match.content_types
                                             : key == "file"         ? &match.files
                                             : key == "ja4"          ? &match.ja4
                                             : key == "subject"      ? &match.subjects
                                                                     : nullptr;
  if (patterns != nullptr) {
    add_patterns(builder, entry, *patterns);
  } else if (key == "download_over") {
    read_size(builder, entry.value, key, match.download_over);
  } else if (key == "message_over") {
    read_size(builder, entry.value, key, match.message_over);
  } else if (key == "recipients_over") {
    read_recipients_over(builder, entry.value, match);
  } else if (key == "attachment") {
    read_attachment(builder, entry.value, match);
  } else if (key == "tls_below") {
    read_tls_below(builder, entry.value, match);
  } else if (key == "name") {
    match.unnamed = word_of(builder, entry.value, KeyMap::kWebMatch, "name").has_value();
  } else {
    return false;
  }
  return true;
}

}  // namespace weir::policy
