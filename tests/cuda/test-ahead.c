/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads beside the operations, on a card that the processor plays, whose two streams do what they are given at once
 * or as late as they may, each in turn: nothing is taken before it has arrived, nothing is overwritten before it has been
 * taken, and nobody waits for more than that. */
#include <string.h>

#include "backend/smb-device.h"

#define PIECE ((gsize) (4 << 20) / sizeof (float)) /* of the page-locked memory */
#define LATE  "SMB_EMULATED_LATE"

static const char *const manners[] = { "", "0", "1", "01" }; /* 0: the operations' stream; 1: the uploads' */

static SmbDevice *
open_card (const char *late)
{
  GError *error = NULL;
  SmbDevice *device;

  g_setenv (LATE, late, TRUE);
  device = smb_device_open ("cuda:0", 0, &error);
  g_assert_no_error (error);
  return device;
}

static float *
take_memory (SmbDevice *device, gsize n)
{
  void *memory = NULL;

  g_assert_cmpint (device->abi->alloc (device->ctx, n * sizeof (float), &memory), ==, SMB_STATUS_OK);
  return memory;
}

static void
send (SmbDevice *device, float *values, gsize n, int seed)
{
  for (gsize i = 0; i < n; i++)
    values[i] = (float) ((i * 31 + (gsize) seed * 7) % 1009);
  g_assert_cmpint (device->abi->upload_ahead (device->ctx, values, n * sizeof *values), ==, SMB_STATUS_OK);
  memset (values, 0xff, n * sizeof *values); /* the caller's again */
}

/* Batch after batch, each sent as soon as the one before has been asked for; lengths that grow, shrink, and are no
 * multiple of a piece. */
static void
in_order (gconstpointer late)
{
  static const gsize lengths[] = { 1000, 3 * PIECE + 17, PIECE, PIECE + 1, 5, 4 * PIECE + 3 };
  const gsize most = 4 * PIECE + 3;
  g_autoptr (SmbDevice) device = open_card (late);
  const SmbBackendAbi *abi = device->abi;
  g_autofree float *host = g_new (float, most), *got = g_new (float, most);
  float *out[G_N_ELEMENTS (lengths)];

  send (device, host, lengths[0], 0);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    out[i] = take_memory (device, lengths[i]);
    g_assert_cmpint (abi->upload_take (device->ctx, out[i], lengths[i] * sizeof (float)), ==, SMB_STATUS_OK);
    g_assert_cmpint (abi->axpy (device->ctx, out[i], 1.0f, out[i], (int64_t) lengths[i]), ==, SMB_STATUS_OK);
    if (i + 1 < G_N_ELEMENTS (lengths))
      send (device, host, lengths[i + 1], (int) i + 1);
  }
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    g_assert_cmpint (abi->download (device->ctx, got, out[i], lengths[i] * sizeof (float)), ==, SMB_STATUS_OK);
    for (gsize k = 0; k < lengths[i]; k++)
      if (got[k] != 2.0f * (float) ((k * 31 + i * 7) % 1009))
        g_error ("number %zu of batch %u is %g", k, i, got[k]);
    abi->release (device->ctx, out[i]);
  }
}

/* What the card's memory holds at this moment, as no host can know: it is the host's memory, played. */
static gboolean
is_done (const float *flag)
{
  return *flag == 1.0f;
}

/* With operations that have not begun: sending waits for the last that takes something, not for those after it. */
static void
beside (void)
{
  g_autoptr (SmbDevice) device = open_card ("0");
  const SmbBackendAbi *abi = device->abi;
  const gsize n = 3 * PIECE;
  g_autofree float *host = g_new0 (float, n);
  float *flags = take_memory (device, 3), *out = take_memory (device, n);
  float got;

  g_assert_cmpint (abi->fill (device->ctx, flags, 1.0f, 1), ==, SMB_STATUS_OK);
  send (device, host, n, 1); /* makes the room: what had the memory before must have ended */
  g_assert_cmpint (abi->fill (device->ctx, flags + 1, 1.0f, 1), ==, SMB_STATUS_OK);
  send (device, host, n, 2);
  g_assert_false (is_done (flags + 1));
  g_assert_cmpint (abi->upload_take (device->ctx, out, n * sizeof (float)), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->fill (device->ctx, flags + 2, 1.0f, 1), ==, SMB_STATUS_OK);
  send (device, host, n, 3);
  g_assert_true (is_done (flags + 1));
  g_assert_false (is_done (flags + 2));
  g_assert_cmpint (abi->upload (device->ctx, out, host, n * sizeof (float)), ==, SMB_STATUS_OK);
  g_assert_true (is_done (flags + 2)); /* the plain one has two pieces of page-locked memory, and waits for them */
  g_assert_cmpint (abi->download (device->ctx, &got, flags + 2, sizeof got), ==, SMB_STATUS_OK);
  g_assert_cmpfloat (got, ==, 1.0f);
}

static float
value_at (SmbDevice *device, const float *memory)
{
  float value;

  g_assert_cmpint (device->abi->download (device->ctx, &value, memory, sizeof value), ==, SMB_STATUS_OK);
  return value;
}

/* A room that grows leaves its memory to others, with nothing on its way there any more. */
static void
leaves_room (void)
{
  g_autoptr (SmbDevice) device = open_card ("1");
  float host[2000], *old, *out = take_memory (device, 2000);

  send (device, host, 1000, 1);
  send (device, host, 2000, 2);
  old = take_memory (device, 1000);
  g_assert_cmpint (device->abi->fill (device->ctx, old, 5.0f, 1000), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->upload_take (device->ctx, out, sizeof host), ==, SMB_STATUS_OK);
  g_assert_cmpfloat (value_at (device, out + 1), ==, 45.0f);
  g_assert_cmpfloat (value_at (device, old + 1), ==, 5.0f);
  device->abi->release (device->ctx, old);
  device->abi->release (device->ctx, out);
}

/* And takes that of others once they have read it. */
static void
takes_room (void)
{
  g_autoptr (SmbDevice) device = open_card ("0");
  float host[2000], *given = take_memory (device, 2000), *copy = take_memory (device, 2000);

  g_assert_cmpint (device->abi->fill (device->ctx, given, 5.0f, 2000), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->synchronise (device->ctx), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->copy (device->ctx, copy, given, sizeof host), ==, SMB_STATUS_OK);
  device->abi->release (device->ctx, given);
  send (device, host, 2000, 1);
  g_assert_cmpfloat (value_at (device, copy + 1), ==, 5.0f);
  device->abi->release (device->ctx, copy);
}

static void
refuses (void)
{
  g_autoptr (SmbDevice) device = open_card ("");
  const SmbBackendAbi *abi = device->abi;
  float host[8] = { 0 }, *out = take_memory (device, 8);
  gsize large = 60u << 20;
  g_autofree char *much = g_malloc0 (large);
  void *most = NULL;

  g_assert_cmpint (abi->upload_take (device->ctx, out, sizeof host), ==, SMB_STATUS_FAILED);
  send (device, host, 8, 1);
  g_assert_cmpint (abi->upload_take (device->ctx, out, sizeof host - 4), ==, SMB_STATUS_FAILED);
  g_assert_nonnull (strstr (abi->context_error (device->ctx), "mistake"));
  g_assert_cmpint (abi->upload_take (device->ctx, out, sizeof host), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->upload_take (device->ctx, out, sizeof host), ==, SMB_STATUS_FAILED);
  g_assert_cmpint (abi->alloc (device->ctx, 200u << 20, &most), ==, SMB_STATUS_OK); /* of 256 MiB */
  g_assert_cmpint (abi->upload_ahead (device->ctx, much, large), ==, SMB_STATUS_NO_MEMORY);
  g_assert_cmpint (abi->upload_take (device->ctx, out, large), ==, SMB_STATUS_FAILED);
  send (device, host, 8, 2); /* goes on working */
  g_assert_cmpint (abi->upload_take (device->ctx, out, sizeof host), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->download (device->ctx, host, out, sizeof host), ==, SMB_STATUS_OK);
  g_assert_cmpfloat (host[1], ==, 45.0f);
  abi->release (device->ctx, most);
  abi->release (device->ctx, out);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("SMB_EMULATED_MIB", "256", TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (manners); i++) {
    g_autofree char *path = g_strdup_printf ("/cuda/ahead/in-order/%s", i == 0 ? "at-once" : manners[i]);

    g_test_add_data_func (path, manners[i], in_order);
  }
  g_test_add_func ("/cuda/ahead/beside", beside);
  g_test_add_func ("/cuda/ahead/leaves-room", leaves_room);
  g_test_add_func ("/cuda/ahead/takes-room", takes_room);
  g_test_add_func ("/cuda/ahead/refuses", refuses);
  return g_test_run ();
}
