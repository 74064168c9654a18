// SPDX-License-Identifier: Apache-2.0
// Whether a name is one under which strangers register theirs: com, co.uk, github.io. A category list that
// names one by mistake would close all of it. The list is Debian's publicsuffix, or the one within libpsl.
#pragma once

#include <memory>
#include <string>

namespace weir::policy {

class PublicSuffixes {
 public:
  PublicSuffixes();
  /// `name` is canonical. A single label that the list does not know is one too.
  [[nodiscard]] bool has(const std::string& name) const;

 private:
  std::shared_ptr<const void> list_;
};

}  // namespace weir::policy
