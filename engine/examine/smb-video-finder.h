/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "examine/smb-video-run.h"

G_BEGIN_DECLS

/* Faces found ahead of their scoring: frames are decoded on one thread and searched on another, each a portion ahead of
 * whoever takes them, so that decoder, detector and network are at work together. */

/* A portion: faces of those of its frames that could be decoded. */
typedef struct {
  GPtrArray *images, *frames; /* SmbImage*, SmbFrameFaces*, in the same order; perhaps none */
  SmbTracker *tracker;        /* after the last of them; NULL: nothing was followed */
  guint n;                    /* frames asked for */
  guint n_damaged;            /* of those */
} SmbVideoFound;

void smb_video_found_free (SmbVideoFound *found);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbVideoFound, smb_video_found_free)

typedef struct _SmbVideoFinder SmbVideoFinder;

/* The first pass, over frames `first` to `end` - 1: faces found and followed. tracker: how it stands before; copied. */
SmbVideoFinder *smb_video_finder_follow (SmbEngine *engine, SmbEngineVideo *video, const SmbVideoSettings *settings,
                                         const SmbTracker *tracker, guint first, guint end, SmbVideoProfile *profile,
                                         GCancellable *cancellable);
/* The second: another look by the detector into frames that have points (SmbFrameFaces*, ordered, taken over), except
 * where it has looked already, for it would find the same. */
SmbVideoFinder *smb_video_finder_search (SmbEngine *engine, SmbEngineVideo *video, const SmbVideoSettings *settings,
                                         GPtrArray *asked, SmbVideoProfile *profile, GCancellable *cancellable);

/* The next portion, NULL with an error, or without one after the last. */
SmbVideoFound *smb_video_finder_next (SmbVideoFinder *finder, GError **error);
void smb_video_finder_free (SmbVideoFinder *finder); /* waits for what is under way */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbVideoFinder, smb_video_finder_free)

G_END_DECLS
