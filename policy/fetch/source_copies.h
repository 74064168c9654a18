// SPDX-License-Identifier: Apache-2.0
// The cache of fetched lists: of each source the last good copy, and what is known of it, in one folder
// NAME/ that is exchanged in one step. A copy that cannot be imported, or that is suddenly much longer or
// shorter, never takes the place of one that could.
//
//   NAME/state.json        CopyState
//   NAME/list              the list of a category, or
//   NAME/tree/CATEGORY/... the lists of a tree
//   imported               what the last category file was made of
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/categories/category_import.h"
#include "policy/fetch/sources_file.h"
#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::policy {

inline constexpr double kSourceChangeMax = 2.0;  // times as many or as few domains as the copy before

struct CopyState {
  std::string url{};
  std::string holds{};  // a list, or which categories of a tree
  std::string etag{};
  std::string last_modified{};
  std::string sha256{};
  TimeNs fetched_at = 0;
  TimeNs checked_at = 0;  // when the server last said that it is what there is
  std::size_t domains = 0;
};

class SourceCopies {
 public:
  /// Makes the folder. kBusy: another weirctl fetches; kSystem.
  [[nodiscard]] static Result<SourceCopies> lock(const std::string& folder);
  SourceCopies(SourceCopies&& other) noexcept;
  SourceCopies& operator=(SourceCopies&&) = delete;
  ~SourceCopies();

  /// nullopt: there is no copy of it.
  [[nodiscard]] std::optional<CopyState> state(const FetchSource& source) const;
  /// Fetches what has changed. True: there is another copy now; on an error the one before is untouched.
  /// `any_size`: also one that differs by more than kSourceChangeMax.
  [[nodiscard]] Result<bool> renew(const FetchSource& source, const SourceOptions& options, bool any_size,
                                   TimeNs now) const;
  /// The copy, or the local list or folder itself.
  [[nodiscard]] ImportSource import_source(const FetchSource& source) const;
  /// Removes what is kept of sources that are not among these.
  void forget_others(const std::vector<FetchSource>& sources) const;

  /// What a category file was made of, in words that are compared with those of before.
  [[nodiscard]] static std::string made_of(const ImportRequest& request);
  [[nodiscard]] std::string imported() const;  // as it was noted; empty: nothing was
  [[nodiscard]] Result<void> note_imported(const std::string& made_of) const;

 private:
  SourceCopies(std::string folder, int lock) : folder_(std::move(folder)), lock_(lock) {}
  [[nodiscard]] std::string place(const FetchSource& source) const { return folder_ + "/" + source.name; }
  [[nodiscard]] Result<bool> renew_by_way_of(const std::string& made, const FetchSource& source,
                                             const SourceOptions& options, bool any_size, TimeNs now) const;

  std::string folder_;
  int lock_ = -1;
};

}  // namespace weir::policy
