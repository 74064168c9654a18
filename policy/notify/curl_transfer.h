// SPDX-License-Identifier: Apache-2.0
// What sending by libcurl has in common: TLS that is checked, no proxy, no redirect, a bounded time, what the
// server says thrown away beyond a limit.
#pragma once

#include <curl/curl.h>

#include <array>
#include <string>

#include "policy/notify/sender.h"

namespace weir::notify {

inline constexpr std::size_t kReplyBytesMax = 64U << 10U;  // of a server's reply that is read at all

class CurlTransfer {
 public:
  CurlTransfer(const NotificationReceiver& receiver, const Stop& stop, const char* protocols);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  template <typename Value>
  void set(CURLoption option, Value value) {
    if (handle_ == nullptr || curl_easy_setopt(handle_, option, value) != CURLE_OK) all_set_ = false;
  }
  void add_header(const std::string& line) { headers_ = curl_slist_append(headers_, line.c_str()); }

  struct Answer {
    bool whole = false;  // the server spoke its last word
    long status = 0;     // of HTTP or SMTP; 0: none came
    std::string what;    // why not whole
  };
  [[nodiscard]] Answer perform();
  [[nodiscard]] CURL* handle() const { return handle_; }

 private:
  static std::size_t take(char* bytes, std::size_t, std::size_t count, void* self);
  static int look(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  CURL* handle_ = curl_easy_init();
  curl_slist* headers_ = nullptr;
  const Stop& stop_;
  std::array<char, CURL_ERROR_SIZE> said_{};
  std::size_t taken_ = 0;
  bool all_set_ = true;
};

}  // namespace weir::notify
