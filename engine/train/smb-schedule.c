/* SPDX-License-Identifier: Apache-2.0 */
#include "train/smb-schedule.h"

#include <math.h>

double
smb_schedule_lr (double epoch, double lr, double min_lr, double warmup, double epochs)
{
  if (epoch < warmup)
    return lr * epoch / warmup;
  if (epochs <= warmup)
    return lr;
  return min_lr + (lr - min_lr) * 0.5 * (1.0 + cos (G_PI * (epoch - warmup) / (epochs - warmup)));
}

double
smb_schedule_momentum (double step, double steps, double base)
{
  return 1.0 + 0.5 * (base - 1.0) * (1.0 + cos (G_PI * step / steps));
}

double
smb_schedule_drop_path (double rate, int i, int depth)
{
  return rate * i / MAX (depth - 1, 1);
}

double
smb_schedule_scale_lr (double base_lr, double effective_batch)
{
  return base_lr * effective_batch / 256.0;
}
