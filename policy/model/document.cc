// SPDX-License-Identifier: Apache-2.0
// The only user of yaml-cpp. Its event interface is used, not its tree: an alias is seen as an alias and
// never expanded, so a small text cannot become a large document. What it throws is caught here.
#include "policy/model/document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <unordered_map>

namespace weir {
namespace {

constexpr std::size_t kMistakesPerDocumentMax = 100;

/// Leaves the library's parser at a limit; never crosses parse_document.
struct Stop {};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, DocumentLimits limits) : mistakes_(file), limits_(limits) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ < 2) return;
    add(mark, "a second document begins here", "keep one document a file and remove the line ---");
    throw Stop{};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    leaf(mark, {}, anchor, Node::Kind::kNull, {});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    add(mark, "aliases (*name) are not accepted", "write the value out here");
    leaf(mark, {}, 0, Node::Kind::kNull, {});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    leaf(mark, tag, anchor, Node::Kind::kScalar, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::kList);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::kMap);
  }
  void OnMapEnd() override { close(); }

  void add(const YAML::Mark& mark, std::string what, std::string advice) {
    mistakes_.add(mark.line + 1, mark.column + 1, std::move(what), std::move(advice));
    if (++mistakes_seen_ >= kMistakesPerDocumentMax) throw Stop{};
  }
  [[nodiscard]] Mistakes& mistakes() { return mistakes_; }
  [[nodiscard]] Node take_root() { return std::move(root_); }

 private:
  /// A list or map that is still open. A map alternates between a key and its value.
  struct Frame {
    Node node;
    Node::Entry entry;
    bool have_key = false;
    std::unordered_map<std::string, int> first_lines;  // of the keys so far
  };

  static bool at_key(const Frame& frame) { return frame.node.kind == Node::Kind::kMap && !frame.have_key; }

  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (++nodes_ > limits_.nodes_max) {
      add(mark, fmt::format("more than {} values in one document", limits_.nodes_max),
          "move long lists of domains into list files");
      throw Stop{};
    }
    if (anchor != 0) add(mark, "anchors (&name) are not accepted", "write the value out where it is needed");
    // The library itself says "?" for plain and "!" for quoted values.
    if (!tag.empty() && tag != "?" && tag != "!") {
      add(mark, fmt::format("the tag {} is not accepted", tag), "remove it; quote a value to make it text");
    }
  }

  void leaf(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind,
            const std::string& value) {
    check(mark, tag, anchor);
    const bool quoted = tag == "!";
    if (!frames_.empty() && at_key(frames_.back())) {
      key(mark, kind, quoted, value);
      return;
    }
    Node node;
    node.kind = kind;
    node.quoted = quoted;
    node.text = value;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    if (kind == Node::Kind::kNull && !frames_.empty() && frames_.back().have_key) {
      node.line = frames_.back().entry.line;  // the library places a missing value at whatever follows it
      node.column = frames_.back().entry.column;
    }
    attach(std::move(node));
  }

  void key(const YAML::Mark& mark, Node::Kind kind, bool quoted, const std::string& value) {
    Frame& frame = frames_.back();
    frame.have_key = true;
    frame.entry = {value, mark.line + 1, mark.column + 1, {}};
    if (kind != Node::Kind::kScalar) {
      add(mark, "a key is missing or is not text", "write `key: value`");
      return;
    }
    if (value == "<<" && !quoted) add(mark, "merge keys (<<) are not accepted", "write the keys out here");
    const auto [first, inserted] = frame.first_lines.try_emplace(value, frame.entry.line);
    if (!inserted) {
      add(mark, fmt::format("the key {} is already in this map, on line {}", value, first->second),
          "keep one of the two");
    }
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    check(mark, tag, anchor);
    if (static_cast<int>(frames_.size()) >= limits_.depth_max) {
      add(mark, fmt::format("nested more than {} levels deep", limits_.depth_max), "flatten it");
      throw Stop{};
    }
    if (!frames_.empty() && at_key(frames_.back())) {
      add(mark, "a key must be text, not a list or a map", "did you forget quotes around it?");
      throw Stop{};
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.line = mark.line + 1;
    frame.node.column = mark.column + 1;
    frames_.push_back(std::move(frame));
  }

  void close() {
    Node node = std::move(frames_.back().node);
    frames_.pop_back();
    attach(std::move(node));
  }

  void attach(Node node) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.kind == Node::Kind::kList) {
      frame.node.items.push_back(std::move(node));
      return;
    }
    frame.entry.value = std::move(node);
    frame.node.entries.push_back(std::move(frame.entry));
    frame.have_key = false;
  }

  Mistakes mistakes_;
  DocumentLimits limits_;
  std::vector<Frame> frames_;
  Node root_;
  std::size_t nodes_ = 0;
  std::size_t mistakes_seen_ = 0;
  int documents_ = 0;
};

/// Bytes of the UTF-8 sequence (RFC 3629 section 4) at `at`, 0 when it is not one.
std::size_t utf8_bytes(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool overlong = lead == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = lead == 0xed && byte(1) > 0x9f;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool overlong = lead == 0xf0 && byte(1) < 0x90;
    const bool beyond = lead == 0xf4 && byte(1) > 0x8f;
    return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

/// The library takes byte 4 for the end of the text and replaces broken UTF-8 silently; both are refused
/// first.
bool check_bytes(std::string_view text, Mistakes& mistakes) {
  int line = 1;
  int column = 1;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t length = utf8_bytes(text, at);
    const bool control = (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7f;
    if (length == 0 || control) {
      mistakes.add(line, column,
                   control ? fmt::format("control byte 0x{:02x}", byte) : "these bytes are not UTF-8 text",
                   "save the file as UTF-8 text");
      return false;
    }
    at += length;
    ++column;
    if (byte == '\n') {
      ++line;
      column = 1;
    }
  }
  return true;
}

}  // namespace

std::string shown(const Node& node) {
  constexpr std::size_t kShownBytesMax = 60;
  switch (node.kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
    case Node::Kind::kScalar:
      break;
  }
  if (node.text.size() <= kShownBytesMax) return "\"" + node.text + "\"";
  std::size_t cut = kShownBytesMax;
  while (cut > 0 && (static_cast<unsigned char>(node.text[cut]) & 0xc0U) == 0x80U) --cut;
  return "\"" + node.text.substr(0, cut) + "...\"";
}

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

ResultAll<Node> parse_document(std::string_view text, const std::string& file, DocumentLimits limits) {
  TreeBuilder builder{file, limits};
  Mistakes& mistakes = builder.mistakes();
  if (text.size() > limits.bytes_max) {
    mistakes.add(1, 1, fmt::format("the text has {} bytes, more than {}", text.size(), limits.bytes_max),
                 "move long lists of domains into list files");
    return tl::unexpected(mistakes.take());
  }
  if (!check_bytes(text, mistakes)) return tl::unexpected(mistakes.take());
  try {
    std::istringstream stream{std::string{text}};
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    // The reason is among the mistakes.
  } catch (const YAML::Exception& error) {
    const bool placed = !error.mark.is_null();
    mistakes.add(placed ? error.mark.line + 1 : 1, placed ? error.mark.column + 1 : 1,
                 "not valid YAML: " + error.msg, "check indentation, quotes and brackets at this place");
  } catch (const std::exception& error) {
    mistakes.add(1, 1, fmt::format("not readable as YAML: {}", error.what()));
  }
  if (!mistakes.empty()) return tl::unexpected(mistakes.take());
  return builder.take_root();
}

void Mistakes::add(const Node& at, std::string what, std::string advice) {
  add(at.line, at.column, std::move(what), std::move(advice));
}

void Mistakes::add(int line, int column, std::string what, std::string advice) {
  errors_.push_back({ErrorCode::kInvalid, std::move(what), std::move(advice), {file_, line, column}});
}

std::vector<Error> Mistakes::take() {
  std::stable_sort(errors_.begin(), errors_.end(), [](const Error& a, const Error& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  return std::move(errors_);
}

void Mistakes::unknown_keys(const Node& map, std::initializer_list<std::string_view> known) {
  unknown_keys(map, std::vector<std::string_view>(known));
}

void Mistakes::unknown_keys(const Node& map, const std::vector<std::string_view>& known) {
  for (const Node::Entry& entry : map.entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    const std::string_view near = did_you_mean(entry.key, known);
    add(entry.line, entry.column, fmt::format("unknown key {}", entry.key),
        near.empty() ? fmt::format("known here: {}", fmt::join(known, ", "))
                     : fmt::format("did you mean {}?", near));
  }
}

std::string Mistakes::text(const Node& node, std::string_view what) {
  if (node.kind == Node::Kind::kScalar && !node.text.empty()) return node.text;
  if (node.kind == Node::Kind::kScalar) {
    add(node, fmt::format("{} is empty", what));
  } else {
    add(node, fmt::format("{} must be text, not {}", what, shown(node)));
  }
  return {};
}

std::optional<std::int64_t> Mistakes::integer(const Node& node, std::string_view what, std::int64_t low,
                                              std::int64_t high) {
  std::int64_t value = 0;
  const char* const end = node.text.data() + node.text.size();
  const auto [stopped, error] = std::from_chars(node.text.data(), end, value);
  const bool whole =
      node.kind == Node::Kind::kScalar && !node.quoted && error == std::errc{} && stopped == end;
  if (whole && value >= low && value <= high) return value;
  add(node, fmt::format("{} is {}, not a whole number from {} to {}", what, shown(node), low, high));
  return std::nullopt;
}

std::optional<bool> Mistakes::boolean(const Node& node, std::string_view what) {
  if (node.kind == Node::Kind::kScalar && !node.quoted) {
    if (node.text == "true") return true;
    if (node.text == "false") return false;
  }
  add(node, fmt::format("{} is {}, not a yes or no", what, shown(node)), "write true or false");
  return std::nullopt;
}

std::vector<const Node*> Mistakes::scalars(const Node& node, std::string_view what) {
  std::vector<const Node*> found;
  if (node.kind == Node::Kind::kScalar) return {&node};
  if (node.kind != Node::Kind::kList || node.items.empty()) {
    add(node, fmt::format("{} must be a value or a list of values, not {}", what,
                          node.kind == Node::Kind::kList ? "an empty list" : shown(node)));
    return found;
  }
  for (const Node& item : node.items) {
    if (item.kind == Node::Kind::kScalar) {
      found.push_back(&item);
    } else {
      add(item, fmt::format("{} must hold plain values, not {}", what, shown(item)));
    }
  }
  return found;
}

std::string_view did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  constexpr std::size_t kWordBytesMax = 64;  // longer words are never near: bounds the table below
  if (word.empty() || word.size() > kWordBytesMax) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, std::min<std::size_t>(3, word.size() / 3)) + 1;
  std::vector<std::size_t> row;
  for (const std::string_view candidate : known) {
    if (candidate.empty() || candidate.size() > kWordBytesMax) continue;
    row.resize(candidate.size() + 1);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = i;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t above = row[j];
        const std::size_t swap = diagonal + (word[i - 1] == candidate[j - 1] ? 0U : 1U);
        row[j] = std::min({above + 1, row[j - 1] + 1, swap});
        diagonal = above;
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace weir
