// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "policy/model/password_file.h"
#include "policy/notify/curl_transfer.h"

namespace weir::notify {

Outcome outcome_of_http(long status) {
  if (status >= 200 && status <= 299) return Outcome::kSent;
  const bool later = status == 408 || status == 425 || status == 429 || status >= 500;
  return later ? Outcome::kLater : Outcome::kRefused;
}

std::string signature_of(const std::string& secret, std::int64_t timestamp_s, const std::string& body) {
  const std::string text = fmt::format("{}.{}", timestamp_s, body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> code{};
  unsigned length = 0;
  const std::vector<unsigned char> bytes(text.begin(), text.end());
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes.data(), bytes.size(),
           code.data(), &length) == nullptr)
    return {};
  std::string hex = "sha256=";
  for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", code.at(i));
  return hex;
}

Sending send_webhook(const NotificationReceiver& receiver, const Message& message, TimeNs now,
                     const Stop& stop) {
  const auto secret = read_password(receiver.secret_file);
  if (!secret) return {Outcome::kLater, to_text(secret.error())};
  const std::int64_t timestamp_s = now / kSecond;
  const std::string signature = signature_of(*secret, timestamp_s, message.body);
  if (signature.empty()) return {Outcome::kLater, "the signature could not be made"};
  CurlTransfer transfer{receiver, stop, "https"};
  transfer.set(CURLOPT_URL, receiver.to.front().c_str());
  transfer.set(CURLOPT_POST, 1L);
  transfer.set(CURLOPT_POSTFIELDS, message.body.data());
  transfer.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(message.body.size()));
  transfer.add_header("Content-Type: application/json");
  transfer.add_header("Expect:");
  transfer.add_header("Idempotency-Key: " + message.key);
  transfer.add_header(fmt::format("X-Weir-Timestamp: {}", timestamp_s));
  transfer.add_header("X-Weir-Signature: " + signature);
  const CurlTransfer::Answer answer = transfer.perform();
  if (!answer.whole) return {Outcome::kLater, answer.what};
  const Outcome outcome = outcome_of_http(answer.status);
  return {outcome, outcome == Outcome::kSent ? "" : fmt::format("the server answers {}", answer.status)};
}

}  // namespace weir::notify
