/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-dataset-evidence.h"

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "case/smb-case-video.h"
#include "cli/cli-analyze-video.h"
#include "cli/cli-face.h"
#include "examine/smb-examine-labels.h"
#include "weights/smb-model.h"

#include <glib/gi18n-lib.h>

/* Whose evidence an entry is. */
typedef struct {
  SmbCase *store;
  SmbLabelledFace *labelled;
} Exhibit;

struct _SmbCliEvidence {
  SmbEngine *engine;
  SmbModelInfo *model; /* found when the first video is gone through */
  guint n_uniform;
  GPtrArray *cases;     /* SmbCase* */
  GPtrArray *lists;     /* of SmbLabelledFace*, one a case */
  GHashTable *exhibits; /* name of an entry -> Exhibit */
  GString *more;
};

SmbCliEvidence *
smb_cli_evidence_new (SmbEngine *engine, guint n_uniform)
{
  SmbCliEvidence *evidence = g_new0 (SmbCliEvidence, 1);

  evidence->engine = engine;
  evidence->n_uniform = n_uniform;
  evidence->cases = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_close);
  evidence->lists = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  evidence->exhibits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  evidence->more = g_string_new (NULL);
  g_string_printf (evidence->more, "frames %u", n_uniform);
  return evidence;
}

void
smb_cli_evidence_free (SmbCliEvidence *evidence)
{
  if (evidence == NULL)
    return;
  g_hash_table_unref (evidence->exhibits);
  g_ptr_array_unref (evidence->lists);
  g_ptr_array_unref (evidence->cases);
  g_clear_pointer (&evidence->model, smb_model_info_free);
  g_string_free (evidence->more, TRUE);
  g_free (evidence);
}

/* Everything that decides which pixels this label brings. */
static gboolean
note_dependence (SmbCliEvidence *evidence, SmbCase *store, const SmbLabelledFace *labelled, GError **error)
{
  SmbBox box = labelled->face.box;
  g_autoptr (GPtrArray) edits = NULL;

  g_string_append_printf (evidence->more, "\n%s %d %d %d,%d,%d,%d", labelled->evidence->sha256, labelled->known, labelled->video,
                          box.x, box.y, box.width, box.height);
  if (labelled->run_id == 0)
    return TRUE;
  edits = smb_case_list_track_edits (store, labelled->run_id, error);
  if (edits != NULL)
    g_string_append_printf (evidence->more, " %" G_GINT64_FORMAT " %u %u", labelled->run_id, labelled->track, edits->len);
  return edits != NULL;
}

static void
add_entry (SmbCliEvidence *evidence, SmbCase *store, SmbLabelledFace *labelled, gboolean within, GPtrArray *entries)
{
  g_autofree char *name = g_strdup_printf ("%s#%s", smb_case_get_path (store), labelled->name);
  SmbDatasetEntry *entry = smb_dataset_entry_new (name, labelled->class);
  Exhibit *exhibit = g_new (Exhibit, 1);

  g_free (entry->identity);
  entry->identity = g_strdup (labelled->identity);
  g_free (entry->source);
  entry->source = g_strdup_printf ("sha256:%s", labelled->evidence->sha256);
  if (!within) {
    g_free (entry->case_id);
    entry->case_id = g_strdup (smb_case_get_path (store));
  }
  g_ptr_array_add (entries, entry);
  *exhibit = (Exhibit){ store, labelled };
  g_hash_table_insert (evidence->exhibits, g_steal_pointer (&name), exhibit);
}

gboolean
smb_cli_evidence_add_case (SmbCliEvidence *evidence, const char *path, gboolean within, GPtrArray *entries, GError **error)
{
  SmbCase *store = smb_case_open (path, error);
  GPtrArray *list;

  if (store == NULL)
    return FALSE;
  g_ptr_array_add (evidence->cases, store);
  list = smb_examine_list_labelled (store, error);
  if (list == NULL)
    return FALSE;
  g_ptr_array_add (evidence->lists, list);
  if (list->len == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("%s: no exhibit and no face is labelled; “case label” does it."), path);
    return FALSE;
  }
  for (guint i = 0; i < list->len; i++) {
    if (!note_dependence (evidence, store, list->pdata[i], error))
      return FALSE;
    add_entry (evidence, store, list->pdata[i], within, entries);
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

static gboolean
visit (const char *name, SmbFaceTake take, gpointer take_data, gboolean *mine, GCancellable *cancellable, gpointer user_data,
       GError **error)
{
  SmbCliEvidence *evidence = user_data;
  const Exhibit *exhibit = g_hash_table_lookup (evidence->exhibits, name);
  SmbFaceVisit how = { .engine = evidence->engine, .n_uniform = evidence->n_uniform };
  Relay relay = { take, take_data, NULL };
  const SmbCliVideoOptions options = { 0 };
  g_autoptr (SmbEngineVideo) video = NULL;
  g_autoptr (GError) failure = NULL;
  g_autofree char *sha256 = NULL;

  *mine = TRUE;
  if (exhibit == NULL) {
    video = smb_learn_may_be_video (name) ? smb_cli_try_video (evidence->engine, name, &options, &failure) : NULL;
    *mine = video != NULL || failure != NULL;
    if (failure != NULL)
      g_propagate_error (error, g_steal_pointer (&failure));
    if (video == NULL)
      return !*mine;
    relay.sha256 = sha256 = smb_sha256_of_file (name, NULL, NULL, error);
    if (sha256 == NULL)
      return FALSE;
  }
  if (evidence->model == NULL && (video != NULL || exhibit->labelled->video)
      && (evidence->model = smb_model_find (NULL, error)) == NULL)
    return FALSE;
  how.model = evidence->model;
  if (exhibit == NULL)
    return smb_examine_visit_video (video, &how, hand_on, &relay, cancellable, error);
  relay.sha256 = exhibit->labelled->evidence->sha256;
  return smb_examine_visit_labelled (exhibit->store, exhibit->labelled, &how, hand_on, &relay, cancellable, error);
}

static SmbImage *
open_picture (const char *path, gpointer user_data, GError **error)
{
  return smb_cli_open_picture (((SmbCliEvidence *) user_data)->engine, path, error);
}

void
smb_cli_evidence_prepare (SmbCliEvidence *evidence, SmbFaceGather *how)
{
  how->open = open_picture;
  how->visit = visit;
  how->more = evidence->more->str;
  how->user_data = evidence;
}

gboolean
smb_cli_evidence_log (SmbCliEvidence *evidence, const char *folder, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (folder, NULL);

  for (guint i = 0; i < evidence->cases->len; i++) {
    SmbCase *store = evidence->cases->pdata[i];
    g_autoptr (JsonObject) object = json_object_new ();
    g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
    g_autofree char *details = NULL;

    json_object_set_int_member (object, "labels", ((GPtrArray *) evidence->lists->pdata[i])->len);
    json_object_set_string_member (object, "folder", absolute);
    details = smb_json_to_canonical (node);
    if (!smb_case_get_read_only (store) && !smb_case_log (store, "dataset.build", "", details, error))
      return FALSE;
  }
  return TRUE;
}
