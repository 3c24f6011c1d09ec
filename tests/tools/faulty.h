/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* For the test of the watch itself (test-watched.py): does what a sanitizer has to notice, "memory", "undefined", "leak"
 * or "race"; nothing for any other word. */
void be_faulty (const char *fault);
