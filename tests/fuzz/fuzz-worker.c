/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker that has been taken over may send: frames over the socket with answers of every kind in them, and memory
 * with planes in it. */
#include "fuzz.h"

#include "analysis/smb-frame-faces.h"
#include "analysis/smb-region-report.h"
#include "worker/smb-map-message.h"
#include "worker/smb-message.h"
#include "worker/smb-metadata-message.h"
#include "worker/smb-model-message.h"
#include "worker/smb-plane.h"

#include <sys/socket.h>
#include <unistd.h>

/* What the JSON readers say, once the reader has failed and only then. */
static void
check_reader (const SmbJsonReader *reader)
{
  g_assert_true (reader->failed == (*reader->error != NULL));
  fuzz_check_error (*reader->error);
  g_clear_error (reader->error);
}

/* Maps, with a plane of numbers and one of pixels as honest workers send them. */
static void
read_maps (SmbMessage *message)
{
  const float numbers[16] = { 0 };
  const guint8 pixels[12] = { 0 };

  smb_message_take_fd (message, smb_plane_new_fd (SMB_PLANE_F32, 4, 4, 1, numbers, NULL));
  smb_message_take_fd (message, smb_plane_new_fd (SMB_PLANE_U8, 2, 2, 3, pixels, NULL));
  for (guint i = 0; i < 3; i++) {
    g_autoptr (GError) error = NULL;
    SmbMap *map = smb_map_from_message (message, i, &error);

    g_assert_true ((map != NULL) != (error != NULL));
    fuzz_check_error (error);
    g_clear_pointer (&map, smb_map_free);
  }
}

static void
read_tables (const SmbMessage *message)
{
  g_autoptr (GError) error = NULL;
  SmbJsonReader metadata_reader = { .what = "fuzz", .where = "metadata.", .error = &error },
                region_reader = { .what = "fuzz", .where = "table.", .error = &error };
  g_autoptr (SmbMetadata) metadata = smb_metadata_from_json (
      &metadata_reader, smb_json_object (&metadata_reader, message->body, "metadata", SMB_JSON_REQUIRED), NULL);
  g_autoptr (SmbRegionReport) table = NULL;

  check_reader (&metadata_reader);
  table = smb_region_report_from_json (&region_reader,
                                       smb_json_object (&region_reader, message->body, "table", SMB_JSON_REQUIRED));
  check_reader (&region_reader);
}

static void
read_frames (const SmbMessage *message)
{
  g_autoptr (GError) frame_error = NULL, tracker_error = NULL;
  g_autoptr (SmbFrameFaces) frame
      = smb_frame_faces_from_json (json_object_get_member (message->body, "frame"), &frame_error);
  g_autoptr (SmbTracker) tracker
      = smb_tracker_from_json (json_object_get_member (message->body, "tracker"), &tracker_error);

  g_assert_true ((frame != NULL) != (frame_error != NULL));
  g_assert_true ((tracker != NULL) != (tracker_error != NULL));
  fuzz_check_error (frame_error);
  fuzz_check_error (tracker_error);
}

/* As the answer to every question that a program asks. */
static void
read_message (SmbMessage *message)
{
  g_autoptr (GError) error = NULL, failure = smb_message_to_error (message);
  g_autoptr (SmbModelInfo) model = smb_model_from_message (message->body, &error);

  g_assert_true ((model != NULL) != (error != NULL));
  fuzz_check_error (error);
  smb_message_get_int (message, "done", 0);
  smb_message_get_string (message, "what", "");
  read_maps (message);
  read_tables (message);
  read_frames (message);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  g_autoptr (GError) plane_error = NULL;
  g_autoptr (SmbPlane) plane = smb_plane_take_fd (fuzz_memory_fd (data, n_bytes), 1 << 20, &plane_error);
  g_autoptr (SmbRegions) regions = smb_regions_take_fd (fuzz_memory_fd (data, n_bytes), SMB_REGIONS_BY_HAND, NULL);
  SmbReceive outcome = SMB_RECEIVE_OK;
  int ends[2];

  g_assert_true ((plane != NULL) != (plane_error != NULL));
  fuzz_check_error (plane_error);
  if (n_bytes > 100000 || socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return 0;
  g_assert_cmpint (write (ends[1], data, n_bytes), ==, (gssize) n_bytes);
  close (ends[1]);
  while (outcome == SMB_RECEIVE_OK) {
    g_autoptr (GError) error = NULL;
    SmbMessage *message = NULL;

    outcome = smb_message_receive (ends[0], 0, NULL, &message, &error);
    fuzz_check_error (error);
    if (message != NULL)
      read_message (message);
    smb_message_free (message);
  }
  close (ends[0]);
  return 0;
}
