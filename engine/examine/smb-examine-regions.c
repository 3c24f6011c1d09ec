/* SPDX-License-Identifier: Apache-2.0 */
/* Region maps between the case, which keeps texts, and the rooms that use them. */
#include "examine/smb-examine.h"

#include "base/smb-error.h"
#include "examine/smb-examine-private.h"
#include "media/smb-png.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of a region map as a picture: a byte for every pixel of the largest, and what a file has around them. */
#define MAX_MAP_BYTES (65u << 20)

/* 0 with an error if there is no such face. */
static gint64
face_id (SmbCase *store, gint64 analysis_id, guint index, GError **error)
{
  g_autoptr (GPtrArray) faces = smb_case_list_faces (store, analysis_id, error);

  if (faces == NULL)
    return 0;
  if (index < faces->len)
    return ((SmbCaseFace *) g_ptr_array_index (faces, index))->id;
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("%s: the analysis has no face F%u; reload the faces."),
               smb_case_get_path (store), index + 1);
  return 0;
}

/* The bytes in memory as a descriptor that can only be read; -1: there is no memory for it. */
static int
read_only_copy (GBytes *bytes)
{
  g_autofree char *name = NULL;
  gsize n_bytes, done = 0;
  const guint8 *data = g_bytes_get_data (bytes, &n_bytes);
  int fd = memfd_create ("regions", MFD_CLOEXEC), out;

  while (fd >= 0 && done < n_bytes) {
    gssize n = write (fd, data + done, n_bytes - done);

    if (n <= 0)
      break;
    done += (gsize) n;
  }
  name = g_strdup_printf ("/proc/self/fd/%d", fd);
  out = done == n_bytes ? open (name, O_RDONLY | O_CLOEXEC) : -1;
  if (fd >= 0)
    close (fd);
  return out;
}

static SmbRegions *
decode_map (SmbEngine *engine, int fd, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbImage) image = smb_engine_decode (engine, fd, path, 0, NULL, cancellable, error);

  return image != NULL ? smb_regions_from_picture (image, path, error) : NULL;
}

/* All that an open file holds; NULL: more than a region map can, or it cannot be read. */
static GBytes *
read_whole (int fd)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  guint8 buffer[64 * 1024];
  gssize n = 0;

  while (out->len <= MAX_MAP_BYTES && (n = pread (fd, buffer, sizeof buffer, out->len)) > 0)
    g_byte_array_append (out, buffer, (guint) n);
  return n == 0 ? g_byte_array_free_to_bytes (g_steal_pointer (&out)) : NULL;
}

/* An indexed PNG's pixels are numbers, whatever colours a tool gave them. NULL: it is something else. */
static SmbRegions *
decode_indexed (SmbEngine *engine, int original, const char *path, GCancellable *cancellable)
{
  g_autoptr (GBytes) whole = read_whole (original);
  g_autoptr (GBytes) numbers = whole != NULL ? smb_png_show_numbers (whole) : NULL;
  SmbRegions *regions = NULL;
  int fd = numbers != NULL ? read_only_copy (numbers) : -1;

  if (fd >= 0) {
    regions = decode_map (engine, fd, path, cancellable, NULL);
    close (fd);
  }
  return regions;
}

SmbRegions *
smb_examine_read_regions (SmbEngine *engine, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) failure = NULL;
  SmbRegions *regions;
  int fd;

  if (g_str_has_suffix (path, ".npy"))
    return smb_regions_read_npy (path, error);
  fd = smb_examine_open_evidence (path, NULL, NULL, error);
  if (fd < 0)
    return NULL;
  regions = decode_map (engine, fd, path, cancellable, &failure);
  if (regions == NULL && g_error_matches (failure, SMB_ERROR, SMB_ERROR_FORMAT))
    regions = decode_indexed (engine, fd, path, cancellable);
  close (fd);
  if (regions == NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  return regions;
}

gboolean
smb_examine_get_regions (SmbCase *store, gint64 analysis_id, guint index, SmbRegions **regions_out, GError **error)
{
  const gint64 id = face_id (store, analysis_id, index, error);
  g_autoptr (SmbCaseRegions) stored = NULL;
  SmbRegionsOrigin origin;

  *regions_out = NULL;
  if (id == 0 || !smb_case_get_regions (store, id, &stored, error))
    return FALSE;
  if (stored == NULL)
    return TRUE;
  if (!smb_regions_origin_from_name (stored->origin, &origin))
    origin = SMB_REGIONS_BY_HAND;
  *regions_out = smb_regions_unpack (stored->classes, stored->size_px, origin, error);
  return *regions_out != NULL;
}

gboolean
smb_examine_set_regions (SmbCase *store, gint64 analysis_id, guint index, const SmbRegions *regions, GError **error)
{
  SmbCaseRegions record = { .face_id = face_id (store, analysis_id, index, error) };
  g_autofree char *packed = regions != NULL ? smb_regions_pack (regions) : NULL, *author = NULL;
  gboolean ok;

  if (record.face_id == 0)
    return FALSE;
  if (regions != NULL) {
    record.size_px = regions->size_px;
    record.origin = (char *) smb_regions_origin_name (regions->origin);
    record.classes = packed;
  }
  ok = smb_case_add_regions (store, &record, error);
  author = record.author;
  return ok;
}

static SmbBox
box_of (const SmbCaseFace *face)
{
  return (SmbBox){ face->x, face->y, face->width, face->height };
}

/* How surely `old` is this one of the new faces: their overlap; 0 if it is another of them, or none. */
static double
likeness (const SmbCaseFace *old, GPtrArray *faces, guint index, gboolean exact)
{
  const double own = smb_box_iou (box_of (old), box_of (faces->pdata[index]));

  if (own < (exact ? 1.0 : SMB_EXAMINE_SAME_FACE))
    return 0.0;
  for (guint i = 0; i < faces->len; i++)
    if (i != index && smb_box_iou (box_of (old), box_of (faces->pdata[i])) > own)
      return 0.0;
  return own;
}

/* The map as it lies over the new box. NULL: it is damaged, and could not be shown on the old face either. */
static char *
move_map (const SmbCaseRegions *regions, SmbBox from, SmbBox to)
{
  g_autoptr (SmbRegions) old = smb_regions_unpack (regions->classes, regions->size_px, SMB_REGIONS_BY_HAND, NULL);
  g_autoptr (SmbRegions) moved = old != NULL ? smb_regions_move (old, from, to) : NULL;

  return moved != NULL ? smb_regions_pack (moved) : NULL;
}

static void
carry_to (GPtrArray *faces, guint index, GPtrArray *acts, gboolean exact)
{
  SmbCaseFace *face = faces->pdata[index];

  for (guint i = 0; i < acts->len; i++) {
    SmbCaseFace *old = acts->pdata[i];
    double same = likeness (old, faces, index, exact);

    if (same <= 0.0)
      continue;
    /* Someone went back to what the program draws, or a face with the same box took it already. */
    if (old->regions == NULL || old->regions->size_px == 0)
      return;
    if (same < 1.0) {
      char *moved = move_map (old->regions, box_of (old), box_of (face));

      if (moved == NULL)
        return;
      g_free (old->regions->classes);
      old->regions->classes = moved;
    }
    face->regions = g_steal_pointer (&old->regions);
    return;
  }
}

gboolean
smb_examine_carry_regions (SmbCase *store, gint64 evidence_id, GPtrArray *faces, gboolean exact, GError **error)
{
  g_autoptr (GPtrArray) acts = smb_case_list_regions (store, evidence_id, error);

  if (acts == NULL)
    return FALSE;
  for (guint i = 0; i < faces->len; i++)
    carry_to (faces, i, acts, exact);
  return TRUE;
}
