# SPDX-License-Identifier: Apache-2.0
weir_fuzz(event_decode weir::event_engine)
weir_fuzz(policy_text weir::decide)
weir_fuzz(settings_text weir::model)
weir_fuzz(catalogue_text weir::lang)
weir_fuzz(signatures_text weir::lang)
