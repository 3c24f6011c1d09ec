/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-video-frames.h"

#include <glib/gi18n-lib.h>

/* Frames asked about at a time: answers without pixels are small. */
#define FRAMES_A_CALL 256
#define MAX_LISTED 20

void
smb_frame_tally_free (SmbFrameTally *tally)
{
  if (tally == NULL)
    return;
  g_array_unref (tally->repeated);
  g_free (tally);
}

static void
count (SmbFrameTally *tally, const SmbVideoFrame *frame, gboolean repeated)
{
  tally->n++;
  tally->n_damaged += frame->problem != NULL;
  tally->n_interlaced += frame->about.interlaced;
  tally->n_corrupt += frame->about.corrupt;
  if (frame->problem == NULL)
    tally->n_types[(guchar) frame->about.type & 127]++;
  if (repeated)
    g_array_append_val (tally->repeated, frame->k);
}

SmbFrameTally *
smb_video_look_at_frames (SmbEngineVideo *video, SmbFrameSeen seen, SmbProgress progress, gpointer user_data,
                          GCancellable *cancellable, GError **error)
{
  const guint n = smb_engine_video_get_n_frames (video);
  g_autoptr (SmbFrameTally) tally = g_new0 (SmbFrameTally, 1);
  g_autofree char *last = NULL;

  tally->repeated = g_array_new (FALSE, FALSE, sizeof (guint));
  while (tally->n < n) {
    guint wanted[FRAMES_A_CALL];
    const guint n_wanted = MIN (FRAMES_A_CALL, n - tally->n);
    g_autoptr (GPtrArray) got = NULL;

    for (guint i = 0; i < n_wanted; i++)
      wanted[i] = tally->n + i;
    got = smb_engine_video_get_frames (video, wanted, n_wanted, 0, SMB_VIDEO_WANT_HASH, cancellable, error);
    if (got == NULL)
      return NULL;
    for (guint i = 0; i < got->len; i++) {
      const SmbVideoFrame *frame = got->pdata[i];
      const gboolean repeated = frame->sha256 != NULL && g_strcmp0 (frame->sha256, last) == 0;

      count (tally, frame, repeated);
      g_free (last);
      last = g_strdup (frame->sha256);
      if (seen != NULL
          && !seen (frame, &smb_engine_video_get_slots (video)[frame->k], repeated, user_data, error))
        return NULL;
    }
    if (progress != NULL)
      progress (tally->n, n, _ ("Decoding"), user_data);
  }
  return g_steal_pointer (&tally);
}

char *
smb_frame_tally_in_words (const SmbFrameTally *tally)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tally->n_types); i++)
    if (tally->n_types[i] > 0)
      g_string_append_printf (text, "%s%u %c", text->len > 0 ? ", " : "", tally->n_types[i], (int) i);
  g_string_append_printf (text, _ ("; %u interlaced, %u with concealed damage, %u lost"), tally->n_interlaced,
                          tally->n_corrupt, tally->n_damaged);
  return g_string_free (text, FALSE);
}

char *
smb_frame_tally_repeated_in_words (const SmbFrameTally *tally)
{
  const guint n = tally->repeated->len;
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%u", n);
  for (guint i = 0; i < MIN (n, MAX_LISTED); i++)
    g_string_append_printf (text, "%s%u", i == 0 ? ": " : ", ", g_array_index (tally->repeated, guint, i));
  if (n > MAX_LISTED)
    g_string_append (text, " …");
  return g_string_free (text, FALSE);
}

char *
smb_frame_line_heading (void)
{
  return g_strdup_printf ("%s\t%s\t%s\t%s\t%s", _ ("frame"), _ ("seconds"), _ ("type"), _ ("notes"),
                          _ ("SHA-256 of its pixels"));
}

char *
smb_frame_line (const SmbVideoFrame *frame, const SmbVideoSlot *slot, gboolean repeated)
{
  g_autoptr (GString) notes = g_string_new (NULL);
  const struct {
    gboolean is;
    const char *word;
  } all[] = { { (slot->flags & SMB_VIDEO_SLOT_KEY) != 0, "key" },
              { (slot->flags & SMB_VIDEO_SLOT_AFTER_GAP) != 0, "after-gap" },
              { (slot->flags & SMB_VIDEO_SLOT_NO_TIME) != 0, "no-time" },
              { repeated, "repeated" },
              { frame->about.interlaced, "interlaced" },
              { frame->about.corrupt, "corrupt" },
              { frame->problem != NULL, "lost" } };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i].is)
      g_string_append_printf (notes, "%s%s", notes->len > 0 ? "," : "", all[i].word);
  return g_strdup_printf ("%u\t%.6f\t%c\t%s\t%s", frame->k, (double) slot->time_us / 1e6,
                          frame->problem == NULL ? frame->about.type : '-', notes->len > 0 ? notes->str : "-",
                          frame->problem != NULL ? frame->problem : frame->sha256);
}
