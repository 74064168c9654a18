// SPDX-License-Identifier: Apache-2.0
#include "policy/fetch/download.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

namespace weir::policy {
namespace {

constexpr long kOk = 200;
constexpr long kNotModified = 304;

class Download {
 public:
  Download(const DownloadRequest& request, const std::string& path)
      : request_(request), path_(path), file_(std::fopen(path.c_str(), "wbe")) {}
  ~Download() {
    if (file_ != nullptr) std::fclose(file_);
    curl_slist_free_all(headers_);
    curl_easy_cleanup(curl_);
  }
  Download(const Download&) = delete;
  Download& operator=(const Download&) = delete;

  Result<Downloaded> run() {
    if (file_ == nullptr || curl_ == nullptr) return file_failure();
    if (!prepare()) return failure(ErrorCode::kSystem, "libcurl does not know one of its options");
    const CURLcode code = curl_easy_perform(curl_);
    if (disk_failed_ || std::fflush(file_) != 0) return file_failure();
    if (too_long_ || code == CURLE_FILESIZE_EXCEEDED) {
      return failure(ErrorCode::kLimit, fmt::format("is longer than {} MiB", request_.bytes_max / kMegabyte),
                     "look at what is there; megabytes_max of the source allows more");
    }
    if (code != CURLE_OK) return transfer_failure(code);
    return answered();
  }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    if (curl_easy_setopt(curl_, option, value) != CURLE_OK) all_set_ = false;
  }
  void add_header(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    headers_ = curl_slist_append(headers_, fmt::format("{}: {}", name, value).c_str());
  }

  bool prepare() {
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, request_.plain_too ? "http,https" : "https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, request_.plain_too ? "http,https" : "https");
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, kRedirectsMax);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!request_.ca_file.empty()) {
      set(CURLOPT_CAINFO, request_.ca_file.c_str());
      set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    }
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT, std::min<long>(kConnectSecondsMax, request_.seconds_max));
    set(CURLOPT_TIMEOUT, static_cast<long>(request_.seconds_max));
    set(CURLOPT_LOW_SPEED_TIME, kStallSecondsMax);
    set(CURLOPT_LOW_SPEED_LIMIT, kStallBytesMin);
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request_.bytes_max));
    set(CURLOPT_FILETIME, 1L);
    set(CURLOPT_USERAGENT, "weirctl/" WEIR_VERSION);
    set(CURLOPT_ERRORBUFFER, said_.data());
    set(CURLOPT_WRITEFUNCTION, &Download::write);
    set(CURLOPT_WRITEDATA, this);
    add_header("If-None-Match", request_.etag);
    add_header("If-Modified-Since", request_.last_modified);
    set(CURLOPT_HTTPHEADER, headers_);
    return all_set_;
  }

  static std::size_t write(char* bytes, std::size_t, std::size_t count, void* self) {
    auto& download = *static_cast<Download*>(self);
    download.too_long_ = download.bytes_ + count > download.request_.bytes_max;
    if (download.too_long_) return 0;
    download.bytes_ += count;
    const std::size_t written = std::fwrite(bytes, 1, count, download.file_);
    download.disk_failed_ = written != count;
    return written;
  }

  [[nodiscard]] tl::unexpected<Error> file_failure() const {
    return failure(ErrorCode::kSystem, fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
  }

  [[nodiscard]] tl::unexpected<Error> transfer_failure(CURLcode code) const {
    const std::string detail = said_[0] != '\0' ? said_.data() : curl_easy_strerror(code);
    switch (code) {
      case CURLE_OPERATION_TIMEDOUT:
        return failure(ErrorCode::kLimit, fmt::format("took too long: {}", detail),
                       "seconds_max of the source allows more");
      case CURLE_TOO_MANY_REDIRECTS:
        return failure(ErrorCode::kLimit, fmt::format("is redirected more than {} times", kRedirectsMax));
      case CURLE_PARTIAL_FILE:
      case CURLE_RECV_ERROR:
        return failure(ErrorCode::kUnavailable, fmt::format("did not come whole: {}", detail));
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
        return failure(ErrorCode::kUnavailable, fmt::format("the server is not who it should be: {}", detail),
                       "ca of the source names who vouches for it");
      case CURLE_UNSUPPORTED_PROTOCOL:
        return failure(ErrorCode::kUnavailable, "is redirected away from https");
      default:
        return failure(ErrorCode::kUnavailable, fmt::format("cannot be fetched: {}", detail));
    }
  }

  /// Of the last answer, when there were redirects; empty: it has none.
  [[nodiscard]] std::string header(const char* name) const {
    curl_header* found = nullptr;
    if (curl_easy_header(curl_, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) return {};
    const std::string value{found->value};
    return value.size() > kValidatorBytesMax ? std::string{} : value;
  }

  [[nodiscard]] Result<Downloaded> answered() const {
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    const bool asked = !request_.etag.empty() || !request_.last_modified.empty();
    if (status == kNotModified && asked) return Downloaded{};
    if (status != kOk) return failure(ErrorCode::kUnavailable, fmt::format("the server answers {}", status));
    if (header("Content-Type").starts_with("text/html")) {
      return failure(ErrorCode::kInvalid, "is a web page, not a list",
                     "look at the address with a browser: it may want a login, or have moved");
    }
    curl_off_t written_s = -1;
    curl_easy_getinfo(curl_, CURLINFO_FILETIME_T, &written_s);
    return Downloaded{true, bytes_, header("ETag"), header("Last-Modified"),
                      std::max<curl_off_t>(written_s, 0) * kSecond};
  }

  const DownloadRequest& request_;
  const std::string& path_;
  std::FILE* file_;
  CURL* curl_ = curl_easy_init();
  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> said_{};
  std::uint64_t bytes_ = 0;
  bool all_set_ = true;
  bool too_long_ = false;
  bool disk_failed_ = false;
};

}  // namespace

Result<Downloaded> download(const DownloadRequest& request, const std::string& path) {
  return Download{request, path}.run();
}

}  // namespace weir::policy
