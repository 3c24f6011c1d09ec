/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Learning rate at a fractional epoch (set before every step): from 0 up in a straight line for `warmup` epochs, then
 * half a cosine down to min_lr. */
double smb_schedule_lr (double epoch, double lr, double min_lr, double warmup, double epochs);

/* EMA momentum of a step: half a cosine from `base` towards 1 over all steps, which it never reaches. */
double smb_schedule_momentum (double step, double steps, double base);

/* Stochastic depth of block i of `depth`: from 0 to `rate` in a straight line. */
double smb_schedule_drop_path (double rate, int i, int depth);

/* Scaling of a base rate by the effective batch: blr * batch / 256. */
double smb_schedule_scale_lr (double base_lr, double effective_batch);

G_END_DECLS
