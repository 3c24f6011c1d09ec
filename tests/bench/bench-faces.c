/* SPDX-License-Identifier: Apache-2.0 */
/* bench-faces WIDTH HEIGHT THREADS [dlib|program]: the search for faces in a picture of noise, doubled once; "dlib": by
 * dlib's own code instead of ours; "program": as an analysis does it, the picture brought to its longest side first. */
#include "bench-loop.h"

#include "analysis/smb-analysis.h"
#include "face/smb-face-dlib.h"
#include "face/smb-face.h"

#include <stdlib.h>

typedef struct {
  SmbDlibDetector *detector;
  guint8 *rgb;
  int width, height, threads;
  gboolean plain;
  SmbFaceDetector *program;
  SmbImage *image;
} Job;

static void
once_as_program (gpointer data)
{
  Job *job = data;
  const SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) faces = smb_face_detect (job->program, job->image, settings.detect_max_side_px,
                                              settings.detect_upsample, &error);

  if (faces == NULL)
    g_error ("bench-faces: %s", error->message);
}

static void
once (gpointer data)
{
  Job *job = data;
  char message[SMB_DLIB_MESSAGE_BYTES] = "";
  SmbDlibFace *faces = NULL;
  size_t n_faces = 0;
  SmbDlibStatus status = job->plain ? smb_dlib_detect_plain (job->detector, job->rgb, job->width, job->height, 1,
                                                             &faces, &n_faces, message)
                                    : smb_dlib_detect (job->detector, job->rgb, job->width, job->height, 1,
                                                       job->threads, &faces, &n_faces, message);

  if (status != SMB_DLIB_OK)
    g_error ("bench-faces: %s", message);
  free (faces);
}

int
main (int argc, char **argv)
{
  char message[SMB_DLIB_MESSAGE_BYTES] = "";
  g_autofree float *noise = NULL;
  Job job = { 0 };

  if (argc < 4 || smb_dlib_detector_new (&job.detector, message) != SMB_DLIB_OK)
    g_error ("bench-faces WIDTH HEIGHT THREADS [dlib|program]: %s", message);
  job.width = CLAMP (atoi (argv[1]), 1, 10000);
  job.height = CLAMP (atoi (argv[2]), 1, 10000);
  job.threads = atoi (argv[3]);
  job.plain = argc > 4 && g_str_equal (argv[4], "dlib");
  job.rgb = g_malloc ((gsize) job.width * (gsize) job.height * 3);
  noise = g_new (float, job.width * job.height * 3);
  bench_noise (noise, (gsize) (job.width * job.height * 3), 7);
  for (int i = 0; i < job.width * job.height * 3; i++)
    job.rgb[i] = (guint8) ((i / 900) % 160 + (int) (40 * (noise[i] + 1.0f)));
  if (argc > 4 && !job.plain) {
    g_autoptr (GBytes) bytes = g_bytes_new_static (job.rgb, (gsize) job.width * (gsize) job.height * 3);
    g_autoptr (GError) error = NULL;

    job.image = smb_image_new (job.width, job.height, bytes);
    job.program = smb_face_detector_new (job.threads, &error);
    if (job.program == NULL)
      g_error ("bench-faces: %s", error->message);
  }
  bench_loop (job.program != NULL ? once_as_program : once, &job);
  return 0;
}
