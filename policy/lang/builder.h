// SPDX-License-Identifier: Apache-2.0
// The compiler's state while it walks one policy text, and its steps in the order in which they run: what
// rules refer to comes before the rules. Internal to policy/lang.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "policy/lang/compile.h"
#include "policy/lang/directory_map.h"
#include "policy/lang/keys.h"
#include "policy/lang/policy.h"
#include "policy/model/document.h"

namespace weir::policy {

/// The patterns of one set as the policy text has them.
struct WrittenDomains {
  std::vector<std::string> patterns;
  bool whole = true;  // no file adds to them
};

struct Builder {
  explicit Builder(const CompileOptions& compile_options)
      : options(compile_options), mistakes(compile_options.file) {}

  const CompileOptions& options;
  Mistakes mistakes;
  std::vector<Error> list_mistakes;  // of category and list files: they carry another file's name
  PolicyParts parts;
  std::optional<DirectoryMap> directory;
  std::map<std::string, DomainSet, std::less<>> lists;
  std::map<std::string, DomainSet, std::less<>> categories;
  std::optional<Result<CategoryFile>> imported;  // opened when the first rule needs it
  std::map<std::string, int, std::less<>> rule_lines;
  std::map<DomainSet, WrittenDomains> written_domains;
  bool sets_are_full = false;  // said at the first that finds no place
};

void compile_zone(Builder& builder, const Node& root);
void compile_directory(Builder& builder, const Node& directory);
/// `root`: for what else it says of groups.
void compile_groups(Builder& builder, const Node& root, const Node& groups);
void compile_schedules(Builder& builder, const Node& schedules);
void compile_lists(Builder& builder, const Node& lists);
void compile_categories(Builder& builder, const Node& categories);
/// The category of that name, declared or imported; a mistake at `at` when there is none.
[[nodiscard]] std::optional<DomainSet> category_set(Builder& builder, const Node& at);
/// The key `quota` of a rule.
void compile_quota(Builder& builder, const Node& quota, Rule& rule);
void compile_rules(Builder& builder, Section section, const Node& rules);
void compile_software(Builder& builder, const Node& software);
void compile_exceptions(Builder& builder, const Node& list);
/// Those of the file beside the policy (exceptions.h).
void add_kept_exceptions(Builder& builder);
void index_exceptions(PolicyParts& parts);
/// After the rules, whose names its detectors may not have.
void compile_detect(Builder& builder, const Node& detect);
void compile_tests(Builder& builder, const Node& tests);
/// After the rules, of which it has to hold.
void compile_assertions(Builder& builder, const Node& root, const Node& list);

/// The keys `who`, `when` of a rule. `then` with its rate, severity, mode, tell_*: what every rule and
/// product may say.
void compile_rule_frame(Builder& builder, const Node& rule, Rule& into);
[[nodiscard]] Match compile_match(Builder& builder, Section section, const Node& match);
/// Destination, port and protocol alone.
[[nodiscard]] Match compile_ends(Builder& builder, const Node& match);
/// Of what is said, beyond names and ends; false: the key is another one.
[[nodiscard]] bool compile_content_key(Builder& builder, const Node::Entry& entry, Match& match);
/// Records the rule's name; a name taken already is a mistake.
void claim_rule_name(Builder& builder, const Node& at, const std::string& name);

/// True when `node` is a map; otherwise a mistake says what `what` should be.
[[nodiscard]] bool expect_map(Builder& builder, const Node& node, std::string_view what);
/// Keys that `keys` does not have, and those of a later version, are mistakes of either kind.
void check_keys(Builder& builder, const Node& map, KeyMap keys);
/// Which of the words of a key `node` is, from 0; otherwise nullopt, and a mistake says which there are.
[[nodiscard]] std::optional<std::size_t> word_of(Builder& builder, const Node& node, KeyMap map,
                                                 std::string_view key);
/// Scalars of a key, at most kValuesPerKeyMax; none and a mistake when there are more.
[[nodiscard]] std::vector<const Node*> values_of(Builder& builder, const Node& node, std::string_view what);
/// Of a file that the policy names.
[[nodiscard]] std::string full_path(const Builder& builder, const std::string& written);
/// Domains and names of lists; those domains that stand there themselves share one set.
void add_domains_and_lists(Builder& builder, const Node::Entry& entry, std::vector<NamedSet>& into);
/// Patterns of a key (pattern.h), each of 1 to kPatternBytesMax bytes.
void add_patterns(Builder& builder, const Node::Entry& entry, std::vector<std::string>& into);
/// Adds one domain to a set; a mistake at `at` when it is none.
void add_domain(Builder& builder, const Node& at, DomainSet set);
/// A new set; nothing when the table has its most, and at the first time a mistake at `at`.
[[nodiscard]] std::optional<DomainSet> new_set(Builder& builder, const Node& at);

}  // namespace weir::policy
