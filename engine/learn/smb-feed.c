/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-feed.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"

/* Streams of random numbers, far from those of the network's iterations. */
#define VIEW_STREAM ((guint64) 1 << 61)
#define ORDER_STREAM ((guint64) 1 << 62)

/* Faces dealt out in an order drawn anew for each pass. */
typedef struct {
  int *samples, *order;
  guint n;
  guint64 pass;
  gboolean drawn;
} Deck;

/* One face of a batch, or a genuine one and its blend. */
typedef struct {
  const SmbSample *sample;
  gboolean grey;
  int slot;            /* in the whole batch: what is drawn by chance depends on it */
  int row, blend_row;  /* where it goes; blend_row -1: no pair */
} Item;

typedef struct {
  guint64 iteration;
  gboolean asked;
  float *images; /* (rows,3,S,S) */
  int *labels;   /* (rows) */
  float *forged; /* (rows,grid,grid), or NULL */
  Item *items;   /* (rows) */
  int n_items, left;
} Buffer;

struct _SmbFeed {
  const SmbDataset *dataset;
  SmbFeedSettings settings;
  int *slots;      /* (n_classes) */
  int n_pairs, rows;
  Deck *decks;     /* (2 * n_classes): all, in colour */
  Buffer buffers[2];
  GThreadPool *pool;
  GMutex lock;
  GCond done;
};

static double
ease_at (const SmbFeed *feed, guint64 iteration)
{
  double until = feed->settings.ease_epochs * (double) smb_feed_get_epoch_iterations (feed);

  return (double) iteration < until ? feed->settings.view.ease * (1.0 - (double) iteration / until) : 0.0;
}

/* What a thread is given. */
typedef struct {
  Buffer *buffer;
  int item;
} Task;

static void
work (gpointer data, gpointer user_data)
{
  SmbFeed *feed = user_data;
  Task *task = data;
  Buffer *buffer = task->buffer;
  const Item *item = &buffer->items[task->item];
  gsize step = 3 * (gsize) feed->settings.view.image_px * (gsize) feed->settings.view.image_px;
  int grid = feed->settings.grid;
  gsize cells = (gsize) grid * (gsize) grid;
  gboolean pair = item->blend_row >= 0, made;
  SmbViewSettings view = feed->settings.view;
  SmbRng rng;

  view.ease = ease_at (feed, buffer->iteration);
  smb_rng_init (&rng, feed->settings.seed,
                VIEW_STREAM + buffer->iteration * (guint64) feed->settings.batch + (guint64) item->slot);
  made = smb_view_make (feed->dataset, item->sample, &view, item->grey, &rng,
                        buffer->images + (gsize) item->row * step,
                        pair ? buffer->images + (gsize) item->blend_row * step : NULL, grid,
                        pair && grid > 0 ? buffer->forged + (gsize) item->blend_row * cells : NULL);
  for (gsize i = 0; i < cells; i++)
    buffer->forged[(gsize) item->row * cells + i] = item->sample->class == feed->dataset->real_class ? 0.0f : 1.0f;
  buffer->labels[item->row] = item->sample->class;
  if (pair)
    buffer->labels[item->blend_row] = made ? feed->settings.blend_class : item->sample->class;
  g_free (task);
  g_mutex_lock (&feed->lock);
  if (--buffer->left == 0)
    g_cond_broadcast (&feed->done);
  g_mutex_unlock (&feed->lock);
}

static void
fill_deck (Deck *deck, const SmbDataset *dataset, int class, gboolean colour)
{
  deck->samples = g_new (int, dataset->samples->len);
  for (guint i = 0; i < dataset->samples->len; i++) {
    const SmbSample *sample = smb_dataset_get (dataset, i);

    if (sample->class == class && sample->part == SMB_PART_TRAIN && !(colour && sample->grey))
      deck->samples[deck->n++] = (int) i;
  }
  deck->order = g_new (int, deck->n);
}

/* The k-th face ever dealt from a deck. */
static const SmbSample *
deal (SmbFeed *feed, int deck_index, guint64 k)
{
  Deck *deck = &feed->decks[deck_index];
  guint64 pass = k / deck->n;

  if (!deck->drawn || deck->pass != pass) {
    SmbRng rng;

    memcpy (deck->order, deck->samples, deck->n * sizeof *deck->order);
    smb_rng_init (&rng, feed->settings.seed, ORDER_STREAM + ((guint64) deck_index << 40) + pass);
    smb_rng_shuffle (&rng, deck->order, deck->n);
    deck->pass = pass;
    deck->drawn = TRUE;
  }
  return smb_dataset_get (feed->dataset, (guint) deck->order[k % deck->n]);
}

/* The d-th face of a class: every so many without colour, spread evenly. */
static Item
draw (SmbFeed *feed, int class, guint64 d)
{
  double share = feed->settings.grey;
  gboolean colour = feed->decks[2 * class + 1].n > 0;
  guint64 greys = (guint64) floor ((double) d * share), next = (guint64) floor ((double) (d + 1) * share);

  if (next > greys || !colour)
    return (Item){ deal (feed, 2 * class, colour ? greys : d), next > greys, -1, -1, -1 };
  return (Item){ deal (feed, 2 * class + 1, d - greys), FALSE, -1, -1, -1 };
}

/* Whether face `slot` of the batch is made here. */
static gboolean
is_ours (const SmbFeed *feed, int slot)
{
  return feed->settings.processes <= 1 || slot % feed->settings.processes == feed->settings.rank;
}

/* Whether the i-th face of a class has a blend of itself in the batch. */
static gboolean
has_pair (const SmbFeed *feed, int class, int i)
{
  return class == feed->dataset->real_class && i < feed->n_pairs;
}

/* Faces of a class in a batch, blends left out. */
static int
count_faces (const SmbFeed *feed, int class)
{
  return feed->slots[class] - (class == feed->settings.blend_class ? feed->n_pairs : 0);
}

static int
count_rows (const SmbFeed *feed)
{
  int slot = 0, rows = 0;

  for (int c = 0; c < feed->settings.n_classes; c++)
    for (int i = 0; i < count_faces (feed, c); i++)
      rows += is_ours (feed, slot++) ? 1 + has_pair (feed, c, i) : 0;
  return rows;
}

static void
ask (SmbFeed *feed, Buffer *buffer, guint64 iteration)
{
  int slot = 0, row = 0, blend_row = feed->rows;

  buffer->iteration = iteration;
  buffer->asked = TRUE;
  buffer->n_items = 0;
  for (int c = 0; c < feed->settings.n_classes; c++) {
    int n = count_faces (feed, c);

    for (int i = 0; i < n; i++) {
      Item item = draw (feed, c, iteration * (guint64) n + (guint64) i);

      item.slot = slot++;
      if (!is_ours (feed, item.slot))
        continue;
      item.row = row++;
      if (has_pair (feed, c, i))
        item.blend_row = --blend_row;
      buffer->items[buffer->n_items++] = item;
    }
  }
  buffer->left = buffer->n_items;
  for (int i = 0; i < buffer->n_items; i++) {
    Task *task = g_new (Task, 1);

    *task = (Task){ buffer, i };
    g_thread_pool_push (feed->pool, task, NULL);
  }
}

static void
wait_for (SmbFeed *feed, Buffer *buffer)
{
  g_mutex_lock (&feed->lock);
  while (buffer->left > 0)
    g_cond_wait (&feed->done, &feed->lock);
  g_mutex_unlock (&feed->lock);
}

void
smb_feed_take (SmbFeed *feed, guint64 iteration, const float **images, const int **labels, const float **forged)
{
  Buffer *now = &feed->buffers[iteration % 2], *next = &feed->buffers[(iteration + 1) % 2];

  wait_for (feed, next);
  if (!now->asked || now->iteration != iteration) {
    wait_for (feed, now);
    ask (feed, now, iteration);
  }
  wait_for (feed, now);
  ask (feed, next, iteration + 1);
  *images = now->images;
  *labels = now->labels;
  *forged = now->forged;
}

/* How many of a batch each class gets. */
static gboolean
divide (SmbFeed *feed, GError **error)
{
  const SmbFeedSettings *s = &feed->settings;
  int genuine = feed->dataset->real_class, given = 0, n = s->n_classes;
  g_autofree double *shares = g_new0 (double, n);
  double sum = 0.0;

  for (int c = 0; c < n; c++) {
    gboolean any = feed->decks[2 * c].n > 0 || c == s->blend_class;

    shares[c] = any ? (s->shares != NULL ? s->shares[c] : 1.0) : 0.0;
    sum += shares[c];
  }
  if (feed->decks[2 * genuine].n == 0 || !(shares[genuine] > 0.0)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("There are no training faces of “%s”; dividing the data anew makes a training part."),
                 feed->dataset->classes[genuine]);
    return FALSE;
  }
  for (int c = 0; c < n; c++) {
    feed->slots[c] = (int) floor (s->batch * shares[c] / sum);
    if (shares[c] > 0.0 && feed->slots[c] < 1) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                   _ ("A batch of %d is too small for faces of every class; take a larger one."), s->batch);
      return FALSE;
    }
    given += feed->slots[c];
  }
  feed->slots[genuine] += s->batch - given; /* what rounding left */
  if (s->blend_class < 0)
    return TRUE;
  feed->n_pairs = feed->slots[s->blend_class] / (feed->decks[2 * s->blend_class].n > 0 ? 2 : 1);
  if (feed->n_pairs >= 1 && feed->n_pairs <= feed->slots[genuine])
    return TRUE;
  g_set_error_literal (
      error, SMB_ERROR, SMB_ERROR_ARGUMENT,
      _ ("Self-blended images come in pairs: the genuine share of a batch must be as large as theirs, and theirs "
         "more than one face."));
  return FALSE;
}

SmbFeed *
smb_feed_new (const SmbDataset *dataset, const SmbFeedSettings *settings, int threads, GError **error)
{
  g_autoptr (SmbFeed) feed = g_new0 (SmbFeed, 1);
  gsize pixels = 3 * (gsize) settings->view.image_px * (gsize) settings->view.image_px;
  gsize cells;

  g_return_val_if_fail (settings->n_classes >= smb_dataset_get_n_classes (dataset), NULL);
  feed->dataset = dataset;
  feed->settings = *settings;
  g_mutex_init (&feed->lock);
  g_cond_init (&feed->done);
  feed->slots = g_new0 (int, settings->n_classes);
  feed->decks = g_new0 (Deck, 2 * settings->n_classes);
  for (int i = 0; i < 2 * settings->n_classes; i++)
    fill_deck (&feed->decks[i], dataset, i / 2, i % 2 == 1);
  if (!divide (feed, error))
    return NULL;
  feed->settings.shares = NULL; /* the caller's */
  feed->rows = count_rows (feed);
  if (feed->rows < 1) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("A batch of %d is too small for %d processes; take a larger one."), settings->batch,
                 settings->processes);
    return NULL;
  }
  cells = (gsize) feed->rows * (gsize) settings->grid * (gsize) settings->grid;
  for (int i = 0; i < 2; i++)
    feed->buffers[i] = (Buffer){ .images = g_new (float, (gsize) feed->rows * pixels),
                                 .labels = g_new0 (int, feed->rows),
                                 .forged = settings->grid > 0 ? g_new0 (float, cells) : NULL,
                                 .items = g_new0 (Item, feed->rows) };
  feed->pool = g_thread_pool_new (work, feed, threads > 0 ? threads : (int) g_get_num_processors (), TRUE, NULL);
  return g_steal_pointer (&feed);
}

void
smb_feed_free (SmbFeed *feed)
{
  if (feed == NULL)
    return;
  if (feed->pool != NULL)
    g_thread_pool_free (feed->pool, FALSE, TRUE); /* what was asked for is made first: its memory goes */
  for (int i = 0; i < 2; i++) {
    g_free (feed->buffers[i].images);
    g_free (feed->buffers[i].labels);
    g_free (feed->buffers[i].forged);
    g_free (feed->buffers[i].items);
  }
  for (int i = 0; feed->decks != NULL && i < 2 * feed->settings.n_classes; i++) {
    g_free (feed->decks[i].samples);
    g_free (feed->decks[i].order);
  }
  g_free (feed->decks);
  g_free (feed->slots);
  g_mutex_clear (&feed->lock);
  g_cond_clear (&feed->done);
  g_free (feed);
}

guint64
smb_feed_get_epoch_iterations (const SmbFeed *feed)
{
  int genuine = feed->dataset->real_class, slots = feed->slots[genuine];

  return (feed->decks[2 * genuine].n + (guint64) slots - 1) / (guint64) slots;
}

int
smb_feed_get_slots (const SmbFeed *feed, int class)
{
  return feed->slots[class];
}

int
smb_feed_get_rows (const SmbFeed *feed)
{
  return feed->rows;
}
