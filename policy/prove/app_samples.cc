// SPDX-License-Identifier: Apache-2.0
// Applications that a canary can show to nDPI 4.2 with its first payload or with a server's name; each was
// seen to be labelled so (tests/e2e/prove). All others only a real program can show.
#include <array>

#include "policy/lang/app_names.h"
#include "policy/prove/dialogue.h"

namespace weir::prove {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kBitTorrent =
    "\x13"
    "BitTorrent protocol\0\0\0\0\0\x10\0\x05"
    "a rule canary of weir-WC0001-a rule of w"sv;

// An X.224 connection request (MS-RDPBCGR 2.2.1.1).
constexpr std::string_view kRdp = "\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"sv;
// Read of one holding register (Modbus application protocol 6.3).
constexpr std::string_view kModbus = "\0\x01\0\0\0\x06\x01\x03\0\0\0\x01"sv;

// Initiation and response (WireGuard's paper, section 5.4): types, indices that belong together, lengths.
constexpr auto kWireGuardBytes = [] {
  std::array<char, 148> bytes{};
  bytes.fill('c');
  constexpr std::string_view kHead = "\x01\0\0\0\x57\x45\x49\x52"sv;
  for (std::size_t i = 0; i < kHead.size(); ++i) bytes[i] = kHead[i];
  return bytes;
}();
constexpr auto kWireGuardAnswerBytes = [] {
  std::array<char, 92> bytes{};
  bytes.fill('s');
  constexpr std::string_view kHead = "\x02\0\0\0\x01\x02\x03\x04\x57\x45\x49\x52"sv;
  for (std::size_t i = 0; i < kHead.size(); ++i) bytes[i] = kHead[i];
  return bytes;
}();
constexpr std::string_view kWireGuard{kWireGuardBytes.data(), kWireGuardBytes.size()};
constexpr std::string_view kWireGuardAnswer{kWireGuardAnswerBytes.data(), kWireGuardAnswerBytes.size()};

constexpr std::array kSamples = {
    AppSample{"AmazonVideo", Way::kTls, "www.primevideo.com", 443},
    AppSample{"BitTorrent", Way::kTcp, kBitTorrent, 51'413},
    AppSample{"Discord", Way::kTls, "discord.com", 443},
    AppSample{"DNS", Way::kDns, "canary.weir.example", 53},
    AppSample{"doh", Way::kTls, "dns.google", 443},
    AppSample{"dot", Way::kTls, "canary.weir.example", 853},
    AppSample{"Dropbox", Way::kTls, "www.dropbox.com", 443},
    AppSample{"Facebook", Way::kTls, "www.facebook.com", 443},
    AppSample{"GMail", Way::kTls, "mail.google.com", 443},
    AppSample{"HTTP", Way::kHttp, "canary.weir.example", 80},
    AppSample{"Instagram", Way::kTls, "www.instagram.com", 443},
    AppSample{"LinkedIn", Way::kTls, "www.linkedin.com", 443},
    AppSample{"Modbus", Way::kTcp, kModbus, 502},
    AppSample{"MS_OneDrive", Way::kTls, "onedrive.live.com", 443},
    AppSample{"NetFlix", Way::kTls, "www.netflix.com", 443},
    AppSample{"Pinterest", Way::kTls, "www.pinterest.com", 443},
    AppSample{"RDP", Way::kTcp, kRdp, 3'389},
    AppSample{"Reddit", Way::kTls, "www.reddit.com", 443},
    AppSample{"Snapchat", Way::kTls, "app.snapchat.com", 443},
    AppSample{"Spotify", Way::kTls, "www.spotify.com", 443},
    AppSample{"SSH", Way::kTcp, "SSH-2.0-canary\r\n", 22, "SSH-2.0-weir\r\n"},
    AppSample{"Steam", Way::kTls, "store.steampowered.com", 443},
    AppSample{"TeamViewer", Way::kTls, "router1.teamviewer.com", 443},
    AppSample{"Telegram", Way::kTls, "web.telegram.org", 443},
    AppSample{"TikTok", Way::kTls, "www.tiktok.com", 443},
    AppSample{"TLS", Way::kTls, "canary.weir.example", 443},
    AppSample{"Twitch", Way::kTls, "www.twitch.tv", 443},
    AppSample{"Twitter", Way::kTls, "twitter.com", 443},
    AppSample{"VNC", Way::kTcp, "RFB 003.008\n", 5'900, "RFB 003.008\n"},
    AppSample{"WhatsApp", Way::kTls, "web.whatsapp.com", 443},
    AppSample{"WireGuard", Way::kUdp, kWireGuard, 51'820, {}, kWireGuardAnswer},
    AppSample{"YouTube", Way::kTls, "www.youtube.com", 443},
    AppSample{"Zoom", Way::kTls, "us02web.zoom.us", 443},
};

}  // namespace

const AppSample* app_sample(std::string_view app, std::size_t number) {
  for (const AppSample& sample : kSamples) {
    if (policy::same_word(sample.app, app) && number-- == 0) return &sample;
  }
  return nullptr;
}

}  // namespace weir::prove
