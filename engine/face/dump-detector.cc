/* SPDX-License-Identifier: Apache-2.0 */
/* dump-detector: writes dlib's frontal face detector as a C source of its bytes. dlib keeps it compressed so hard that
 * unpacking takes half a second at every start; this does it once, when the program is built. */
#include <cstdio>
#include <sstream>
#include <string>

#include <dlib/image_processing/frontal_face_detector.h>

int
main ()
{
  std::ostringstream out;

  dlib::serialize (dlib::get_frontal_face_detector (), out);
  std::printf ("const unsigned char smb_dlib_detector_bytes[] = {\n");
  for (const char byte : out.str ())
    std::printf ("%d,\n", static_cast<unsigned char> (byte));
  std::printf ("};\nconst unsigned long smb_dlib_detector_n_bytes = %zu;\n", out.str ().size ());
  return 0;
}
