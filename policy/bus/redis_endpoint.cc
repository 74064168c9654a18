// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/redis_endpoint.h"

namespace weir::policy {

RedisEndpoint endpoint_of(const RedisSettings& settings, RedisUser user) {
  RedisEndpoint endpoint;
  endpoint.socket = settings.socket;
  if (!settings.nodes.empty()) {
    for (const std::string_view node : comma_separated(settings.nodes)) {
      if (const auto address = SocketAddress::parse(node)) endpoint.nodes.push_back(*address);
    }
  }
  endpoint.node_sockets = settings.node_sockets;
  switch (user) {
    case RedisUser::kClassifier:
      endpoint.user = settings.classifier_user;
      endpoint.password_file = settings.classifier_password_file;
      break;
    case RedisUser::kEngine:
      endpoint.user = settings.engine_user;
      endpoint.password_file = settings.engine_password_file;
      break;
    case RedisUser::kReader:
      endpoint.user = settings.reader_user;
      endpoint.password_file = settings.reader_password_file;
      break;
    case RedisUser::kExport:
      endpoint.user = settings.export_user;
      endpoint.password_file = settings.export_password_file;
      break;
  }
  return endpoint;
}

std::string to_string(const RedisEndpoint& endpoint) {
  if (endpoint.nodes.empty()) return endpoint.socket;
  std::string text;
  for (const SocketAddress& node : endpoint.nodes) text += (text.empty() ? "" : ",") + node.to_string();
  return text;
}

}  // namespace weir::policy
