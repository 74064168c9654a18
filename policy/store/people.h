// SPDX-License-Identifier: Apache-2.0
// What the store keeps about one person or client: to show it, to hand it out, to erase it; and what goes by
// its age. One list (people.cc) says which columns of which tables name a subject.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/settings.h"
#include "policy/model/time.h"
#include "policy/store/store.h"

namespace weir::policy {

inline constexpr std::uint32_t kRowsAboutMax = 1'000'000;  // of one table, that are handed out

/// What a kept event says, as JSON: the store does not know how events are kept.
using EventText = std::function<std::string(const std::string& kept)>;

/// A row as text, by column.
using TextRow = std::vector<std::pair<std::string, std::string>>;

/// Every subject that some row names, once.
[[nodiscard]] Result<std::vector<std::string>> subjects_known(Store& store);
/// The last words on flows, one after the other, until `visit` says false.
[[nodiscard]] Result<void> each_event(Store& store, const std::function<bool(const std::string&)>& visit);
/// By table; those without a row are left out. A user or host also in what events say of the client.
[[nodiscard]] Result<std::map<std::string, std::vector<TextRow>>> rows_about(Store& store,
                                                                             const std::string& subject,
                                                                             const EventText& text_of_event);
/// The violation, and all that is kept of its life; by table.
[[nodiscard]] Result<std::map<std::string, std::vector<TextRow>>> rows_of_violation(Store& store,
                                                                                    std::int64_t id);
/// How many violations of the subject somebody is at work on.
[[nodiscard]] Result<std::uint64_t> open_cases(Store& store, const std::string& subject);
/// All of it is gone; rows by table. Then `overwrite_erased`.
[[nodiscard]] Result<std::map<std::string, std::uint64_t>> erase_rows_about(Batch& batch,
                                                                            const std::string& subject,
                                                                            const EventText& text_of_event);
/// What was deleted is gone from the database's files too, which takes a while: they are written anew.
[[nodiscard]] Result<void> overwrite_erased(Store& store);
/// What is older than its class is kept, at most `count` rows a class, so that no batch takes long; by class
/// of docs/operations.md, those without any left out.
[[nodiscard]] Result<std::map<std::string, std::uint64_t>> trim_by_age(Batch& batch,
                                                                       const RetentionSettings& keep,
                                                                       TimeNs now, std::uint32_t count);

/// Who wants to know who a pseudonym is, and whether another user agrees.
struct RevealRequest {
  std::int64_t id = 0;
  std::string pseudonym;
  std::string reason;
  std::string asked_by;
  TimeNs asked = 0;
  std::string approved_by{};  // empty: nobody has
  TimeNs approved = 0;
  TimeNs used = 0;  // 0: not yet
};
[[nodiscard]] Result<std::int64_t> ask_to_reveal(Batch& batch, const RevealRequest& request);
/// kNotFound: no such request that was not used.
[[nodiscard]] Result<RevealRequest> reveal_request(Batch& batch, std::int64_t id);
[[nodiscard]] Result<void> put(Batch& batch, const RevealRequest& request);
/// Newest first.
[[nodiscard]] Result<std::vector<RevealRequest>> reveal_requests(Store& store, std::uint32_t count);

}  // namespace weir::policy
