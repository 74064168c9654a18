# SPDX-License-Identifier: Apache-2.0
weir_fuzz(tls weir::inspect)
weir_fuzz(http1 weir::inspect)
weir_fuzz(dns weir::inspect)
weir_fuzz(ssh weir::inspect)
weir_fuzz(client_datagrams weir::inspect)
weir_fuzz(smtp weir::inspect)
weir_fuzz(flow_inspector weir::inspect)
weir_fuzz(quic weir::inspect)
