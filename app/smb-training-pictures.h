/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-training-watch.h"

G_BEGIN_DECLS

/* The pictures that trainings leave in their folders, as textures. Any thread; NULL for what is not as this program
 * writes it. */

#define SMB_TRAINING_SHEET "reconstruction.ppm"
#define SMB_TRAINING_EXAMPLES "worst.safetensors"

/* learn/smb-pretrain-sheet.h */
GdkTexture *smb_training_sheet_read (const char *path);
/* learn/smb-finetune-worst.h: array of SmbTrainingExample*. */
GPtrArray *smb_training_examples_read (const char *path);

G_END_DECLS
