// SPDX-License-Identifier: Apache-2.0
// The two files by which the classifier recognises things, as they are now: the software catalogue and the
// operator's signatures. A file that is not there recognises nothing, until somebody writes it.
#pragma once

#include <string>
#include <vector>

#include "classifier/app/live_file.h"
#include "classifier/software/identify.h"
#include "classifier/software/signatures.h"

namespace weir::classifier {

class Recognition {
 public:
  /// Paths may be empty: none.
  Recognition(const std::string& catalogue, const std::string& signatures);
  Recognition(const Recognition&) = delete;
  Recognition& operator=(const Recognition&) = delete;

  /// Both for the first time; everything that is wrong with them. A file that is absent is only warned of.
  /// `quickly`: a classifier that was killed is awaited, so the catalogue's patterns are compiled by `files`
  /// after the start.
  [[nodiscard]] ResultAll<void> load(bool quickly);

  /// These stay where they are; what is in them is replaced by `files`.
  [[nodiscard]] const SoftwareIdentifier& software() const { return software_; }
  [[nodiscard]] const SignatureMatcher& signatures() const { return signatures_; }
  [[nodiscard]] std::vector<LiveFile*> files() { return {&catalogue_file_, &signatures_file_}; }

 private:
  SoftwareIdentifier software_{{}};
  SignatureMatcher signatures_;
  LiveFile catalogue_file_;
  LiveFile signatures_file_;
};

}  // namespace weir::classifier
