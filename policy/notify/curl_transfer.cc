// SPDX-License-Identifier: Apache-2.0
#include "policy/notify/curl_transfer.h"

#include <algorithm>

namespace weir::notify {

CurlTransfer::CurlTransfer(const NotificationReceiver& receiver, const Stop& stop, const char* protocols)
    : stop_(stop) {
  set(CURLOPT_PROTOCOLS_STR, protocols);
  set(CURLOPT_PROXY, "");  // whatever the environment says
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!receiver.ca_file.empty()) {
    set(CURLOPT_CAINFO, receiver.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  const long timeout_ms = receiver.timeout / kMillisecond;
  set(CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
  set(CURLOPT_TIMEOUT_MS, timeout_ms);
  set(CURLOPT_USERAGENT, "weir-notify/" WEIR_VERSION);
  set(CURLOPT_ERRORBUFFER, said_.data());
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::take);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_XFERINFOFUNCTION, &CurlTransfer::look);
  set(CURLOPT_XFERINFODATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
}

CurlTransfer::~CurlTransfer() {
  curl_easy_cleanup(handle_);
  curl_slist_free_all(headers_);
}

std::size_t CurlTransfer::take(char*, std::size_t, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  transfer.taken_ += count;
  return transfer.taken_ > kReplyBytesMax ? 0 : count;
}

int CurlTransfer::look(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<CurlTransfer*>(self)->stop_() ? 1 : 0;
}

CurlTransfer::Answer CurlTransfer::perform() {
  if (headers_ != nullptr) set(CURLOPT_HTTPHEADER, headers_);
  if (!all_set_) return {false, 0, "libcurl does not know one of its options"};
  const CURLcode code = curl_easy_perform(handle_);
  Answer answer;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &answer.status);
  // A reply that is longer than anybody needs has said its status all the same.
  answer.whole = code == CURLE_OK || (code == CURLE_WRITE_ERROR && taken_ > kReplyBytesMax);
  if (answer.whole) return answer;
  answer.what = said_[0] != '\0' ? said_.data() : curl_easy_strerror(code);
  if (code == CURLE_ABORTED_BY_CALLBACK) answer.what = "ended with the process";
  std::replace_if(
      answer.what.begin(), answer.what.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return answer;
}

}  // namespace weir::notify
