/* SPDX-License-Identifier: Apache-2.0 */
#include "face/smb-face-dlib.h"

#include "face/smb-hog.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* A file's bytes as a stream that numbers can be taken from without a call for each byte. */
class MappedFile : public std::streambuf {
public:
  explicit MappedFile (const char *path)
  {
    const int fd = open (path, O_RDONLY | O_CLOEXEC);
    struct stat facts;

    if (fd < 0)
      throw std::runtime_error (std::strerror (errno));
    if (fstat (fd, &facts) == 0 && facts.st_size > 0) {
      bytes = static_cast<size_t> (facts.st_size);
      memory = mmap (nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    close (fd);
    if (memory == MAP_FAILED)
      throw std::runtime_error ("it cannot be read");
    madvise (memory, bytes, MADV_SEQUENTIAL);
    char *first = static_cast<char *> (memory);
    setg (first, first, first + bytes);
  }

  ~MappedFile () override
  {
    if (memory != MAP_FAILED)
      munmap (memory, bytes);
  }

  MappedFile (const MappedFile &) = delete;
  MappedFile &operator= (const MappedFile &) = delete;

  size_t
  left () const
  {
    return static_cast<size_t> (egptr () - gptr ());
  }

  /* The next number as dlib writes it: mantissa and exponent, each a byte that says sign and length, then so many
   * bytes. false: one that is not as usual, and nothing taken. */
  bool
  take (float &out)
  {
    const unsigned char *p = reinterpret_cast<const unsigned char *> (gptr ());

    if (left () < 8)
      return false;
    const unsigned n = p[0] & 0x7fu;
    if (n < 1 || n > 3)
      return false;
    int32_t mantissa = p[1];
    for (unsigned i = 1; i < n; i++)
      mantissa |= p[1 + i] << (8 * i);
    const unsigned m = p[1 + n] & 0x7fu;
    const int32_t exponent = p[1 + n] & 0x80 ? -static_cast<int32_t> (p[2 + n]) : p[2 + n];
    if (m != 1 || exponent < -100 || exponent > 100)
      return false;
    /* Exact: the mantissa has 24 bits, and nothing comes near the end of the range. */
    const uint32_t bits = static_cast<uint32_t> (127 + exponent) << 23;
    float power;
    std::memcpy (&power, &bits, sizeof power);
    out = static_cast<float> (p[0] & 0x80 ? -mantissa : mantissa) * power;
    setg (eback (), gptr () + 3 + n, egptr ());
    return true;
  }

private:
  void *memory = MAP_FAILED;
  size_t bytes = 0;
};

}

namespace dlib {

template <> struct image_traits<semblance::RgbView> {
  typedef rgb_pixel pixel_type;
};

template <> struct image_traits<const semblance::RgbView> {
  typedef rgb_pixel pixel_type;
};

}

namespace dlib {

/* What nearly all of a predictor consists of; dlib itself finds this function, as it is of its namespace. */
inline void
deserialize (matrix<float, 0, 1> &item, std::istream &in)
{
  semblance::MappedFile *mapped = dynamic_cast<semblance::MappedFile *> (in.rdbuf ());
  long rows, columns;

  deserialize (rows, in);
  deserialize (columns, in);
  rows = std::labs (rows); /* dlib's newer form is written negative */
  columns = std::labs (columns);
  if (columns != 1 || (mapped != nullptr && static_cast<size_t> (rows) > mapped->left ()))
    throw serialization_error ("a column of numbers has an impossible size");
  item.set_size (rows, 1);
  for (long r = 0; r < rows; r++)
    if (mapped == nullptr || !mapped->take (item (r)))
      deserialize (item (r), in);
}

}

/* Written by dump-detector. */
extern "C" const unsigned char smb_dlib_detector_bytes[];
extern "C" const unsigned long smb_dlib_detector_n_bytes;

struct SmbDlibDetector {
  dlib::frontal_face_detector detector;
  std::vector<std::vector<SmbHogTerm>> terms; /* of each detector, pointing into `detector` */
  std::vector<SmbHogDetector> detectors;
  SmbHogBank bank;
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

/* dlib's own filters and thresholds as the search wants them. */
static void
fill_bank (SmbDlibDetector *d)
{
  const auto &scanner = d->detector.get_scanner ();
  const unsigned long n = d->detector.num_detectors ();

  d->terms.resize (n);
  for (unsigned long i = 0; i < n; i++) {
    const auto &filters = d->detector.get_processed_w (i).get_detect_argument ();

    if (scanner.get_cell_size () != SMB_HOG_CELL || filters.filters.size () != SMB_HOG_PLANES
        || scanner.get_fhog_window_width () != SMB_HOG_TAPS || scanner.get_fhog_window_height () != SMB_HOG_TAPS)
      throw std::runtime_error ("this version's detector is of another kind");
    for (unsigned long p = 0; p < filters.row_filters.size (); p++)
      for (unsigned long j = 0; j < filters.row_filters[p].size (); j++)
        d->terms[i].push_back (
            SmbHogTerm{ static_cast<int> (p), &filters.row_filters[p][j] (0), &filters.col_filters[p][j] (0) });
    d->detectors.push_back (SmbHogDetector{ d->terms[i].data (), static_cast<int> (d->terms[i].size ()),
                                            d->detector.get_w (i) (scanner.get_num_dimensions ()) });
  }
  d->bank = SmbHogBank{ d->detectors.data (), static_cast<int> (n) };
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
    fill_bank (fresh.get ());
    *detector = fresh.release ();
  });
}

void
smb_dlib_detector_free (SmbDlibDetector *detector)
{
  delete detector;
}

/* The pictures that dlib would search: doubled, then each five sixths of the one before. */
static std::vector<SmbHogSize>
sizes_of (const SmbDlibDetector *d, int width, int height, int upsample)
{
  const auto &scanner = d->detector.get_scanner ();
  const dlib::pyramid_down<2> doubling;
  const dlib::pyramid_down<6> pyramid;
  std::vector<SmbHogSize> sizes{ SmbHogSize{ width, height } };

  for (int i = 0; i < upsample; i++) {
    const dlib::rectangle up
        = doubling.rect_up (dlib::rectangle (0, 0, sizes.back ().width - 1, sizes.back ().height - 1));

    sizes.push_back (SmbHogSize{ up.right () + 1, up.bottom () + 1 });
  }
  dlib::rectangle rest (0, 0, sizes.back ().width - 1, sizes.back ().height - 1);
  for (unsigned long level = 1;; level++) {
    rest = pyramid.rect_down (rest);
    if (rest.width () < scanner.get_min_pyramid_layer_width ()
        || rest.height () < scanner.get_min_pyramid_layer_height () || level >= scanner.get_max_pyramid_levels ())
      return sizes;
    sizes.push_back (SmbHogSize{ 5 * sizes.back ().width / 6, 5 * sizes.back ().height / 6 });
  }
}

/* What dlib makes of the hits: boxes in the doubled picture; of those that overlap the surest remains. */
static std::vector<dlib::rect_detection>
choose (const SmbDlibDetector *d, const SmbHogHit *hits, size_t n_hits)
{
  const auto &scanner = d->detector.get_scanner ();
  const unsigned long box = SMB_HOG_TAPS - 2 * scanner.get_padding ();
  const dlib::pyramid_down<6> pyramid;
  std::vector<dlib::rect_detection> all, best;

  for (size_t first = 0, end; first < n_hits; first = end) {
    std::vector<std::pair<double, dlib::rectangle>> found;

    for (end = first; end < n_hits && hits[end].detector == hits[first].detector; end++) {
      const dlib::rectangle cells = dlib::centered_rect (dlib::point (hits[end].column, hits[end].row), box, box);
      const dlib::rectangle rect
          = scanner.get_feature_extractor ().feats_to_image (cells, SMB_HOG_CELL, SMB_HOG_TAPS, SMB_HOG_TAPS);

      found.push_back ({ hits[end].says, pyramid.rect_up (rect, static_cast<unsigned> (hits[end].level)) });
    }
    std::sort (found.rbegin (), found.rend (), dlib::impl::compare_pair_rect);
    for (const auto &one : found) {
      dlib::rect_detection detection;

      detection.detection_confidence = one.first - d->detectors[hits[first].detector].threshold;
      detection.weight_index = hits[first].detector;
      detection.rect = one.second;
      all.push_back (detection);
    }
  }
  std::sort (all.rbegin (), all.rend ());
  for (const auto &one : all) {
    bool covered = false;

    for (const auto &other : best)
      covered = covered || d->detector.get_overlap_tester () (other.rect, one.rect);
    if (!covered)
      best.push_back (one);
  }
  return best;
}

/* *faces of what was found in the doubled picture. */
static void
give_faces (const std::vector<dlib::rect_detection> &found, int upsample, SmbDlibFace **faces, size_t *n_faces)
{
  const dlib::pyramid_down<2> doubling;

  if (found.empty ())
    return;
  SmbDlibFace *out = static_cast<SmbDlibFace *> (std::calloc (found.size (), sizeof (SmbDlibFace)));
  if (out == nullptr)
    throw std::bad_alloc ();
  for (size_t i = 0; i < found.size (); i++) {
    const dlib::rectangle box = doubling.rect_down (found[i].rect, static_cast<unsigned> (upsample));

    out[i]
        = SmbDlibFace{ static_cast<int> (box.left ()), static_cast<int> (box.top ()), static_cast<int> (box.right ()),
                       static_cast<int> (box.bottom ()), found[i].detection_confidence };
  }
  *faces = out;
  *n_faces = found.size ();
}

SmbDlibStatus
smb_dlib_detect (SmbDlibDetector *detector, const unsigned char *rgb, int width, int height, int upsample, int threads,
                 SmbDlibFace **faces, size_t *n_faces, char message[SMB_DLIB_MESSAGE_BYTES])
{
  SmbHogHit *hits = nullptr;
  size_t n_hits = 0;
  SmbDlibStatus status;

  *faces = nullptr;
  *n_faces = 0;
  status = guarded (message, [&] {
    const std::vector<SmbHogSize> sizes = sizes_of (detector, width, height, upsample);
    const SmbHogPlan plan{ sizes.data (), static_cast<int> (sizes.size ()), upsample };

    if (smb_hog_search (&detector->bank, &plan, rgb, threads, &hits, &n_hits) != 0)
      throw std::bad_alloc ();
    give_faces (choose (detector, hits, n_hits), upsample, faces, n_faces);
  });
  std::free (hits);
  return status;
}

SmbDlibStatus
smb_dlib_detect_plain (SmbDlibDetector *detector, const unsigned char *rgb, int width, int height, int upsample,
                       SmbDlibFace **faces, size_t *n_faces, char message[SMB_DLIB_MESSAGE_BYTES])
{
  *faces = nullptr;
  *n_faces = 0;
  return guarded (message, [&] {
    const semblance::RgbView view{ rgb, height, width };
    const dlib::pyramid_down<2> doubling;
    std::vector<dlib::rect_detection> found;

    if (upsample == 0) {
      detector->detector (view, found);
    } else {
      dlib::array2d<dlib::rgb_pixel> larger;

      dlib::pyramid_up (view, larger, doubling);
      for (int i = 1; i < upsample; i++)
        dlib::pyramid_up (larger, doubling);
      detector->detector (larger, found);
    }
    give_faces (found, upsample, faces, n_faces);
  });
}

SmbDlibStatus
smb_dlib_predictor_new (const char *path, SmbDlibPredictor **predictor, char message[SMB_DLIB_MESSAGE_BYTES])
{
  *predictor = nullptr;
  return guarded (message, [&] {
    std::unique_ptr<SmbDlibPredictor> fresh (new SmbDlibPredictor);
    semblance::MappedFile file (path);
    std::istream in (&file);

    dlib::deserialize (fresh->predictor, in);
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
