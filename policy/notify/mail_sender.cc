// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "policy/model/password_file.h"
#include "policy/notify/base64.h"
#include "policy/notify/curl_transfer.h"
#include "policy/notify/utc_text.h"

namespace weir::notify {
namespace {

/// A header's text; what is not ASCII as an encoded word (RFC 2047).
std::string header_text(const std::string& text) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return ascii ? text : fmt::format("=?UTF-8?B?{}?=", to_base64(text));
}

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : ", ") + one;
  return text;
}

void add_headers(CurlTransfer& transfer, const NotificationReceiver& receiver, const Message& message) {
  const std::string domain = receiver.from.substr(receiver.from.find('@') + 1);
  transfer.add_header("Date: " + mail_date(message.made));
  transfer.add_header(fmt::format("From: Weir <{}>", receiver.from));
  transfer.add_header("To: " + joined(receiver.to));
  transfer.add_header("Subject: " + header_text(message.title));
  transfer.add_header(fmt::format("Message-ID: <{}@{}>", message.key, domain));
  transfer.add_header("Auto-Submitted: auto-generated");
}

/// The text, and what is attached.
curl_mime* parts_of(CURL* handle, const Message& message) {
  curl_mime* const mime = curl_mime_init(handle);
  curl_mimepart* const text = curl_mime_addpart(mime);
  bool made = curl_mime_data(text, message.body.data(), message.body.size()) == CURLE_OK &&
              curl_mime_type(text, "text/plain; charset=utf-8") == CURLE_OK &&
              curl_mime_encoder(text, "quoted-printable") == CURLE_OK;
  if (message.attachment) {
    curl_mimepart* const file = curl_mime_addpart(mime);
    made = made &&
           curl_mime_data(file, message.attachment->content.data(), message.attachment->content.size()) ==
               CURLE_OK &&
           curl_mime_type(file, message.attachment->type.c_str()) == CURLE_OK &&
           curl_mime_encoder(file, "base64") == CURLE_OK &&
           curl_mime_filename(file, message.attachment->name.c_str()) == CURLE_OK;
  }
  if (made) return mime;
  curl_mime_free(mime);
  return nullptr;
}

}  // namespace

Outcome outcome_of_smtp(long reply) {
  if (reply >= 200 && reply <= 299) return Outcome::kSent;
  return reply >= 500 && reply <= 599 ? Outcome::kRefused : Outcome::kLater;
}

Sending send_mail(const NotificationReceiver& receiver, const Message& message, const Stop& stop) {
  CurlTransfer transfer{receiver, stop, "smtp,smtps"};
  transfer.set(CURLOPT_URL, receiver.server.c_str());
  transfer.set(CURLOPT_USE_SSL, long{CURLUSESSL_ALL});
  std::string password;
  if (!receiver.user.empty()) {
    const auto read = read_password(receiver.password_file);
    if (!read) return {Outcome::kLater, to_text(read.error())};
    password = *read;
    transfer.set(CURLOPT_USERNAME, receiver.user.c_str());
    transfer.set(CURLOPT_PASSWORD, password.c_str());
  }
  transfer.set(CURLOPT_MAIL_FROM, receiver.from.c_str());
  curl_slist* recipients = nullptr;
  for (const std::string& one : receiver.to) recipients = curl_slist_append(recipients, one.c_str());
  transfer.set(CURLOPT_MAIL_RCPT, recipients);
  transfer.set(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);  // one mailbox that is gone silences nobody else
  add_headers(transfer, receiver, message);
  curl_mime* const mime = parts_of(transfer.handle(), message);
  transfer.set(CURLOPT_MIMEPOST, mime);
  const CurlTransfer::Answer answer = mime != nullptr ? transfer.perform() : CurlTransfer::Answer{};
  curl_mime_free(mime);
  curl_slist_free_all(recipients);
  explicit_bzero(password.data(), password.size());
  if (answer.whole) return {};
  // A reply that refuses the login speaks of us, not of the message.
  const bool login = answer.status == 530 || answer.status == 534 || answer.status == 535;
  const bool judged = answer.status >= 500 && answer.status <= 599 && !login;
  const std::string what = answer.what.empty() ? "the message could not be built" : answer.what;
  return {judged ? outcome_of_smtp(answer.status) : Outcome::kLater, what};
}

}  // namespace weir::notify
