// SPDX-License-Identifier: Apache-2.0
// A YAML text as a tree with places, behind which the YAML library stays. Used for the policy, the settings
// and the software catalogue: one loader, one way of saying what is wrong. Anchors, aliases, tags, merge keys
// and duplicate keys are refused; only `true` and `false` are booleans.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"

namespace weir {

/// One node. Scalars keep their text; a map keeps its order.
struct Node {
  enum class Kind : std::uint8_t { kNull, kScalar, kList, kMap };
  struct Entry;
  Kind kind = Kind::kNull;
  bool quoted = false;  // a quoted scalar is always text
  std::string text;
  std::vector<Node> items;
  std::vector<Entry> entries;
  int line = 0;
  int column = 0;

  [[nodiscard]] const Node* find(std::string_view key) const;
};
struct Node::Entry {
  std::string key;
  int line = 0;
  int column = 0;
  Node value;
};

struct DocumentLimits {
  std::size_t bytes_max = 1U << 20U;
  int depth_max = 32;
  std::size_t nodes_max = 200'000;  // bounds the memory of a hostile text
};
[[nodiscard]] ResultAll<Node> parse_document(std::string_view text, const std::string& file,
                                             DocumentLimits limits = {});

/// Collects mistakes while a typed loader walks a document.
class Mistakes {
 public:
  explicit Mistakes(std::string file) : file_(std::move(file)) {}
  void add(const Node& at, std::string what, std::string advice = {});
  void add(int line, int column, std::string what, std::string advice = {});
  [[nodiscard]] bool empty() const { return errors_.empty(); }
  /// In the order of the text.
  [[nodiscard]] std::vector<Error> take();

  /// Every key of `map` that is not in `known` is a mistake with "did you mean" where one is near.
  void unknown_keys(const Node& map, std::initializer_list<std::string_view> known);
  void unknown_keys(const Node& map, const std::vector<std::string_view>& known);
  /// Typed reads: on a wrong type they record a mistake and return the fallback / nullopt.
  std::string text(const Node& node, std::string_view what);
  std::optional<std::int64_t> integer(const Node& node, std::string_view what, std::int64_t low,
                                      std::int64_t high);
  std::optional<bool> boolean(const Node& node, std::string_view what);
  /// A list of scalars, or one scalar taken as a list of one.
  std::vector<const Node*> scalars(const Node& node, std::string_view what);

 private:
  std::string file_;
  std::vector<Error> errors_;
};

/// A node's value as error messages show it: "text" (cut when long), a list, a map, nothing.
[[nodiscard]] std::string shown(const Node& node);

/// The nearest of `known` within a small edit distance, else empty.
[[nodiscard]] std::string_view did_you_mean(std::string_view word,
                                            const std::vector<std::string_view>& known);

}  // namespace weir
