/* SPDX-License-Identifier: Apache-2.0 */
#include "faulty.h"

int
main (int argc, char **argv)
{
  be_faulty (argc > 1 ? argv[1] : "");
  return 0;
}
