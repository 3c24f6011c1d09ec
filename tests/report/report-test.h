/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "report/smb-report.h"

/* A made-up case that has everything a page can trip over: a Japanese title, very long and hostile file names, a file
 * that could not be decoded, an altered one, twelve faces in one picture, maps with and without values, a video's
 * scores over time, a note longer than a page. The same bytes each time. */
typedef struct {
  SmbReportData data;
  GPtrArray *owned; /* what the data borrow, freed in reverse */
} Sample;

Sample *sample_new (void);
void sample_free (Sample *sample);

#define SAMPLE_HEAD "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SAMPLE_SCRIPT "<script>alert('x')</script>&\"quoted\""
#define SAMPLE_DOUBT "AUC where it was measured: synthetic 0.35 (a coin has 0.5)."
