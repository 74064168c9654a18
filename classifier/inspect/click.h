// SPDX-License-Identifier: Apache-2.0
// The request by which a client says that it goes on from the page of a rule with `then: continue`: a POST to
// a path of the same host (RFC 8615), since Weir has no address of its own. POST, lest a browser that fetches
// ahead clicks (RFC 9110 section 9.2.1). It names the rule and where the client wants to go; whether the
// token in it was given to this client its reader has to find out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/model/http_facts.h"

namespace weir::classifier {

struct Click {
  std::string_view rule;
  std::string_view token;
  std::string_view path;  // begins with a slash
};

/// The target of such a request.
[[nodiscard]] std::string click_target(const Click& click);
/// nullopt: the request is none. Points into `http`.
[[nodiscard]] std::optional<Click> read_click(const HttpFacts& http);

}  // namespace weir::classifier
