/* SPDX-License-Identifier: Apache-2.0 */
#include "face/smb-face-dlib.h"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dlib/array2d.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/image_processing/correlation_tracker.h>
#include <dlib/image_processing/shape_predictor.h>
#include <dlib/image_transforms.h>
#include <dlib/revision.h>

namespace semblance {

/* The caller's bytes as dlib sees an image: dlib finds these functions by the argument's namespace. */
struct RgbView {
  const unsigned char *pixels;
  long rows, columns;
};

inline long
num_rows (const RgbView &view)
{
  return view.rows;
}

inline long
num_columns (const RgbView &view)
{
  return view.columns;
}

inline long
width_step (const RgbView &view)
{
  return view.columns * 3;
}

inline const void *
image_data (const RgbView &view)
{
  return view.pixels;
}

}

namespace dlib {

template <> struct image_traits<semblance::RgbView> {
  typedef rgb_pixel pixel_type;
};

template <> struct image_traits<const semblance::RgbView> {
  typedef rgb_pixel pixel_type;
};

}

/* Written by dump-detector. */
extern "C" const unsigned char smb_dlib_detector_bytes[];
extern "C" const unsigned long smb_dlib_detector_n_bytes;

struct SmbDlibDetector {
  dlib::frontal_face_detector detector;
};

struct SmbDlibPredictor {
  dlib::shape_predictor predictor;
};

static_assert (sizeof (dlib::rgb_pixel) == 3, "a pixel of the engine's pictures is three bytes");

/* Runs `body` and turns whatever it throws into a status. */
template <typename Body>
static SmbDlibStatus
guarded (char *message, Body body) noexcept
{
  try {
    body ();
    return SMB_DLIB_OK;
  } catch (const std::bad_alloc &) {
    std::snprintf (message, SMB_DLIB_MESSAGE_BYTES, "not enough memory");
    return SMB_DLIB_NO_MEMORY;
  } catch (const std::exception &e) {
    std::snprintf (message, SMB_DLIB_MESSAGE_BYTES, "%s", e.what ());
  } catch (...) {
    std::snprintf (message, SMB_DLIB_MESSAGE_BYTES, "an exception of an unknown kind");
  }
  return SMB_DLIB_FAILED;
}

SmbDlibStatus
smb_dlib_detector_new (SmbDlibDetector **detector, char message[SMB_DLIB_MESSAGE_BYTES])
{
  *detector = nullptr;
  return guarded (message, [&] {
    std::istringstream in (std::string (reinterpret_cast<const char *> (smb_dlib_detector_bytes),
                                       smb_dlib_detector_n_bytes));
    std::unique_ptr<SmbDlibDetector> fresh (new SmbDlibDetector);

    dlib::deserialize (fresh->detector, in);
    *detector = fresh.release ();
  });
}

void
smb_dlib_detector_free (SmbDlibDetector *detector)
{
  delete detector;
}

SmbDlibStatus
smb_dlib_detect (SmbDlibDetector *detector, const unsigned char *rgb, int width, int height, int upsample,
                 SmbDlibFace **faces, size_t *n_faces, char message[SMB_DLIB_MESSAGE_BYTES])
{
  *faces = nullptr;
  *n_faces = 0;
  return guarded (message, [&] {
    const semblance::RgbView view{ rgb, height, width };
    dlib::pyramid_down<2> pyramid;
    std::vector<dlib::rect_detection> found;

    if (upsample == 0) {
      detector->detector (view, found);
    } else {
      dlib::array2d<dlib::rgb_pixel> larger;

      dlib::pyramid_up (view, larger, pyramid);
      for (int i = 1; i < upsample; i++)
        dlib::pyramid_up (larger, pyramid);
      detector->detector (larger, found);
    }
    if (found.empty ())
      return;
    SmbDlibFace *out = static_cast<SmbDlibFace *> (std::calloc (found.size (), sizeof (SmbDlibFace)));
    if (out == nullptr)
      throw std::bad_alloc ();
    for (size_t i = 0; i < found.size (); i++) {
      const dlib::rectangle box = pyramid.rect_down (found[i].rect, static_cast<unsigned> (upsample));

      out[i] = SmbDlibFace{ static_cast<int> (box.left ()), static_cast<int> (box.top ()),
                            static_cast<int> (box.right ()), static_cast<int> (box.bottom ()),
                            found[i].detection_confidence };
    }
    *faces = out;
    *n_faces = found.size ();
  });
}

SmbDlibStatus
smb_dlib_predictor_new (const char *path, SmbDlibPredictor **predictor, char message[SMB_DLIB_MESSAGE_BYTES])
{
  *predictor = nullptr;
  return guarded (message, [&] {
    std::unique_ptr<SmbDlibPredictor> fresh (new SmbDlibPredictor);

    dlib::deserialize (path) >> fresh->predictor;
    if (fresh->predictor.num_parts () != SMB_DLIB_LANDMARKS)
      throw std::runtime_error ("it does not predict 68 points");
    *predictor = fresh.release ();
  });
}

void
smb_dlib_predictor_free (SmbDlibPredictor *predictor)
{
  delete predictor;
}

SmbDlibStatus
smb_dlib_landmarks (const SmbDlibPredictor *predictor, const unsigned char *rgb, int width, int height, int left,
                    int top, int right, int bottom, double points[SMB_DLIB_LANDMARKS][2],
                    char message[SMB_DLIB_MESSAGE_BYTES])
{
  return guarded (message, [&] {
    const semblance::RgbView view{ rgb, height, width };
    const dlib::full_object_detection found
      = predictor->predictor (view, dlib::rectangle (left, top, right, bottom));

    for (unsigned long i = 0; i < SMB_DLIB_LANDMARKS; i++) {
      points[i][0] = static_cast<double> (found.part (i).x ());
      points[i][1] = static_cast<double> (found.part (i).y ());
    }
  });
}

struct SmbDlibFollower {
  dlib::correlation_tracker tracker;
};

SmbDlibStatus
smb_dlib_follower_new (SmbDlibFollower **follower, const unsigned char *rgb, int width, int height, int left, int top,
                       int right, int bottom, char message[SMB_DLIB_MESSAGE_BYTES])
{
  *follower = nullptr;
  return guarded (message, [&] {
    const semblance::RgbView view{ rgb, height, width };
    std::unique_ptr<SmbDlibFollower> fresh (new SmbDlibFollower);

    fresh->tracker.start_track (view, dlib::drectangle (left, top, right, bottom));
    *follower = fresh.release ();
  });
}

SmbDlibStatus
smb_dlib_follower_update (SmbDlibFollower *follower, const unsigned char *rgb, int width, int height, double edges[4],
                          double *sure, char message[SMB_DLIB_MESSAGE_BYTES])
{
  return guarded (message, [&] {
    const semblance::RgbView view{ rgb, height, width };

    *sure = follower->tracker.update (view);
    const dlib::drectangle at = follower->tracker.get_position ();
    edges[0] = at.left ();
    edges[1] = at.top ();
    edges[2] = at.right ();
    edges[3] = at.bottom ();
  });
}

void
smb_dlib_follower_free (SmbDlibFollower *follower)
{
  delete follower;
}

const char *
smb_dlib_version (void)
{
#define SMB_TEXT_OF(x) #x
#define SMB_TEXT(x)    SMB_TEXT_OF (x)
  return SMB_TEXT (DLIB_MAJOR_VERSION) "." SMB_TEXT (DLIB_MINOR_VERSION) "." SMB_TEXT (DLIB_PATCH_VERSION);
}
