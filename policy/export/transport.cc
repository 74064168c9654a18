// SPDX-License-Identifier: Apache-2.0
#include "policy/export/transport.h"

#include "policy/export/file_transport.h"
#include "policy/export/socket_transport.h"
#include "policy/export/tls_transport.h"

namespace weir::output {

std::unique_ptr<Transport> make_transport(const OutputSettings& settings) {
  if (settings.carrier == Carrier::kFile)
    return std::make_unique<FileTransport>(settings.path, std::uint64_t{settings.rotate_megabytes} << 20U,
                                           settings.rotate_files);
  if (settings.carrier == Carrier::kSyslogTls) return std::make_unique<TlsTransport>(settings);
  return std::make_unique<SocketTransport>(settings);
}

}  // namespace weir::output
