# SPDX-License-Identifier: Apache-2.0
weir_fuzz(parse_frame weir::packet
  COVERS dataplane/packet/parse.cc dataplane/packet/ethernet.cc dataplane/packet/ip.cc
         dataplane/packet/encapsulation.cc dataplane/packet/tunnel.cc dataplane/packet/fragment.cc
         dataplane/packet/build.cc)
weir_fuzz(channel_memory weir::channel
  COVERS dataplane/channel/memory.cc dataplane/channel/dataplane_end.cc dataplane/channel/classifier_end.cc)
weir_fuzz(fragments weir::flow COVERS dataplane/flow/fragment_table.cc)
# Capture is off in packet_sequence.
weir_fuzz(packet_sequence weir::pipeline weir::dp_io PkgConfig::DPDK
  COVERS dataplane/pipeline/answers.cc dataplane/pipeline/bypassed.cc dataplane/pipeline/closing.cc
         dataplane/pipeline/enforce.cc dataplane/pipeline/exceptions.cc dataplane/pipeline/fragments.cc
         dataplane/pipeline/inject.cc dataplane/pipeline/injections.cc dataplane/pipeline/inspect.cc
         dataplane/pipeline/keep.cc dataplane/pipeline/lookup.cc dataplane/pipeline/meters.cc
         dataplane/pipeline/normalise.cc dataplane/pipeline/overload.cc dataplane/pipeline/parking.cc
         dataplane/pipeline/parse.cc dataplane/pipeline/pipeline.cc dataplane/pipeline/position.cc
         dataplane/pipeline/quarantine.cc dataplane/pipeline/refuse.cc dataplane/pipeline/release.cc
         dataplane/pipeline/track.cc dataplane/pipeline/transmit.cc dataplane/pipeline/transmitter.cc
         dataplane/pipeline/treat.cc dataplane/pipeline/tunnels.cc)
