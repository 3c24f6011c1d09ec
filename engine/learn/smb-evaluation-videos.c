/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-evaluation-videos.h"

/* The items of one video. */
typedef struct {
  GArray *scores; /* double */
  guint8 forged;
  int group;
} Video;

static Video *
video_new (guint8 forged, int group)
{
  Video *video = g_new0 (Video, 1);

  video->scores = g_array_new (FALSE, FALSE, sizeof (double));
  video->forged = forged;
  video->group = group;
  return video;
}

static void
video_free (gpointer data)
{
  Video *video = data;

  g_array_unref (video->scores);
  g_free (video);
}

/* Every source, in the order in which they come. */
static GPtrArray *
gather (const SmbEvaluation *e)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (video_free);
  g_autoptr (GHashTable) index = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < e->items->len; i++) {
    const SmbScoreItem *item = &g_array_index (e->items, SmbScoreItem, i);
    char *name;
    Video *video;

    if (item->sample->source[0] == '\0')
      continue;
    name = g_strdup_printf ("%d\n%s\n%s", item->label, item->sample->source, item->sample->identity);
    video = g_hash_table_lookup (index, name);
    if (video == NULL) {
      video = video_new (e->forged[i], e->groups[i]);
      g_ptr_array_add (list, video);
      g_hash_table_insert (index, g_steal_pointer (&name), video);
    }
    g_array_append_val (video->scores, e->scores[i]);
    g_free (name);
  }
  return list;
}

SmbEvaluationVideos *
smb_evaluation_videos_new (const SmbEvaluation *evaluation)
{
  SmbEvaluationVideos *out = g_new0 (SmbEvaluationVideos, 1);
  g_autoptr (GPtrArray) all = gather (evaluation);

  out->values = g_new0 (double, (gsize) all->len * SMB_N_SERIES);
  out->faces = g_new0 (guint, all->len);
  out->forged = g_new0 (guint8, all->len);
  out->groups = g_new0 (int, all->len);
  for (guint i = 0; i < all->len; i++) {
    Video *video = all->pdata[i];

    if (video->scores->len < 2)
      continue;
    smb_series_summarise ((double *) (gpointer) video->scores->data, video->scores->len,
                          out->values + (gsize) out->n * SMB_N_SERIES);
    out->faces[out->n] = video->scores->len;
    out->forged[out->n] = video->forged;
    out->groups[out->n++] = video->group;
  }
  return out;
}

void
smb_evaluation_videos_free (SmbEvaluationVideos *videos)
{
  if (videos == NULL)
    return;
  g_free (videos->values);
  g_free (videos->faces);
  g_free (videos->forged);
  g_free (videos->groups);
  g_free (videos);
}
