// SPDX-License-Identifier: Apache-2.0
// For a test that makes a PDF: fontconfig keeps its patterns for the life of the process, by offsets that
// LeakSanitizer cannot follow. Once in a program.
#pragma once

// NOLINTNEXTLINE(bugprone-reserved-identifier,misc-definitions-in-headers): the name is LeakSanitizer's.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig"; }
