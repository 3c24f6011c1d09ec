/* SPDX-License-Identifier: Apache-2.0 */
#include "fault-vfs.h"

#include "base/smb-rng.h"

#include <string.h>

#define SECTOR_BYTES 512

/* One file as the disk holds it, and what was done to it since. */
typedef struct {
  GByteArray *durable;
  GPtrArray *pending; /* Change* */
  guint64 size_bytes; /* as the program sees it */
} Disk;

typedef struct {
  guint64 offset;
  GBytes *bytes; /* NULL: cut off at `offset` */
} Change;

typedef struct {
  sqlite3_file base;
  char *path; /* NULL: a file that nobody would find again */
  sqlite3_file *real;
} File;

static struct {
  sqlite3_vfs vfs, *real;
  sqlite3_mem_methods memory;
  Fault fault;
  guint64 at, count;
  gboolean struck;
  FaultMoment moment;
  gpointer user_data;
  GHashTable *disks; /* path -> Disk */
} self;

static void
change_free (gpointer data)
{
  Change *change = data;

  g_clear_pointer (&change->bytes, g_bytes_unref);
  g_free (change);
}

static Disk *
disk_new (void)
{
  Disk *disk = g_new0 (Disk, 1);

  disk->durable = g_byte_array_new ();
  disk->pending = g_ptr_array_new_with_free_func (change_free);
  return disk;
}

static void
disk_free (gpointer data)
{
  Disk *disk = data;

  g_byte_array_unref (disk->durable);
  g_ptr_array_unref (disk->pending);
  g_free (disk);
}

static Disk *
disk_of (const File *file)
{
  return file->path != NULL ? g_hash_table_lookup (self.disks, file->path) : NULL;
}

static void
resize (GByteArray *bytes, guint64 n)
{
  guint before = bytes->len;

  g_byte_array_set_size (bytes, (guint) n);
  if (n > before)
    memset (bytes->data + before, 0, n - before);
}

static void
apply (GByteArray *bytes, guint64 offset, const guint8 *data, gsize n)
{
  if (offset + n > bytes->len)
    resize (bytes, offset + n);
  memcpy (bytes->data + offset, data, n);
}

static void
apply_change (GByteArray *bytes, const Change *change)
{
  gsize n;
  const guint8 *data;

  if (change->bytes == NULL) {
    resize (bytes, change->offset);
    return;
  }
  data = g_bytes_get_data (change->bytes, &n);
  apply (bytes, change->offset, data, n);
}

static void
remember (const File *file, guint64 offset, const void *data, int n_bytes)
{
  Disk *disk = disk_of (file);
  Change *change;

  if (disk == NULL)
    return;
  change = g_new0 (Change, 1);
  change->offset = offset;
  change->bytes = data != NULL ? g_bytes_new (data, (gsize) n_bytes) : NULL;
  disk->size_bytes = data != NULL ? MAX (disk->size_bytes, offset + (guint64) n_bytes) : offset;
  g_ptr_array_add (disk->pending, change);
}

static void
pass_moment (void)
{
  if (self.moment != NULL)
    self.moment (self.user_data);
}

/* Is this the one? */
static gboolean
strikes (Fault fault)
{
  if (self.fault != fault || ++self.count != self.at)
    return FALSE;
  self.struck = TRUE;
  return TRUE;
}

static gboolean
would_be_full (const File *file, guint64 end)
{
  GHashTableIter iter;
  gpointer value;
  guint64 total = 0;
  const Disk *disk = disk_of (file);

  if (self.fault != FAULT_FULL || disk == NULL || end <= disk->size_bytes)
    return FALSE;
  g_hash_table_iter_init (&iter, self.disks);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    total += ((Disk *) value)->size_bytes;
  if (total - disk->size_bytes + end <= self.at)
    return FALSE;
  self.struck = TRUE;
  return TRUE;
}

/* --- a file --- */

#define REAL(file) (((File *) (file))->real)

static int
file_close (sqlite3_file *file)
{
  File *f = (File *) file;
  int result = f->real->pMethods->xClose (f->real);

  g_clear_pointer (&f->path, g_free);
  return result;
}

static int
file_read (sqlite3_file *file, void *data, int n, sqlite3_int64 offset)
{
  return REAL (file)->pMethods->xRead (REAL (file), data, n, offset);
}

static int
file_write (sqlite3_file *file, const void *data, int n, sqlite3_int64 offset)
{
  const File *f = (File *) file;
  int result;

  if (strikes (FAULT_WRITE))
    return SQLITE_IOERR_WRITE;
  if (strikes (FAULT_TORN_WRITE)) {
    remember (f, (guint64) offset, data, n / 2);
    f->real->pMethods->xWrite (f->real, data, n / 2, offset);
    return SQLITE_IOERR_WRITE;
  }
  if (would_be_full (f, (guint64) offset + (guint64) n))
    return SQLITE_FULL;
  result = f->real->pMethods->xWrite (f->real, data, n, offset);
  if (result == SQLITE_OK)
    remember (f, (guint64) offset, data, n);
  pass_moment ();
  return result;
}

static int
file_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  int result = REAL (file)->pMethods->xTruncate (REAL (file), size);

  if (result == SQLITE_OK)
    remember ((File *) file, (guint64) size, NULL, 0);
  pass_moment ();
  return result;
}

static int
file_sync (sqlite3_file *file, int flags)
{
  Disk *disk = disk_of ((File *) file);

  if (strikes (FAULT_SYNC))
    return SQLITE_IOERR_FSYNC;
  /* Nobody waits for the real disk. */
  if (disk != NULL) {
    for (guint i = 0; i < disk->pending->len; i++)
      apply_change (disk->durable, g_ptr_array_index (disk->pending, i));
    g_ptr_array_set_size (disk->pending, 0);
  }
  pass_moment ();
  return SQLITE_OK;
}

static int
file_size (sqlite3_file *file, sqlite3_int64 *size)
{
  return REAL (file)->pMethods->xFileSize (REAL (file), size);
}

static int
file_lock (sqlite3_file *file, int level)
{
  return REAL (file)->pMethods->xLock (REAL (file), level);
}

static int
file_unlock (sqlite3_file *file, int level)
{
  return REAL (file)->pMethods->xUnlock (REAL (file), level);
}

static int
file_check_reserved (sqlite3_file *file, int *out)
{
  return REAL (file)->pMethods->xCheckReservedLock (REAL (file), out);
}

static int
file_control (sqlite3_file *file, int operation, void *argument)
{
  return REAL (file)->pMethods->xFileControl (REAL (file), operation, argument);
}

static int
file_sector_size (sqlite3_file *file)
{
  return SECTOR_BYTES;
}

static int
file_characteristics (sqlite3_file *file)
{
  return 0; /* the worst disk there is: nothing is atomic, nothing in order */
}

static int
file_shm_map (sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
  return REAL (file)->pMethods->xShmMap (REAL (file), page, size, extend, out);
}

static int
file_shm_lock (sqlite3_file *file, int offset, int n, int flags)
{
  return REAL (file)->pMethods->xShmLock (REAL (file), offset, n, flags);
}

static void
file_shm_barrier (sqlite3_file *file)
{
  REAL (file)->pMethods->xShmBarrier (REAL (file));
}

static int
file_shm_unmap (sqlite3_file *file, int delete_it)
{
  return REAL (file)->pMethods->xShmUnmap (REAL (file), delete_it);
}

static const sqlite3_io_methods methods = {
  .iVersion = 2, /* no memory-mapped reading */
  .xClose = file_close,
  .xRead = file_read,
  .xWrite = file_write,
  .xTruncate = file_truncate,
  .xSync = file_sync,
  .xFileSize = file_size,
  .xLock = file_lock,
  .xUnlock = file_unlock,
  .xCheckReservedLock = file_check_reserved,
  .xFileControl = file_control,
  .xSectorSize = file_sector_size,
  .xDeviceCharacteristics = file_characteristics,
  .xShmMap = file_shm_map,
  .xShmLock = file_shm_lock,
  .xShmBarrier = file_shm_barrier,
  .xShmUnmap = file_shm_unmap,
};

/* --- the file system --- */

static int
vfs_open (sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
  File *f = (File *) file;
  int result;

  f->base.pMethods = NULL;
  f->real = (sqlite3_file *) (f + 1);
  result = self.real->xOpen (self.real, path, f->real, flags, out_flags);
  if (result != SQLITE_OK)
    return result;
  f->base.pMethods = &methods;
  f->path = g_strdup (path);
  if (path != NULL && g_hash_table_lookup (self.disks, path) == NULL) {
    Disk *disk = disk_new ();
    sqlite3_int64 n = 0;

    /* What is there already has been there for long. */
    if (f->real->pMethods->xFileSize (f->real, &n) == SQLITE_OK && n > 0) {
      resize (disk->durable, (guint64) n);
      f->real->pMethods->xRead (f->real, disk->durable->data, (int) n, 0);
      disk->size_bytes = (guint64) n;
    }
    g_hash_table_insert (self.disks, g_strdup (path), disk);
  }
  return SQLITE_OK;
}

static int
vfs_delete (sqlite3_vfs *vfs, const char *path, int sync_folder)
{
  int result = self.real->xDelete (self.real, path, sync_folder);

  if (result == SQLITE_OK)
    g_hash_table_remove (self.disks, path);
  pass_moment ();
  return result;
}

static int
vfs_access (sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
  return self.real->xAccess (self.real, path, flags, out);
}

static int
vfs_full_pathname (sqlite3_vfs *vfs, const char *path, int n, char *out)
{
  return self.real->xFullPathname (self.real, path, n, out);
}

/* --- memory --- */

static void *
watched_malloc (int n)
{
  return strikes (FAULT_MEMORY) ? NULL : self.memory.xMalloc (n);
}

static void *
watched_realloc (void *old, int n)
{
  return strikes (FAULT_MEMORY) ? NULL : self.memory.xRealloc (old, n);
}

void
fault_vfs_install (void)
{
  sqlite3_mem_methods watched;

  g_assert_cmpint (sqlite3_config (SQLITE_CONFIG_GETMALLOC, &self.memory), ==, SQLITE_OK);
  watched = self.memory;
  watched.xMalloc = watched_malloc;
  watched.xRealloc = watched_realloc;
  g_assert_cmpint (sqlite3_config (SQLITE_CONFIG_MALLOC, &watched), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_initialize (), ==, SQLITE_OK);
  self.real = sqlite3_vfs_find (NULL);
  self.vfs = *self.real;
  self.vfs.zName = "fault";
  self.vfs.szOsFile = (int) sizeof (File) + self.real->szOsFile;
  self.vfs.xOpen = vfs_open;
  self.vfs.xDelete = vfs_delete;
  self.vfs.xAccess = vfs_access;
  self.vfs.xFullPathname = vfs_full_pathname;
  self.disks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, disk_free);
  g_assert_cmpint (sqlite3_vfs_register (&self.vfs, 1), ==, SQLITE_OK);
}

void
fault_vfs_arm (Fault fault, guint64 at)
{
  self.fault = fault;
  self.at = at;
  self.count = 0;
  self.struck = FALSE;
}

gboolean
fault_vfs_struck (void)
{
  return self.struck;
}

void
fault_vfs_watch (FaultMoment moment, gpointer user_data)
{
  self.moment = moment;
  self.user_data = user_data;
}

void
fault_vfs_forget (void)
{
  self.moment = NULL;
  g_hash_table_remove_all (self.disks);
}

/* Sector by sector, each as it happens to have got there. */
static void
apply_some (GByteArray *bytes, const Change *change, SmbRng *rng)
{
  gsize n;
  const guint8 *data;

  if (change->bytes == NULL) {
    if (smb_rng_below (rng, 2) == 0)
      resize (bytes, change->offset);
    return;
  }
  data = g_bytes_get_data (change->bytes, &n);
  for (gsize at = 0; at < n; at += SECTOR_BYTES) {
    if (smb_rng_below (rng, 2) == 0)
      apply (bytes, change->offset + at, data + at, MIN (SECTOR_BYTES, n - at));
  }
}

static gboolean
lies_in (gpointer path, gpointer disk, gpointer folder)
{
  return g_str_has_prefix (path, folder);
}

void
fault_vfs_leave_disk (const char *folder, guint64 seed)
{
  GHashTableIter iter;
  gpointer path, value;
  SmbRng rng;

  smb_rng_init (&rng, seed, 1);
  g_hash_table_foreach_remove (self.disks, lies_in, (gpointer) folder); /* what was left the time before */
  g_hash_table_iter_init (&iter, self.disks);
  while (g_hash_table_iter_next (&iter, &path, &value)) {
    const Disk *disk = value;
    g_autoptr (GByteArray) bytes = g_byte_array_new ();
    g_autoptr (GPtrArray) order = g_ptr_array_new ();
    g_autofree char *name = g_path_get_basename (path), *copy = g_build_filename (folder, name, NULL);

    g_byte_array_append (bytes, disk->durable->data, disk->durable->len);
    for (guint i = 0; i < disk->pending->len; i++)
      g_ptr_array_insert (order, (gint) smb_rng_below (&rng, i + 1), g_ptr_array_index (disk->pending, i));
    for (guint i = 0; i < order->len; i++)
      apply_some (bytes, g_ptr_array_index (order, i), &rng);
    g_assert_true (g_file_set_contents (copy, (const char *) bytes->data, bytes->len, NULL));
  }
}
