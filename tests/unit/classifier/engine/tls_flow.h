// SPDX-License-Identifier: Apache-2.0
// A TLS connection up to its final verdict, for tests of what becomes of it then.
#pragma once

#include "tests/support/tls_hello.h"
#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier::test {

inline std::string tls_hello(const char* name = "www.example.org") {
  const std::string extensions = weir::test::sni_extension(name) + weir::test::alpn_extension({"h2"});
  const std::string message = weir::test::client_hello_message(extensions);
  return weir::test::Wire{}.u8(22).u16(0x0301).u16(message.size()).raw(message).str();
}

/// Hello, server's hello, and data until all of it is acknowledged and the flow is decided.
inline void play_tls(Bench& bench, const char* name = "www.example.org") {
  bench.handshake(443);
  bench.packet(kClient, tls_hello(name), 1'000);
  EXPECT_EQ(bench.classifier().counts().flows_undecided, 1U);
  const std::string message =
      weir::test::Wire{}.u8(2).u24(38).u16(0x0303).raw(std::string(32, 's')).u8(0).u16(0xc02f).u8(0).str();
  const std::string record = weir::test::Wire{}.u8(22).u16(0x0303).u16(message.size()).raw(message).str();
  bench.packet(kServer, record, 2'000);
  const std::string data = weir::test::Wire{}.u8(23).u16(0x0303).u16(4).raw("data").str();
  for (std::uint32_t i = 0; i < 40 && bench.classifier().counts().flows_undecided > 0; ++i)
    bench.packet(kServer, data, 2'000 + static_cast<std::uint32_t>(record.size() + i * data.size()));
  ASSERT_EQ(bench.classifier().counts().flows_undecided, 0U);
  bench.answers();
}

}  // namespace weir::classifier::test
