// SPDX-License-Identifier: Apache-2.0
// What the two ends of a canary's flow say to each other, packet by packet, and what a classifier knows once
// it has read each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/model/flow_facts.h"

namespace weir::prove {

inline constexpr std::size_t kMessageBytesMax = 64U << 10U;  // of a mail that a canary sends
inline constexpr std::size_t kRecipientsMax = 100;           // of such a mail

/// kTcp, kUdp, kIcmp: a first packet, and nothing is said. kApp: the sample of an application.
enum class Way : std::uint8_t {
  kTcp,
  kUdp,
  kIcmp,
  kTls,
  kHttp,
  kDns,
  kSmtp,
  kSubmission,
  kImap,
  kPop3,
  kApp
};
[[nodiscard]] const char* to_string(Way way);
[[nodiscard]] std::uint8_t protocol_of(Way way, bool ipv4);
[[nodiscard]] std::uint16_t usual_port(Way way);

/// A way in which an application can be shown to nDPI.
struct AppSample {
  std::string_view app;         // as nDPI names it
  Way way = Way::kTls;          // kTls, kHttp, kDns: by a name; kTcp, kUdp: by what is said
  std::string_view shown;       // the name, or what the client says
  std::uint16_t port = 0;       // of the server
  std::string_view greeting{};  // kTcp: said by the server before
  std::string_view answer{};    // said by the server behind, where it shows by both
};
/// nullptr: there is none. `number`: of its samples, from 0.
[[nodiscard]] const AppSample* app_sample(std::string_view app, std::size_t number);

struct Talk {
  std::string name;  // of the server; empty: none
  std::uint16_t tls_version = 0x0304;
  std::vector<std::string> alpn;
  std::string method = "GET";
  std::string path = "/";
  struct Reply {
    std::string type = "text/plain";
    std::uint64_t bytes = 16;
    std::string file;  // of its Content-Disposition
  };
  std::optional<Reply> reply;
  struct Message {
    std::string from;
    std::string subject = "canary";
    std::size_t bytes = 0;  // at least
    std::optional<Attachment> attachment;
  };
  std::string sender = "canary@weir.example";
  std::vector<std::string> recipients = {"canary@weir.example"};
  std::optional<Message> message;
  const AppSample* sample = nullptr;  // of Way::kApp
};

struct Step {
  bool from_client = true;
  std::string payload;        // empty: SYN, or the server's SYN-ACK
  FlowFacts facts;            // known when it was read
  std::size_t may_leave = 0;  // bytes of it that may leave although a rule refuses it
};

/// At least one step. A SYN is on its way before anybody is asked: what a rule can refuse first is the
/// SYN-ACK. `ends`: addresses, client's card, VLAN, the responder's port; protocol and ports of the rest are
/// filled in.
[[nodiscard]] std::vector<Step> dialogue(Way way, const FlowFacts& ends, const Talk& talk);

/// The mail of `talk`, with its last line.
[[nodiscard]] std::string mail_text(const Talk& talk);

}  // namespace weir::prove
