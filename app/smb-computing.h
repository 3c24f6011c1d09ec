/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-analysis.h"
#include "backend/smb-device.h"
#include "worker/smb-engine.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What analyses are computed on, and with how many bits, as the preferences say. UI thread only. */

/* Analyses begun from now on are computed in it. */
SmbPrecision smb_computing_get_precision (void);
/* Has the engine compute on the preferred device, now and whenever another is preferred, as long as `settings` lives. */
void smb_computing_follow_device (SmbEngine *engine, GSettings *settings);

/* The two choices, each a caption and a drop-down. */
#define SMB_TYPE_COMPUTING_CHOICE (smb_computing_choice_get_type ())
G_DECLARE_FINAL_TYPE (SmbComputingChoice, smb_computing_choice, SMB, COMPUTING_CHOICE, GtkBox)

/* What there is to choose from: SmbDeviceListing. Until it is known nothing can be chosen. */
void smb_computing_choice_set_devices (SmbComputingChoice *self, GPtrArray *devices);

G_END_DECLS
