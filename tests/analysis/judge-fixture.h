/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-analysis.h"

/* A model of the reference's small networks: detector of 4 classes and online network, 32 pixels, patches of 8. The
 * detector crops the centre, faces count from 20 pixels. Either path may be NULL: the model then lacks that network. */
SmbModelInfo *judge_model (const char *detector_path, const char *mim_path);

#define JUDGE_DETECTOR SMB_FIXTURES "/reference/a_classifier_init.safetensors"
#define JUDGE_MIM      SMB_FIXTURES "/reference/a_online_init.safetensors"

/* A picture of coloured waves, without faces. */
SmbImage *judge_picture (int width, int height);

/* Of a map, from its text; fails the test if it is none. */
SmbMapSpec judge_spec (const char *text);

/* Opens on the CPU with one thread; fails the test if that fails. */
SmbJudge *judge_open (const SmbModelInfo *model);

/* A stored analysis (its device, its result as JSON) names with what it was made: the device in full, and the file of
 * landmarks where one is installed. */
void judge_assert_instruments (const char *device, const char *result);
