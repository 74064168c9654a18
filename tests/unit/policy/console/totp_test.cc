// SPDX-License-Identifier: Apache-2.0
#include "policy/console/totp.h"

#include <gtest/gtest.h>

namespace weir::console {
namespace {

constexpr std::string_view kKey = "12345678901234567890";

TEST(Totp, CodesAreThoseOfRfc6238) {
  // Appendix B, SHA-1, eight digits.
  const std::pair<std::int64_t, const char*> vectors[] = {
      {59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
      {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
  for (const auto& [time, code] : vectors) EXPECT_EQ(totp_code(kKey, time / 30, 8), code) << time;
}

TEST(Totp, ACodeIsTakenOnceAndOneStepOff) {
  const TimeNs now = 1'234'567'890 * kSecond;
  const std::int64_t step = now / kTotpStep;
  EXPECT_EQ(totp_step(kKey, totp_code(kKey, step), 0, now), step);
  EXPECT_EQ(totp_step(kKey, totp_code(kKey, step - 1), 0, now), step - 1);
  EXPECT_EQ(totp_step(kKey, totp_code(kKey, step + 1), 0, now), step + 1);
  EXPECT_FALSE(totp_step(kKey, totp_code(kKey, step), step, now)) << "it was taken before";
  EXPECT_FALSE(totp_step(kKey, totp_code(kKey, step - 1), step, now)) << "a later one was taken before";
  EXPECT_FALSE(totp_step(kKey, totp_code(kKey, step - 2), 0, now));
  EXPECT_FALSE(totp_step(kKey, totp_code(kKey, step + 2), 0, now));
  EXPECT_FALSE(totp_step(kKey, "", 0, now));
  EXPECT_FALSE(totp_step(kKey, totp_code(kKey, step) + "0", 0, now));
}

TEST(Totp, Base32IsThatOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""}, {"f", "MY"}, {"fo", "MZXQ"}, {"foo", "MZXW6"}, {"foob", "MZXW6YQ"}, {"foobar", "MZXW6YTBOI"}};
  for (const auto& [bytes, text] : vectors) EXPECT_EQ(base32(bytes), text);
  EXPECT_EQ(totp_uri("gate", "amelie", "foo"),
            "otpauth://totp/Weir%20gate:amelie?secret=MZXW6&issuer=Weir%20gate");
}

}  // namespace
}  // namespace weir::console
