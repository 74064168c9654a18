// SPDX-License-Identifier: Apache-2.0
#include "policy/console/message.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "policy/console/channel.h"

namespace weir::console {
namespace {

TEST(Problem, IsThatOfRfc9457) {
  const Response response = problem(409, "conflict", "a \x1b[31mred word");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.type, "application/problem+json");
  const Json json = Json::parse(response.body);
  EXPECT_EQ(json["status"], 409);
  EXPECT_EQ(json["code"], "conflict");
  EXPECT_FALSE(json["title"].get<std::string>().empty());
  EXPECT_TRUE(json["type"].get<std::string>().ends_with(":conflict"));
  EXPECT_EQ(json["detail"].get<std::string>().find('\x1b'), std::string::npos);
  EXPECT_NE(json["id"], Json::parse(problem(409, "conflict").body)["id"]);
}

TEST(Problem, HasEveryMistakeWithItsPlace) {
  const std::vector<Error> errors{
      {ErrorCode::kInvalid, "no such category", "did you mean news", {"policy", 4, 7}},
      {ErrorCode::kInvalid, "no such group", "", {"policy", 9, 1}}};
  const Json json = Json::parse(problem_of(errors).body);
  EXPECT_EQ(json["status"], 422);
  ASSERT_EQ(json["errors"].size(), 2U);
  EXPECT_EQ(json["errors"][0]["line"], 4);
  EXPECT_EQ(json["errors"][0]["column"], 7);
  EXPECT_EQ(json["errors"][1]["what"], "no such group");
}

TEST(Problem, TellsWhoseFaultItIs) {
  const std::pair<ErrorCode, int> expected[] = {{ErrorCode::kInvalid, 422},     {ErrorCode::kNotFound, 404},
                                                {ErrorCode::kBusy, 409},        {ErrorCode::kLimit, 409},
                                                {ErrorCode::kUnavailable, 503}, {ErrorCode::kSystem, 500},
                                                {ErrorCode::kCorrupt, 500}};
  for (const auto& [code, status] : expected) EXPECT_EQ(problem_of(Error{code, "x", {}, {}}).status, status);
}

TEST(Query, IsDecodedAndItsLastValueCounts) {
  const auto query = parse_query("a=1&b=x%20y+z&a=2&flag&=");
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->at("a"), "2");
  EXPECT_EQ(query->at("b"), "x y z");
  EXPECT_EQ(query->at("flag"), "");
  for (const char* const broken : {"a=%", "a=%4", "a=%zz", "a=%00", "%=1"})
    EXPECT_FALSE(parse_query(broken)) << broken;
}

TEST(Channel, BringsRequestAndAnswerAcross) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  Request request;
  request.method = "POST";
  request.body = std::string("\0\xff{\n", 4);
  request.last_event = "9";
  ASSERT_TRUE(send_request(ends[0], request));
  const auto received = receive_request(ends[1]);
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(received->method, "POST");
  EXPECT_EQ(received->body, request.body);
  EXPECT_EQ(received->last_event, "9");
  ASSERT_TRUE(send_response(ends[1], problem(404, "not-found")));
  const auto answer = receive_response(ends[0]);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->type, "application/problem+json");
  // A length that nobody may name, and an end in the middle.
  ASSERT_EQ(send(ends[0], "\xff\xff\xff\xff", 4, 0), 4);
  EXPECT_FALSE(receive_request(ends[1]).has_value());
  ASSERT_EQ(send(ends[0], "\x08\0\0\0ab", 6, 0), 6);
  close(ends[0]);
  EXPECT_FALSE(receive_request(ends[1]).has_value());
  close(ends[1]);
}

}  // namespace
}  // namespace weir::console
