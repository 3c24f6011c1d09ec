/* SPDX-License-Identifier: Apache-2.0 */
/* dump-detector: writes dlib's frontal face detector as the bytes of a C array. dlib keeps it compressed so hard that
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
  for (const char byte : out.str ())
    std::printf ("%d,\n", static_cast<unsigned char> (byte));
  return 0;
}
