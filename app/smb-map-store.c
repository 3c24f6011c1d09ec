/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-map-store.h"

#include <glib/gi18n.h>

/* An examiner who turns through seeds would otherwise fill the memory. */
#define MAX_MAPS 512

struct _SmbMapStore {
  GObject parent_instance;

  /* owned */
  SmbEngine *engine;
  SmbTiles *tiles;
  SmbRegions *regions;
  GHashTable *maps; /* text of the spec to SmbMap */
  GHashTable *asks; /* text of the spec to Ask */

  /* borrowed */
  GObject *owner;
  const SmbModelInfo *model;

  SmbBox box;
};

G_DEFINE_FINAL_TYPE (SmbMapStore, smb_map_store, G_TYPE_OBJECT)

static guint changed_signal;

/* One map (or the maps of all heads) on its way. Shared with the thread that works on it. */
typedef struct {
  SmbMapStore *store; /* cleared with the last reference */
  GObject *owner;     /* likewise: it keeps the model */
  SmbMapSpec spec;    /* what was asked for */
  SmbMapSpec now;     /* what is being computed: a coverage of fewer draws first */
  GCancellable *cancellable;
  SmbEngine *engine;
  const SmbModelInfo *model;
  SmbTiles *tiles;
  SmbRegions *regions;
  SmbBox box;
  gboolean test;

  /* UI thread */
  gboolean over, stopped;
  char *problem;
  char *what;
  guint64 done, total;

  GMutex lock;
  guint idle;
  char *new_what;
  guint64 new_done, new_total;
} Ask;

static void
ask_clear (gpointer data)
{
  Ask *ask = data;

  g_clear_object (&ask->store);
  g_clear_object (&ask->owner);
  g_clear_object (&ask->cancellable);
  smb_engine_unref (ask->engine);
  smb_tiles_unref (ask->tiles);
  g_clear_pointer (&ask->regions, smb_regions_free);
  g_free (ask->problem);
  g_free (ask->what);
  g_free (ask->new_what);
  g_mutex_clear (&ask->lock);
}

static void
ask_unref (gpointer ask)
{
  g_atomic_rc_box_release_full (ask, ask_clear);
}

static void
emit_changed (SmbMapStore *self)
{
  g_signal_emit (self, changed_signal, 0);
}

static gboolean
show_progress (gpointer data)
{
  Ask *ask = data;

  g_mutex_lock (&ask->lock);
  ask->idle = 0;
  g_free (ask->what);
  ask->what = g_steal_pointer (&ask->new_what);
  ask->done = ask->new_done;
  ask->total = ask->new_total;
  g_mutex_unlock (&ask->lock);
  if (!ask->over)
    emit_changed (ask->store);
  return G_SOURCE_REMOVE;
}

static void
on_progress (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  Ask *ask = user_data;

  g_mutex_lock (&ask->lock);
  g_free (ask->new_what);
  ask->new_what = g_strdup (what);
  ask->new_done = done;
  ask->new_total = total;
  if (ask->idle == 0)
    ask->idle = g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, show_progress, g_atomic_rc_box_acquire (ask), ask_unref);
  g_mutex_unlock (&ask->lock);
}

static void
compute (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Ask *ask = task_data;
  SmbMapJob job = { .box = ask->box, .regions = ask->regions, .progress = on_progress, .user_data = ask,
                    .check = ask->test };
  GPtrArray *maps;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  maps = smb_engine_make_maps (ask->engine, ask->model, smb_tiles_get_image (ask->tiles), &job, &ask->now, 1,
                               cancellable, &error);
  if (maps == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, maps, (GDestroyNotify) g_ptr_array_unref);
}

static void start (Ask *ask);

/* Under its own key; a coverage of fewer draws under that of the one to come. */
static void
keep_map (SmbMapStore *self, const Ask *ask, SmbMap *map)
{
  gboolean heads = ask->spec.head == SMB_MAP_ALL_HEADS && ask->spec.kind == SMB_MAP_ATTENTION;

  if (g_hash_table_size (self->maps) >= MAX_MAPS)
    g_hash_table_remove_all (self->maps);
  g_hash_table_replace (self->maps, smb_map_spec_to_text (heads ? &map->spec : &ask->spec), map);
}

static void
on_computed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbMapStore *self = SMB_MAP_STORE (source);
  Ask *ask = g_task_get_task_data (G_TASK (result));
  g_autofree char *key = smb_map_spec_to_text (&ask->spec);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) maps = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_hash_table_lookup (self->asks, key) != ask)
    return;
  if (maps != NULL) {
    while (maps->len > 0)
      keep_map (self, ask, g_ptr_array_steal_index (maps, 0));
    if (ask->spec.kind == SMB_MAP_COVERAGE && ask->now.times < ask->spec.times) {
      ask->now.times = MIN (ask->now.times * 2, ask->spec.times);
      start (ask);
      emit_changed (self);
      return;
    }
  } else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    ask->problem = g_strdup (error->message);
  }
  ask->over = TRUE;
  emit_changed (self);
}

static void
start (Ask *ask)
{
  g_autoptr (GTask) task = g_task_new (ask->store, ask->cancellable, on_computed, NULL);

  g_task_set_task_data (task, g_atomic_rc_box_acquire (ask), ask_unref);
  g_task_run_in_thread (task, compute);
}

static void
ask_for (SmbMapStore *self, const SmbMapSpec *spec, gboolean test)
{
  g_autofree char *key = smb_map_spec_to_text (spec);
  Ask *ask;

  if (self->model == NULL || self->tiles == NULL || g_hash_table_contains (self->asks, key))
    return;
  ask = g_atomic_rc_box_new0 (Ask);
  ask->store = g_object_ref (self);
  ask->owner = g_object_ref (self->owner);
  ask->spec = ask->now = *spec;
  ask->test = test;
  if (spec->kind == SMB_MAP_COVERAGE)
    ask->now.times = 1;
  ask->cancellable = g_cancellable_new ();
  ask->engine = smb_engine_ref (self->engine);
  ask->model = self->model;
  ask->tiles = smb_tiles_ref (self->tiles);
  if (self->regions != NULL)
    ask->regions = smb_regions_resize (self->regions, self->regions->size_px);
  ask->box = self->box;
  g_mutex_init (&ask->lock);
  g_hash_table_insert (self->asks, g_steal_pointer (&key), ask);
  start (ask);
}

const SmbMap *
smb_map_store_get (SmbMapStore *self, const SmbMapSpec *spec)
{
  g_autofree char *key = smb_map_spec_to_text (spec);

  return g_hash_table_lookup (self->maps, key);
}

const SmbMap *
smb_map_store_peek (SmbMapStore *self, const SmbMapSpec *spec)
{
  const SmbMap *map = smb_map_store_get (self, spec);

  if (map == NULL)
    ask_for (self, spec, FALSE);
  return map;
}

void
smb_map_store_ask_heads (SmbMapStore *self, const SmbMapSpec *spec)
{
  SmbMapSpec all = *spec;

  all.kind = SMB_MAP_ATTENTION;
  all.head = SMB_MAP_ALL_HEADS;
  ask_for (self, &all, FALSE);
}

static Ask *
find (SmbMapStore *self, const SmbMapSpec *spec)
{
  g_autofree char *key = smb_map_spec_to_text (spec);

  return g_hash_table_lookup (self->asks, key);
}

void
smb_map_store_get_state (SmbMapStore *self, const SmbMapSpec *spec, SmbMapState *state)
{
  const Ask *ask = find (self, spec);

  *state = (SmbMapState){ 0 };
  if (ask == NULL)
    return;
  state->busy = !ask->over;
  state->stopped = ask->stopped;
  state->done = ask->done;
  state->total = ask->total;
  state->what = ask->what;
  state->problem = ask->problem;
}

void
smb_map_store_stop (SmbMapStore *self, const SmbMapSpec *spec)
{
  Ask *ask = find (self, spec);

  if (ask == NULL || ask->over)
    return;
  ask->stopped = TRUE;
  g_cancellable_cancel (ask->cancellable);
}

static void
ask_again (SmbMapStore *self, const SmbMapSpec *spec, gboolean test)
{
  g_autofree char *key = smb_map_spec_to_text (spec);
  const Ask *ask = g_hash_table_lookup (self->asks, key);

  if (ask != NULL && !ask->over)
    return;
  g_hash_table_remove (self->asks, key);
  ask_for (self, spec, test);
  emit_changed (self);
}

void
smb_map_store_retry (SmbMapStore *self, const SmbMapSpec *spec)
{
  ask_again (self, spec, FALSE);
}

void
smb_map_store_test (SmbMapStore *self, const SmbMapSpec *spec)
{
  ask_again (self, spec, TRUE);
}

void
smb_map_store_set_face (SmbMapStore *self, const SmbModelInfo *model, SmbTiles *tiles, SmbBox box,
                        const SmbRegions *regions)
{
  GHashTableIter iter;
  gpointer ask;

  g_hash_table_iter_init (&iter, self->asks);
  while (g_hash_table_iter_next (&iter, NULL, &ask)) {
    ((Ask *) ask)->over = TRUE;
    g_cancellable_cancel (((Ask *) ask)->cancellable);
  }
  g_hash_table_remove_all (self->asks);
  g_hash_table_remove_all (self->maps);
  g_clear_pointer (&self->tiles, smb_tiles_unref);
  g_clear_pointer (&self->regions, smb_regions_free);
  self->model = model;
  self->tiles = tiles != NULL ? smb_tiles_ref (tiles) : NULL;
  self->box = box;
  if (regions != NULL)
    self->regions = smb_regions_resize (regions, regions->size_px);
}

static void
smb_map_store_finalize (GObject *object)
{
  SmbMapStore *self = SMB_MAP_STORE (object);

  g_clear_pointer (&self->engine, smb_engine_unref);
  g_clear_pointer (&self->tiles, smb_tiles_unref);
  g_clear_pointer (&self->regions, smb_regions_free);
  g_clear_pointer (&self->maps, g_hash_table_unref);
  g_clear_pointer (&self->asks, g_hash_table_unref);
  G_OBJECT_CLASS (smb_map_store_parent_class)->finalize (object);
}

static void
smb_map_store_class_init (SmbMapStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = smb_map_store_finalize;
  changed_signal = g_signal_new ("changed", SMB_TYPE_MAP_STORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
smb_map_store_init (SmbMapStore *self)
{
  self->maps = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) smb_map_free);
  self->asks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, ask_unref);
}

SmbMapStore *
smb_map_store_new (SmbEngine *engine, GObject *owner)
{
  SmbMapStore *self = g_object_new (SMB_TYPE_MAP_STORE, NULL);

  self->engine = smb_engine_ref (engine);
  self->owner = owner;
  return self;
}
