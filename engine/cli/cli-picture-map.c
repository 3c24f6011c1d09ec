/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-picture-map.h"

#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "cli/cli-map-picture.h"
#include "examine/smb-examine.h"
#include "media/smb-png.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

/* Colours end here: a few edges are far stronger than anything else. */
#define SHOWN_PERCENT 99

gboolean
smb_cli_picture_map_parse (SmbCliPictureMap *map, const char *text, GError **error)
{
  const char *colon = strchr (text, ':');
  g_autofree char *name = colon != NULL ? g_strndup (text, (gsize) (colon - text)) : g_strdup (text);
  guint64 quality = SMB_PICTURE_MAP_QUALITY;

  if (!smb_picture_map_from_name (name, &map->kind))
    return FALSE;
  if (colon != NULL
      && (map->kind != SMB_PICTURE_MAP_ELA || !g_str_has_prefix (colon + 1, "quality=")
          || !g_ascii_string_to_unsigned (colon + 1 + strlen ("quality="), 10, 1, 100, &quality, NULL))) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("Map “%s”: the map “ela” takes quality=… from 1 to 100, the map “noise” nothing."), text);
    return FALSE;
  }
  map->quality = (int) quality;
  return TRUE;
}

static SmbPictureMap *
make (SmbEngine *engine, const char *path, const SmbCliPictureMap *how, GError **error)
{
  int fd = smb_examine_open_evidence (path, NULL, NULL, error);
  SmbPictureMap *map
      = fd >= 0 ? smb_engine_picture_map (engine, fd, path, how->kind, how->quality, NULL, error) : NULL;

  if (fd >= 0)
    close (fd);
  return map;
}

gboolean
smb_cli_picture_map_write (SmbEngine *engine, const char *path, const SmbCliPictureMap *how, const char *folder,
                           const char *stem, const char *name, SmbColours colours, gboolean raw, GPtrArray *files,
                           double range[2], GError **error)
{
  g_autoptr (SmbPictureMap) map = make (engine, path, how, error);
  g_autofree guint8 *coloured = NULL;
  char *picture, *numbers;
  SmbMap shown;

  if (map == NULL)
    return FALSE;
  shown = (SmbMap){ .rows = map->rows, .columns = map->columns, .values = map->values, .min = map->min };
  shown.max = smb_picture_map_percentile (map, SHOWN_PERCENT);
  range[0] = map->min;
  range[1] = map->max;
  picture = smb_cli_map_file (folder, stem, 0, name, ".png");
  g_ptr_array_add (files, picture);
  numbers = smb_cli_map_file (folder, stem, 0, name, ".npy");
  g_ptr_array_add (files, numbers);
  coloured = smb_cli_map_picture (&shown, colours, map->columns, map->rows);
  if (!smb_png_write (picture, map->columns, map->rows + SMB_CLI_LEGEND_HEIGHT_PX, 3, coloured, error)
      || !smb_cli_map_write_npy (numbers, &shown, error))
    return FALSE;
  if (raw) {
    char *grey = smb_cli_map_file (folder, stem, 0, name, "-16.png");

    g_ptr_array_add (files, grey);
    return smb_cli_map_write_png16 (grey, &shown, map->min, map->max, error);
  }
  return TRUE;
}
