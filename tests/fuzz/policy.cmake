# SPDX-License-Identifier: Apache-2.0
weir_fuzz(event_batch weir::bus COVERS policy/bus/event_batch.cc)
weir_fuzz(event_decode weir::event_engine COVERS policy/engine/event_codec.cc policy/engine/findings.cc policy/bus/fact_codec.cc)
weir_fuzz(policy_text weir::decide
  COVERS policy/model/document.cc policy/lang/compile.cc policy/lang/compile_rules.cc policy/lang/compile_match.cc
         policy/lang/compile_software.cc policy/lang/compile_clients.cc policy/lang/compile_domains.cc
         policy/lang/version_range.cc)
weir_fuzz(settings_text weir::model COVERS policy/model/settings.cc)
weir_fuzz(catalogue_text weir::lang COVERS policy/lang/catalogue.cc)
weir_fuzz(signatures_text weir::lang COVERS policy/lang/signatures.cc)
weir_fuzz(category_file weir::categories PkgConfig::XXHASH COVERS policy/categories/category_file.cc)
weir_fuzz(category_source weir::category_import COVERS policy/categories/category_source.cc)
weir_fuzz(evidence_bundle weir::evidence COVERS policy/evidence/bundle.cc policy/evidence/tar.cc)
weir_fuzz(evidence_capture weir::evidence weir::prove COVERS policy/evidence/pcapng.cc)
weir_fuzz(output_records weir::outputs weir::event_engine
  COVERS policy/export/text.cc policy/export/json_writer.cc policy/export/eve.cc policy/export/eve_parts.cc policy/export/ecs.cc
         policy/export/cef.cc policy/export/syslog.cc policy/export/ipfix.cc policy/export/weir_object.cc)
