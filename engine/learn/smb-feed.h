/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-view.h"

G_BEGIN_DECLS

/* Batches for fine-tuning, made by threads of their own while the network computes. What is in the batch of an
 * iteration depends on data, settings and the iteration's number alone. */
typedef struct _SmbFeed SmbFeed;

typedef struct {
  SmbViewSettings view;
  int batch;
  int n_classes;     /* of the network; those of the data set come first */
  int blend_class;   /* class of self-blended images, or -1: none are made. May be one that has no faces of its own */
  const double *shares; /* (n_classes) of a batch, NULL: the same for all that have anything */
  int grid;          /* patches a side of the network, if it is to be told which of them are forged; 0: not */
  double ease_epochs; /* in so many epochs the view's ease falls to 0, evenly */
  double grey;       /* share shown without colour, the same for every class; those shown in colour have colour */
  guint64 seed;
  int rank, processes; /* which share of each batch is wanted, a face and its blend together; processes 0: all of it */
} SmbFeedSettings;

/* Training faces of the data set (borrowed). threads 0: one a core. ARGUMENT names the class that has too few faces, or
 * says that the batch is too small for the classes. */
SmbFeed *smb_feed_new (const SmbDataset *dataset, const SmbFeedSettings *settings, int threads, GError **error);
void smb_feed_free (SmbFeed *feed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbFeed, smb_feed_free)

/* Iterations until every genuine face has been seen about once. */
guint64 smb_feed_get_epoch_iterations (const SmbFeed *feed);
/* How many of a batch are of a class. */
int smb_feed_get_slots (const SmbFeed *feed, int class);

/* Images of a batch that come here: all, or this process' share. */
int smb_feed_get_rows (const SmbFeed *feed);

/* The batch of an iteration: images (rows,3,S,S), labels (rows), forged (rows,grid,grid): 0 in genuine faces, in a
 * self-blended one the share of each patch that the blend covers, 1 in all others; NULL without a grid. Borrowed until
 * the next call; the next one is being made meanwhile. */
void smb_feed_take (SmbFeed *feed, guint64 iteration, const float **images, const int **labels, const float **forged);

G_END_DECLS
