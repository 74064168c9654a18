// SPDX-License-Identifier: Apache-2.0
// Whether a name is one under which strangers register theirs: com, co.uk, github.io. A category list that
// names one by mistake would close all of it. The list is Debian's publicsuffix, or the one within libpsl.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace weir::policy {

class PublicSuffixes {
 public:
  enum class Source { kNewest, kBuiltIn };
  /// kBuiltIn opens no file.
  explicit PublicSuffixes(Source source = Source::kNewest);
  /// `name` is canonical. A single label that the list does not know is one too.
  [[nodiscard]] bool has(const std::string& name) const;
  /// What was registered of a canonical name, "example.co.uk" of "www.example.co.uk": a part of `name`.
  /// Empty: it is a public suffix itself.
  [[nodiscard]] std::string_view registered(const std::string& name) const;

 private:
  std::shared_ptr<const void> list_;
};

}  // namespace weir::policy
