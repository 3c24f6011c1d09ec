/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A ZIP archive of stored (never compressed) records, as torch.save writes it: read-only, over bytes that outlive it.
 * Opening checks the whole directory: every record's place, size and local header, no overlap, no name twice. */
typedef struct _SmbZip SmbZip;

SmbZip *smb_zip_new (GBytes *bytes, const char *path, GError **error);
void smb_zip_free (SmbZip *zip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbZip, smb_zip_free)

/* Names in the directory's order; borrowed. */
GPtrArray *smb_zip_get_names (SmbZip *zip);

/* Place of a record's bytes; its CRC-32 is checked here, at every call. FALSE without an error if there is no such
 * record, with one (FORMAT) if its bytes are damaged. */
gboolean smb_zip_find (SmbZip *zip, const char *name, gsize *offset, gsize *n_bytes, GError **error);

/* CRC-32 of IEEE 802.3, as ZIP archives carry it. */
guint32 smb_zip_crc32 (const guint8 *data, gsize n_bytes);

G_END_DECLS
