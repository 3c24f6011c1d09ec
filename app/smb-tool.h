/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the pointer does on the picture. */
typedef enum {
  SMB_TOOL_NONE,    /* drag moves the picture */
  SMB_TOOL_BOX,     /* drag draws a square */
  SMB_TOOL_PICK,    /* click picks one patch */
  SMB_TOOL_PATCHES, /* click and drag mark patches or unmark them */
  SMB_TOOL_BRUSH,   /* drag paints regions */
} SmbTool;
