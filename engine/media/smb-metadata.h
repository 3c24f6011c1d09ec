/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "media/smb-picture.h"

G_BEGIN_DECLS

/* What a picture's file says besides its pixels, and how it was packed. Nothing of it proves anything: whoever writes a
 * file writes this too. Runs in the decode worker. */

typedef struct {
  char *group;   /* "EXIF", "XMP", "IPTC" */
  char *key;     /* "Exif.Photo.DateTimeOriginal" */
  char *value;   /* as stored; long binary values are only counted */
  char *meaning; /* in words, where that says more; else NULL */
} SmbMetadataEntry;

typedef struct {
  int id, bits;
  guint16 values[64]; /* rows of 8, lowest frequencies first */
  int quality;        /* of the Independent JPEG Group's tables, 1 to 100, that lies nearest */
  gboolean exact;     /* it is that table */
} SmbQuantTable;

typedef enum {
  SMB_C2PA_ABSENT,
  SMB_C2PA_PRESENT,    /* there is a manifest; whether it is valid is not checked here */
  SMB_C2PA_NOT_SOUGHT, /* nothing is known of where this kind of file would keep one */
} SmbC2pa;

typedef struct _SmbMetadata {
  char *format;       /* "JPEG" … */
  GPtrArray *entries; /* SmbMetadataEntry*, in the file's order, group by group */
  /* JPEG only; else no tables and NULL. */
  GArray *tables;     /* SmbQuantTable */
  char *sampling;     /* of the colours: "4:2:0", "4:4:4", "grey" … */
  gboolean progressive;
  /* The embedded thumbnail, upright like the picture, and how it compares; NULL if there is none that can be read. */
  SmbImage *thumbnail;
  double thumbnail_correlation; /* of brightness on a grid of 32 x 32 places; 1: the same */
  double thumbnail_difference;  /* mean absolute difference there, in steps of 255 */
  gboolean thumbnail_agrees;    /* correlation of at least 0.95 and the picture's shape, black bars allowed for */
  SmbC2pa c2pa;
  guint64 c2pa_bytes;
  char **notes; /* translated sentences, NULL-terminated */
} SmbMetadata;

SmbMetadata *smb_metadata_new (void);
void smb_metadata_free (SmbMetadata *metadata);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbMetadata, smb_metadata_free)
SmbMetadataEntry *smb_metadata_entry_new (const char *group, const char *key, const char *value, const char *meaning);

#define SMB_METADATA_MAX_ENTRIES 5000
#define SMB_METADATA_MAX_TEXT_BYTES 4096
#define SMB_METADATA_MAX_TABLES 8
#define SMB_THUMBNAIL_MAX_SIDE_PX 1024

/* From a descriptor opened read-only, by pread; `path` is for messages. A file without any of it is an answer, not an
 * error; damaged parts become notes. Errors: those of smb_picture_decode for a file that is no picture. */
SmbMetadata *smb_metadata_read (int fd, const char *path, const SmbPictureLimits *limits, GCancellable *cancellable,
                                GError **error);

/* Loads what reading needs, before the process gives up the right to open files. */
void smb_metadata_prepare (void);

G_END_DECLS
