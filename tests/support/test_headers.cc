// SPDX-License-Identifier: Apache-2.0
// What the headers of GoogleTest are compiled for (weir_test_headers in CMakeLists.txt). Nothing else.
