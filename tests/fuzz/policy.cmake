# SPDX-License-Identifier: Apache-2.0
weir_fuzz(event_decode weir::event_engine)
