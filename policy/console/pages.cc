// SPDX-License-Identifier: Apache-2.0
#include "policy/console/pages.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "policy/model/text_file.h"

namespace weir::console {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = "index.html";
constexpr std::string_view kForEver = "public, max-age=31536000, immutable";

struct TypeOfEnding {
  std::string_view ending;
  std::string_view type;
};
constexpr std::array kTypes{TypeOfEnding{".html", "text/html; charset=utf-8"},
                            TypeOfEnding{".js", "text/javascript; charset=utf-8"},
                            TypeOfEnding{".mjs", "text/javascript; charset=utf-8"},
                            TypeOfEnding{".css", "text/css; charset=utf-8"},
                            TypeOfEnding{".json", "application/json"},
                            TypeOfEnding{".svg", "image/svg+xml"},
                            TypeOfEnding{".png", "image/png"},
                            TypeOfEnding{".ico", "image/x-icon"},
                            TypeOfEnding{".woff2", "font/woff2"},
                            TypeOfEnding{".txt", "text/plain; charset=utf-8"},
                            TypeOfEnding{".webmanifest", "application/manifest+json"}};

Response plain(int status, std::string_view text) {
  return {.status = status,
          .type = "text/plain; charset=utf-8",
          .body = std::string{text},
          .headers = {{"Cache-Control", "no-store"}}};
}

/// Empty: no file may be called so. No segment begins with a dot: neither .. nor what is hidden.
std::string relative_of(std::string_view path) {
  const auto decoded = percent_decoded(path.substr(0, path.find('?')));
  if (!decoded || !decoded->starts_with('/') || decoded->find("/.") != std::string::npos ||
      decoded->find("//") != std::string::npos || decoded->find('\\') != std::string::npos) {
    return {};
  }
  return *decoded == "/" ? kIndex : decoded->substr(1);
}

/// Within the folder, whatever links say; empty: there is no such file.
std::string file_in(const std::string& folder, const std::string& relative) {
  std::error_code wrong;
  const fs::path root = fs::canonical(folder, wrong);
  if (wrong) return {};
  const fs::path file = fs::canonical(root / relative, wrong);
  if (wrong || !fs::is_regular_file(file, wrong)) return {};
  const auto [at, ignored] = std::mismatch(root.begin(), root.end(), file.begin(), file.end());
  return at == root.end() ? file.string() : std::string{};
}

Response file_response(const std::string& file, const std::string& relative, bool gzip) {
  auto bytes = read_text_file(gzip ? file + ".gz" : file, kPageBytesMax);
  if (!bytes) return plain(500, "This page cannot be read.\n");
  const std::string ending = fs::path{relative}.extension().string();
  const auto type = std::ranges::find(kTypes, ending, &TypeOfEnding::ending);
  Response response;
  response.type = type == kTypes.end() ? "application/octet-stream" : std::string{type->type};
  response.body = std::move(*bytes);
  response.headers.emplace_back("Cache-Control", relative.starts_with("assets/") ? kForEver : "no-cache");
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (gzip) response.headers.emplace_back("Content-Encoding", "gzip");
  return response;
}

}  // namespace

Response page(const std::string& folder, std::string_view path, bool takes_gzip) {
  std::string relative = relative_of(path);
  if (relative.empty()) return plain(404, "There is no such page.\n");
  std::string file = file_in(folder, relative);
  if (file.empty() && relative != kIndex && fs::path{relative}.has_extension())
    return plain(404, "There is no such page.\n");
  if (file.empty()) {
    relative = kIndex;
    file = file_in(folder, relative);
  }
  if (file.empty()) {
    return plain(503,
                 "The pages of the console are not installed: there is no index.html in the folder that "
                 "console.pages names.\nThe API answers under /api/v1.\n");
  }
  return file_response(file, relative, takes_gzip && !file_in(folder, relative + ".gz").empty());
}

}  // namespace weir::console
