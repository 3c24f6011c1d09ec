/* SPDX-License-Identifier: Apache-2.0 */
#include "collect/smb-collect.h"

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "case/smb-case-video.h"
#include "examine/smb-examine-labels.h"

#include <glib/gi18n-lib.h>

/* Whose evidence an entry is. */
typedef struct {
  SmbCase *store;
  SmbLabelledFace *labelled;
} Exhibit;

/* One collecting. */
typedef struct {
  SmbEngine *engine;
  const SmbCollectOrder *order;
  GPtrArray *cases;     /* SmbCase* */
  GPtrArray *lists;     /* of SmbLabelledFace*, one a case */
  GHashTable *exhibits; /* name of an entry -> Exhibit */
  GString *more;        /* what the faces depend on besides files and settings */
} Collecting;

static void
collecting_init (Collecting *c, SmbEngine *engine, const SmbCollectOrder *order)
{
  *c = (Collecting){ .engine = engine, .order = order };
  c->cases = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_close);
  c->lists = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  c->exhibits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  c->more = g_string_new (NULL);
  g_string_printf (c->more, "frames %u", order->frames);
}

static void
collecting_clear (Collecting *c)
{
  g_hash_table_unref (c->exhibits);
  g_ptr_array_unref (c->lists);
  g_ptr_array_unref (c->cases);
  g_string_free (c->more, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Collecting, collecting_clear)

/* Everything that decides which pixels this label brings. */
static gboolean
note_dependence (Collecting *c, SmbCase *store, const SmbLabelledFace *labelled, GError **error)
{
  SmbBox box = labelled->face.box;
  g_autoptr (GPtrArray) edits = NULL;

  g_string_append_printf (c->more, "\n%s %d %d %d,%d,%d,%d", labelled->evidence->sha256, labelled->known,
                          labelled->video, box.x, box.y, box.width, box.height);
  if (labelled->run_id == 0)
    return TRUE;
  edits = smb_case_list_track_edits (store, labelled->run_id, error);
  if (edits != NULL)
    g_string_append_printf (c->more, " %" G_GINT64_FORMAT " %u %u", labelled->run_id, labelled->track, edits->len);
  return edits != NULL;
}

static void
add_entry (Collecting *c, SmbCase *store, SmbLabelledFace *labelled, GPtrArray *entries)
{
  g_autofree char *name = g_strdup_printf ("%s#%s", smb_case_get_path (store), labelled->name);
  SmbDatasetEntry *entry = smb_dataset_entry_new (name, labelled->class);
  Exhibit *exhibit = g_new (Exhibit, 1);

  g_free (entry->identity);
  entry->identity = g_strdup (labelled->identity);
  g_free (entry->source);
  entry->source = g_strdup_printf ("sha256:%s", labelled->evidence->sha256);
  if (!c->order->within_cases) {
    g_free (entry->case_id);
    entry->case_id = g_strdup (smb_case_get_path (store));
  }
  g_ptr_array_add (entries, entry);
  *exhibit = (Exhibit){ store, labelled };
  g_hash_table_insert (c->exhibits, g_steal_pointer (&name), exhibit);
}

static gboolean
add_case (Collecting *c, const char *path, GPtrArray *entries, GError **error)
{
  SmbCase *store = smb_case_open (path, error);
  GPtrArray *list;

  if (store == NULL)
    return FALSE;
  g_ptr_array_add (c->cases, store);
  list = smb_examine_list_labelled (store, error);
  if (list == NULL)
    return FALSE;
  g_ptr_array_add (c->lists, list);
  if (list->len == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("%s: no exhibit and no face is labelled; “case label” does it."), path);
    return FALSE;
  }
  for (guint i = 0; i < list->len; i++) {
    if (!note_dependence (c, store, list->pdata[i], error))
      return FALSE;
    add_entry (c, store, list->pdata[i], entries);
  }
  return TRUE;
}

/* One visit, while its faces are handed on. */
typedef struct {
  SmbFaceTake take;
  gpointer take_data;
  const char *sha256;
} Relay;

static gboolean
hand_on (const SmbImage *image, const SmbFace *face, gint64 frame, gpointer user_data, GError **error)
{
  const Relay *relay = user_data;
  const SmbFaceSeen seen = { image, face, frame, relay->sha256 };

  return relay->take (&seen, relay->take_data, error);
}

/* A path that is no picture: the video, or NULL without an error. */
static SmbEngineVideo *
try_video (Collecting *c, const char *path, GCancellable *cancellable, GError **error)
{
  return smb_learn_may_be_video (path)
             ? smb_examine_try_video (c->engine, path, SMB_EXAMINE_PICTURE_RATE, FALSE, NULL, NULL, cancellable, error)
             : NULL;
}

static gboolean
visit_exhibit (Collecting *c, const Exhibit *exhibit, Relay *relay, GCancellable *cancellable, GError **error)
{
  SmbFaceVisit how = { .engine = c->engine, .n_uniform = c->order->frames };

  relay->sha256 = exhibit->labelled->evidence->sha256;
  return smb_examine_visit_labelled (exhibit->store, exhibit->labelled, &how, hand_on, relay, cancellable, error);
}

static gboolean
visit (const char *name, SmbFaceTake take, gpointer take_data, gboolean *mine, GCancellable *cancellable,
       gpointer user_data, GError **error)
{
  Collecting *c = user_data;
  const Exhibit *exhibit = g_hash_table_lookup (c->exhibits, name);
  SmbFaceVisit how = { .engine = c->engine, .n_uniform = c->order->frames };
  Relay relay = { take, take_data, NULL };
  g_autoptr (SmbEngineVideo) video = NULL;
  g_autoptr (GError) failure = NULL;
  g_autofree char *sha256 = NULL;

  *mine = TRUE;
  if (exhibit != NULL)
    return visit_exhibit (c, exhibit, &relay, cancellable, error);
  video = try_video (c, name, cancellable, &failure);
  *mine = video != NULL || failure != NULL;
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  if (video == NULL)
    return !*mine;
  relay.sha256 = sha256 = smb_sha256_of_file (name, NULL, NULL, error);
  return sha256 != NULL && smb_examine_visit_video (video, &how, hand_on, &relay, cancellable, error);
}

static SmbImage *
open_picture (const char *path, gpointer user_data, GError **error)
{
  return smb_examine_open_whole_file (((Collecting *) user_data)->engine, path, error);
}

static void
warn (const char *sentence, gpointer user_data)
{
  const SmbCollectOrder *order = ((Collecting *) user_data)->order;

  if (order->warn != NULL)
    order->warn (sentence, order->user_data);
}

static void
tell (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  const SmbCollectOrder *order = ((Collecting *) user_data)->order;

  if (order->progress != NULL)
    order->progress (done, total, what, order->user_data);
}

/* Into the audit log of each case: that its evidence went into this data set. */
static gboolean
log_cases (const Collecting *c, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (c->order->folder, NULL);

  for (guint i = 0; i < c->cases->len; i++) {
    SmbCase *store = c->cases->pdata[i];
    g_autoptr (JsonObject) object = json_object_new ();
    g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
    g_autofree char *details = NULL;

    json_object_set_int_member (object, "labels", ((GPtrArray *) c->lists->pdata[i])->len);
    json_object_set_string_member (object, "folder", absolute);
    details = smb_json_to_canonical (node);
    if (!smb_case_get_read_only (store) && !smb_case_log (store, "dataset.build", "", details, error))
      return FALSE;
  }
  return TRUE;
}

/* Evidence of the cases, then what the sources name. */
static GPtrArray *
list_entries (Collecting *c, GError **error)
{
  GPtrArray *entries = smb_dataset_entries_new ();

  for (const char *const *path = c->order->cases; path != NULL && *path != NULL; path++)
    if (!add_case (c, *path, entries, error)) {
      g_ptr_array_unref (entries);
      return NULL;
    }
  return smb_dataset_list_with (entries, c->order->sources, c->order->map, error);
}

SmbDataset *
smb_collect_dataset (SmbEngine *engine, const SmbCollectOrder *order, GCancellable *cancellable, GError **error)
{
  g_auto (Collecting) c = { 0 };
  SmbFaceGather how = { .size_px = order->size_px,
                        .cropped = order->cropped,
                        .landmarks = order->landmarks,
                        .open = open_picture,
                        .visit = visit,
                        .warn = warn,
                        .progress = tell,
                        .user_data = &c };
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (SmbDataset) dataset = NULL;

  collecting_init (&c, engine, order);
  entries = list_entries (&c, error);
  if (entries == NULL)
    return NULL;
  how.more = c.more->str;
  dataset = smb_dataset_build (order->folder, entries, order->classes, order->same_person, &how, cancellable, error);
  return dataset != NULL && log_cases (&c, error) ? g_steal_pointer (&dataset) : NULL;
}

gboolean
smb_collect_is_divided (const SmbDataset *dataset)
{
  for (guint i = 0; i < dataset->samples->len; i++)
    if (smb_dataset_get (dataset, i)->part != SMB_PART_NONE)
      return TRUE;
  return FALSE;
}
