/* SPDX-License-Identifier: Apache-2.0 */

/* A library that is no backend. */

int unrelated (void);

int
unrelated (void)
{
  return 1;
}
