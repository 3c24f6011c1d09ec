/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* dlib's frontal face detector and its 68-point predictor behind plain C: the only door between the engine and C++. No
 * exception comes through; a failure is a status and, in `message`, dlib's own words. */

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  SMB_DLIB_OK = 0,
  SMB_DLIB_NO_MEMORY,
  SMB_DLIB_FAILED,
} SmbDlibStatus;

#define SMB_DLIB_MESSAGE_BYTES 256

/* Edges are inclusive, as dlib counts: a box one pixel wide has right == left. It may lean out of the picture. */
typedef struct {
  int left, top, right, bottom;
  double score; /* margin above the detector's threshold */
} SmbDlibFace;

typedef struct SmbDlibDetector SmbDlibDetector;

SmbDlibStatus smb_dlib_detector_new (SmbDlibDetector **detector, char message[SMB_DLIB_MESSAGE_BYTES]);
void smb_dlib_detector_free (SmbDlibDetector *detector);

/* rgb (height, width, 3) is only read. The picture is doubled `upsample` times as by dlib's pyramid_up and the boxes
 * brought back, as dlib's Python call detector (rgb, upsample) does. Best first. dlib's detector, its filters and its
 * choice among hits; what takes the time is smb-hog.h, on so many threads, with the same boxes and scores. *faces comes
 * from malloc (free it), NULL when there is none. */
SmbDlibStatus smb_dlib_detect (SmbDlibDetector *detector, const unsigned char *rgb, int width, int height, int upsample,
                               int threads, SmbDlibFace **faces, size_t *n_faces, char message[SMB_DLIB_MESSAGE_BYTES]);
/* The same by dlib alone: several times as slow, what tests compare with. */
SmbDlibStatus smb_dlib_detect_plain (SmbDlibDetector *detector, const unsigned char *rgb, int width, int height,
                                     int upsample, SmbDlibFace **faces, size_t *n_faces,
                                     char message[SMB_DLIB_MESSAGE_BYTES]);

#define SMB_DLIB_LANDMARKS 68

typedef struct SmbDlibPredictor SmbDlibPredictor;

/* Reads a 68-point shape predictor (dlib's .dat), mapped: a third of the time that dlib's own stream takes. 80 MB. */
SmbDlibStatus smb_dlib_predictor_new (const char *path, SmbDlibPredictor **predictor,
                                      char message[SMB_DLIB_MESSAGE_BYTES]);
void smb_dlib_predictor_free (SmbDlibPredictor *predictor);

/* The points (x, y) of the face in a box with inclusive edges, in pixels of rgb (height, width, 3). 4 ms. */
SmbDlibStatus smb_dlib_landmarks (const SmbDlibPredictor *predictor, const unsigned char *rgb, int width, int height,
                                  int left, int top, int right, int bottom, double points[SMB_DLIB_LANDMARKS][2],
                                  char message[SMB_DLIB_MESSAGE_BYTES]);

/* dlib's correlation tracker, begun at a box with inclusive edges. */
typedef struct SmbDlibFollower SmbDlibFollower;
SmbDlibStatus smb_dlib_follower_new (SmbDlibFollower **follower, const unsigned char *rgb, int width, int height,
                                     int left, int top, int right, int bottom, char message[SMB_DLIB_MESSAGE_BYTES]);
/* Where it is in the next picture: left, top, right, bottom, and the ratio of its peak to the side lobes. */
SmbDlibStatus smb_dlib_follower_update (SmbDlibFollower *follower, const unsigned char *rgb, int width, int height,
                                        double edges[4], double *sure, char message[SMB_DLIB_MESSAGE_BYTES]);
void smb_dlib_follower_free (SmbDlibFollower *follower);

/* dlib's version, "19.24.0"; static. */
const char *smb_dlib_version (void);

#ifdef __cplusplus
}
#endif
