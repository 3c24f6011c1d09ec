/* SPDX-License-Identifier: Apache-2.0 */
#include "face/smb-hog.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A search is three kinds of tasks: a picture is made of the one before it, a level's features are computed of its
 * picture, a detector's filters run over a level's features. Threads take whatever can be done next. Each task writes
 * what is its own, so the answer is the same in whatever order they come. */

#define SPARE_BYTES 64 /* behind a picture: the kernels read and write whole words */

typedef struct {
  SmbHogPicture picture; /* rgb NULL: not made yet, or no longer needed */
  int users;             /* tasks that still need it */
} Stage;

typedef struct {
  float *planes;
  long rows, columns;   /* cells of the picture */
  int users, ready;     /* detectors still to run; ready: those may */
  int next_detector;
} Level;

typedef struct {
  const SmbHogKernels *kernels;
  const SmbHogBank *bank;
  const SmbHogPlan *plan;
  GMutex lock; /* of all below */
  GCond changed;
  Stage *stages;   /* n_sizes */
  Level *levels;   /* n_levels */
  GArray **hits;   /* of SmbHogHit, by detector and level */
  int n_levels;
  int made;        /* stages that are there, or were */
  int making;      /* somebody makes the next */
  int next_level;  /* whose features come next */
  int failed;      /* no memory */
} Search;

int
smb_hog_kernels (const SmbHogKernels *copies[SMB_HOG_COPIES])
{
  int n = 0;

  copies[n++] = &smb_hog_kernels_base;
#ifdef SMB_HOG_X86
  __builtin_cpu_init ();
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("bmi") && __builtin_cpu_supports ("bmi2"))
    copies[n++] = &smb_hog_kernels_avx2;
  if (n > 1 && __builtin_cpu_supports ("avx512bw") && __builtin_cpu_supports ("avx512cd")
      && __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512vl"))
    copies[n++] = &smb_hog_kernels_avx512;
#endif
  return n;
}

static const SmbHogKernels *
best_kernels (void)
{
  const SmbHogKernels *copies[SMB_HOG_COPIES] = { NULL };

  return copies[smb_hog_kernels (copies) - 1];
}

static const guint8 *
direction_table (const SmbHogKernels *kernels)
{
  static guint8 *table;

  if (g_once_init_enter (&table)) {
    guint8 *fresh = g_malloc0 (SMB_HOG_TABLE);

    kernels->fill_directions (fresh);
    g_once_init_leave (&table, fresh);
  }
  return table;
}

static void
scale_clear (SmbHogScale *scale)
{
  g_free (scale->left);
  g_free (scale->share);
  g_free (scale->shares);
}

/* Four positions at a time are carried along in float32 while they stay inside; what is left over, in float64. */
static gboolean
scale_init (SmbHogScale *scale, long in_width, long out_width)
{
  const double step = (double) (in_width - 1) / (double) MAX (out_width - 1, 1);
  const float four_steps = (float) (4 * step);
  float at[4];
  double x = -4 * step;

  *scale = (SmbHogScale){ 0, g_try_new (int, out_width), g_try_new (float, out_width), g_try_new (double, out_width) };
  if (scale->left == NULL || scale->share == NULL || scale->shares == NULL)
    return FALSE;
  for (int i = 0; i < 4; i++)
    at[i] = (float) (x + i * step);
  for (; scale->bulk + 4 <= out_width; scale->bulk += 4) {
    for (int i = 0; i < 4; i++)
      at[i] += four_steps;
    if ((long) at[3] + 1 >= in_width)
      break;
    for (int i = 0; i < 4; i++) {
      scale->left[scale->bulk + i] = (int) at[i];
      scale->share[scale->bulk + i] = at[i] - (float) (int) at[i];
    }
  }
  x = -step + (double) scale->bulk * step;
  for (long c = scale->bulk; c < out_width; c++) {
    x += step;
    scale->left[c] = (int) CLAMP (floor (x), 0, (double) (in_width - 1));
    scale->shares[c] = x - floor (x);
  }
  return TRUE;
}

/* Without its pixels. */
static gboolean
picture_new (SmbHogPicture *picture, SmbHogSize size)
{
  *picture = (SmbHogPicture){ NULL, size.width, size.height, 3 * size.width };
  picture->rgb = g_try_malloc ((gsize) size.width * (gsize) size.height * 3 + SPARE_BYTES);
  return picture->rgb != NULL;
}

/* Bilinear, corner to corner. */
static gboolean
resize (const SmbHogKernels *kernels, SmbHogPicture *out, const SmbHogPicture *in, SmbHogSize size)
{
  const double step = (double) (in->height - 1) / (double) MAX (size.height - 1, 1);
  SmbHogScale scale = { 0 };
  gboolean done = picture_new (out, size) && scale_init (&scale, in->width, size.width);
  double y = -step;

  for (long r = 0; done && r < size.height; r++) {
    long above, below;

    y += step;
    above = CLAMP ((long) floor (y), 0, in->height - 1);
    below = MIN (above + 1, in->height - 1);
    kernels->resize_row (out->rgb + r * out->stride, in->rgb + above * in->stride, in->rgb + below * in->stride,
                         y - floor (y), in->width, size.width, &scale);
  }
  scale_clear (&scale);
  if (!done)
    g_clear_pointer (&out->rgb, g_free);
  return done;
}

static gboolean
describe (const Search *search, Level *level, const SmbHogPicture *picture)
{
  const SmbHogKernels *kernels = search->kernels;
  const long rows = level->rows, columns = level->columns, taps = SMB_HOG_TAPS;
  const gsize n_planes = SMB_HOG_PLANES * (gsize) (rows - 3 + taps) * (gsize) (columns - 3 + taps);
  g_autofree float *hist = g_try_new0 (float, (gsize) (rows + 2) * (gsize) (columns + 2) * SMB_HOG_DIRECTION);
  g_autofree float *scratch
      = g_try_new (float, MAX (9 * ((gsize) picture->width + 16), (gsize) rows * (gsize) columns));

  level->planes = g_try_new0 (float, n_planes);
  if (hist == NULL || scratch == NULL || level->planes == NULL)
    return FALSE;
  kernels->gather (hist, picture, rows, columns, direction_table (kernels), scratch);
  kernels->features (level->planes, hist, scratch, rows, columns);
  return TRUE;
}

static gboolean
run_detector (const Search *search, const Level *level, int l, int d, GArray *hits)
{
  const SmbHogDetector *detector = &search->bank->detectors[d];
  const long taps = SMB_HOG_TAPS, width = level->columns - 3 + taps, height = level->rows - 3 + taps;
  g_autofree float *says = g_try_new (float, (gsize) width * (gsize) height);
  g_autofree float *scratch = g_try_new (float, (gsize) width * (gsize) height);

  if (says == NULL || scratch == NULL)
    return FALSE;
  search->kernels->filter (says, level->planes, width, height, detector->terms, detector->n_terms, scratch);
  for (long r = taps / 2; r < height - (taps - 1) / 2; r++)
    for (long c = taps / 2; c < width - (taps - 1) / 2; c++)
      if (says[r * width + c] >= detector->threshold) {
        const SmbHogHit hit = { d, l, r, c, says[r * width + c] };

        g_array_append_val (hits, hit);
      }
  return TRUE;
}

static void
leave_stage (Stage *stage)
{
  if (--stage->users == 0)
    g_clear_pointer (&stage->picture.rgb, g_free);
}

/* One task, with the lock held at its beginning and end; FALSE: nothing can be done now. */
static gboolean
do_task (Search *search)
{
  const SmbHogPlan *plan = search->plan;
  gboolean done = TRUE;

  if (search->made < plan->n_sizes && !search->making) {
    const int n = search->made;
    SmbHogPicture out;

    search->making = TRUE;
    g_mutex_unlock (&search->lock);
    done = resize (search->kernels, &out, &search->stages[n - 1].picture, plan->sizes[n]);
    g_mutex_lock (&search->lock);
    search->making = FALSE;
    if (done)
      search->stages[n].picture = out;
    search->made++;
    leave_stage (&search->stages[n - 1]);
  } else if (search->next_level < search->made - plan->n_doublings) {
    Level *level = &search->levels[search->next_level];
    Stage *stage = &search->stages[plan->n_doublings + search->next_level++];

    if (level->users > 0) {
      g_mutex_unlock (&search->lock);
      done = describe (search, level, &stage->picture);
      g_mutex_lock (&search->lock);
      level->ready = TRUE;
    }
    leave_stage (stage);
  } else {
    for (int l = 0; l < search->next_level; l++) {
      Level *level = &search->levels[l];
      int d;

      if (!level->ready || level->next_detector == search->bank->n_detectors)
        continue;
      d = level->next_detector++;
      g_mutex_unlock (&search->lock);
      done = run_detector (search, level, l, d, search->hits[d * search->n_levels + l]);
      g_mutex_lock (&search->lock);
      if (--level->users == 0)
        g_clear_pointer (&level->planes, g_free);
      goto finished;
    }
    return FALSE;
  }
finished:
  search->failed |= !done;
  g_cond_broadcast (&search->changed);
  return TRUE;
}

/* Whether there is, or will be, something to do. */
static gboolean
goes_on (const Search *search)
{
  if (search->failed)
    return FALSE;
  if (search->made < search->plan->n_sizes || search->next_level < search->n_levels)
    return TRUE;
  for (int l = 0; l < search->n_levels; l++)
    if (search->levels[l].users > 0 && search->levels[l].next_detector < search->bank->n_detectors)
      return TRUE;
  return FALSE;
}

static gpointer
work (gpointer data)
{
  Search *search = data;

  g_mutex_lock (&search->lock);
  while (goes_on (search))
    if (!do_task (search))
      g_cond_wait (&search->changed, &search->lock);
  g_mutex_unlock (&search->lock);
  return NULL;
}

static void
search_init (Search *search, const SmbHogBank *bank, const SmbHogPlan *plan)
{
  *search = (Search){ .kernels = best_kernels (), .bank = bank, .plan = plan, .made = 1,
                      .n_levels = plan->n_sizes - plan->n_doublings };
  g_mutex_init (&search->lock);
  g_cond_init (&search->changed);
  search->stages = g_new0 (Stage, plan->n_sizes);
  search->levels = g_new0 (Level, search->n_levels);
  search->hits = g_new (GArray *, bank->n_detectors * search->n_levels);
  for (int i = 0; i < bank->n_detectors * search->n_levels; i++)
    search->hits[i] = g_array_new (FALSE, FALSE, sizeof (SmbHogHit));
  for (int i = 0; i < plan->n_sizes; i++) /* the next picture, and features unless it is a doubling's source */
    search->stages[i].users = (i + 1 < plan->n_sizes) + (i >= plan->n_doublings);
  for (int l = 0; l < search->n_levels; l++) {
    SmbHogSize size = plan->sizes[plan->n_doublings + l];
    Level *level = &search->levels[l];

    level->rows = (long) ((float) size.height / SMB_HOG_CELL + 0.5);
    level->columns = (long) ((float) size.width / SMB_HOG_CELL + 0.5);
    level->users = level->rows > 2 && level->columns > 2 ? bank->n_detectors : 0;
  }
}

static void
search_clear (Search *search)
{
  for (int i = 0; i < search->plan->n_sizes; i++)
    g_free (search->stages[i].picture.rgb);
  for (int l = 0; l < search->n_levels; l++)
    g_free (search->levels[l].planes);
  for (int i = 0; i < search->bank->n_detectors * search->n_levels; i++)
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): a loop has filled it */
    g_array_unref (search->hits[i]);
  g_free (search->stages);
  g_free (search->levels);
  g_free (search->hits);
  g_mutex_clear (&search->lock);
  g_cond_clear (&search->changed);
}

static gboolean
collect (const Search *search, SmbHogHit **hits, size_t *n_hits)
{
  const int n = search->bank->n_detectors * search->n_levels;
  SmbHogHit *to;

  for (int i = 0; i < n; i++)
    *n_hits += search->hits[i]->len;
  if (*n_hits == 0)
    return TRUE;
  *hits = to = calloc (*n_hits, sizeof **hits);
  for (int i = 0; i < n && to != NULL; to += search->hits[i++]->len)
    if (search->hits[i]->len > 0)
      memcpy (to, search->hits[i]->data, search->hits[i]->len * sizeof *to);
  return *hits != NULL;
}

int
smb_hog_search (const SmbHogBank *bank, const SmbHogPlan *plan, const unsigned char *rgb, int threads, SmbHogHit **hits,
                size_t *n_hits)
{
  g_autoptr (GPtrArray) others = g_ptr_array_new ();
  Search search;
  gboolean done;

  *hits = NULL;
  *n_hits = 0;
  search_init (&search, bank, plan);
  done = picture_new (&search.stages[0].picture, plan->sizes[0]);
  if (done) {
    memcpy (search.stages[0].picture.rgb, rgb, (gsize) plan->sizes[0].width * (gsize) plan->sizes[0].height * 3);
    for (int i = 1; i < threads; i++) {
      GThread *thread = g_thread_try_new ("faces", work, &search, NULL); /* fewer will do as well */

      if (thread != NULL)
        g_ptr_array_add (others, thread);
    }
    work (&search);
    for (guint i = 0; i < others->len; i++)
      g_thread_join (others->pdata[i]);
    done = !search.failed && collect (&search, hits, n_hits);
  }
  search_clear (&search);
  return done ? 0 : -1;
}
