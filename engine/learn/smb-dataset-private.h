/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-dataset.h"

/* What making and reading a data set share. */

/* Takes faces; no classes and samples yet. */
SmbDataset *smb_dataset_new (const char *folder, SmbFaceStore *faces);
void smb_dataset_find_genuine (SmbDataset *dataset);
