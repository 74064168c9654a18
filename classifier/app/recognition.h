// SPDX-License-Identifier: Apache-2.0
// The files by which the classifier recognises things, as they are now: the software catalogue, the
// operator's signatures and the safe names of search engines. A file that is not there recognises nothing,
// until somebody writes it.
#pragma once

#include <string>
#include <vector>

#include "classifier/app/live_file.h"
#include "classifier/software/identify.h"
#include "classifier/software/signatures.h"
#include "policy/lang/safe_search.h"

namespace weir::classifier {

class Recognition {
 public:
  /// Paths may be empty: none.
  Recognition(const std::string& catalogue, const std::string& signatures, const std::string& safe_search);
  Recognition(const Recognition&) = delete;
  Recognition& operator=(const Recognition&) = delete;

  /// All for the first time; everything that is wrong with them. A file that is absent is only warned of.
  /// `quickly`: a classifier that was killed is awaited, so the catalogue's patterns are compiled by `files`
  /// after the start.
  [[nodiscard]] ResultAll<void> load(bool quickly);

  /// These stay where they are; what is in them is replaced by `files`.
  [[nodiscard]] const SoftwareIdentifier& software() const { return software_; }
  [[nodiscard]] const SignatureMatcher& signatures() const { return signatures_; }
  [[nodiscard]] const policy::SafeSearchTable& safe_search() const { return safe_search_; }
  [[nodiscard]] std::vector<LiveFile*> files() {
    return {&catalogue_file_, &signatures_file_, &safe_search_file_};
  }

 private:
  SoftwareIdentifier software_{{}};
  SignatureMatcher signatures_;
  policy::SafeSearchTable safe_search_;
  LiveFile catalogue_file_;
  LiveFile signatures_file_;
  LiveFile safe_search_file_;
};

}  // namespace weir::classifier
