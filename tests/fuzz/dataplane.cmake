# SPDX-License-Identifier: Apache-2.0
weir_fuzz(parse_frame weir::packet)
weir_fuzz(channel_memory weir::channel)
weir_fuzz(fragments weir::flow)
weir_fuzz(packet_sequence weir::pipeline weir::dp_io PkgConfig::DPDK)
