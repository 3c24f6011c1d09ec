/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A table in a text file: CSV as RFC 4180 has it, UTF-8, a line of column names first; comma, semicolon or tab,
 * whichever the first line has most of. */
typedef struct {
  GStrv columns;
  GPtrArray *rows; /* GStrv, each as long as columns */
} SmbTable;

/* Errors name the file and the line: IO, FORMAT (a row of another length, an open quote, no UTF-8), LIMIT (64 MiB). */
SmbTable *smb_table_read (const char *path, GError **error);
void smb_table_free (SmbTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbTable, smb_table_free)

/* Index of the first of these columns (NULL-terminated, compared without case) there is; -1: none. */
int smb_table_find (const SmbTable *table, const char *const *names);

G_END_DECLS
