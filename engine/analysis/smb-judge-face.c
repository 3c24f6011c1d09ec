/* SPDX-License-Identifier: Apache-2.0 */
/* What the maps of one face share: its crop, its regions, and runs of the networks on it. */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "analysis/smb-judge-private.h"
#include "base/smb-error.h"

/* Masks or pictures in one pass of a network: more gain little and cost memory. */
#define INPUTS_A_PASS 8
/* FSFM's crop is so much larger than the detector's box. */
/* A crop found again overlaps the one given by this much. */
#define SAME_FACE_IOU 0.7

void
smb_judge_face_clear (SmbJudgeFace *face)
{
  g_clear_pointer (&face->mim_rgb, g_free);
  g_clear_pointer (&face->regions, smb_regions_free);
  g_clear_pointer (&face->member, g_free);
}

void
smb_judge_report (const SmbJudgeFace *face, guint64 done, guint64 total, const char *what)
{
  if (face->job->progress != NULL)
    face->job->progress (done, total, what, face->job->user_data);
}

const SmbNetConfig *
smb_judge_need_detector (SmbJudge *judge, GError **error)
{
  if (judge->detector.weights == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED,
                 _ ("The model “%s” has no detector, so there is no attention to show; choose reconstruction maps or "
                    "another model."),
                 judge->name);
    return NULL;
  }
  return &judge->detector.config;
}

const SmbNetConfig *
smb_judge_need_mim (SmbJudge *judge, GError **error)
{
  if (judge->mim.weights != NULL)
    return &judge->mim.config;
  g_set_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED,
               _ ("The model “%s” has no reconstruction network; choose attention maps or another model."),
               judge->name);
  return NULL;
}

SmbTensorDict *
smb_judge_inputs (const guint8 *rgb, int size_px, const double mean[3], const double std[3])
{
  const gint64 shape[] = { 1, 3, size_px, size_px };
  g_autoptr (SmbTensor) images = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
  SmbTensorDict *inputs = smb_tensor_dict_new ();

  smb_face_normalise (images->data, rgb, size_px, mean, std);
  smb_tensor_dict_set (inputs, "in.images", images);
  return inputs;
}

SmbMapArea
smb_judge_face_get_area (const SmbJudgeFace *face, gboolean of_detector)
{
  const SmbBox box = face->job->box;
  const SmbImage *image = face->image;
  int x0 = MAX (box.x, 0), y0 = MAX (box.y, 0);
  SmbBox clipped = { x0, y0, (int) MIN ((gint64) box.x + box.width, image->width) - x0,
                     (int) MIN ((gint64) box.y + box.height, image->height) - y0 };
  double area[4] = { clipped.x, clipped.y, clipped.width, clipped.height };

  if (of_detector && face->judge->transform == SMB_FACE_RESIZE_CENTRE_CROP)
    smb_face_centre_area (clipped, face->judge->detector.config.image_px, area);
  return (SmbMapArea){ area[0], area[1], area[2], area[3] };
}

const guint8 *
smb_judge_face_get_mim_rgb (SmbJudgeFace *face, GError **error)
{
  const SmbNetConfig *config = smb_judge_need_mim (face->judge, error);

  /* Pretraining resizes the whole box, whatever the detector does. */
  if (config != NULL && face->mim_rgb == NULL)
    face->mim_rgb = smb_judge_crop (face->image, face->job->box, SMB_FACE_RESIZE, config, error);
  return config != NULL ? face->mim_rgb : NULL;
}

/* What comes of looking for the predictor; `path` NULL: Debian's. */
typedef struct {
  char *path;
  SmbLandmarker *found;
  GError *error;
} Seek;

static void
seek_free (Seek *seek)
{
  g_free (seek->path);
  smb_landmarker_free (seek->found);
  g_clear_error (&seek->error);
  g_free (seek);
}

static gpointer
seek (gpointer data)
{
  Seek *seek = data;

  seek->found = smb_landmarker_new (seek->path, &seek->error);
  return seek;
}

void
smb_judge_seek_landmarks (SmbJudge *judge)
{
  const char *file;
  Seek *fresh;

  if (judge->landmarker_sought || judge->landmarker_seeker != NULL
      || !smb_landmarks_are_wanted (judge->landmarks_path, &file))
    return;
  fresh = g_new0 (Seek, 1);
  fresh->path = g_strdup (file);
  judge->landmarker_seeker = g_thread_new ("landmarks", seek, fresh);
}

void
smb_judge_forget_landmarks (SmbJudge *judge)
{
  if (judge->landmarker_seeker != NULL)
    seek_free (g_thread_join (g_steal_pointer (&judge->landmarker_seeker)));
  g_clear_pointer (&judge->landmarker, smb_landmarker_free);
  judge->landmarker_sought = FALSE;
}

void
smb_judge_set_landmarks (SmbJudge *judge, const char *path)
{
  smb_judge_forget_landmarks (judge);
  g_free (judge->landmarks_path);
  judge->landmarks_path = g_strdup (path);
}

/* That Debian's predictor is not installed is no error. */
static gboolean
ensure_landmarker (SmbJudge *judge, GError **error)
{
  Seek *done;

  smb_judge_seek_landmarks (judge);
  if (judge->landmarker_seeker == NULL)
    return TRUE;
  done = g_thread_join (g_steal_pointer (&judge->landmarker_seeker));
  judge->landmarker = g_steal_pointer (&done->found);
  judge->landmarker_sought = done->error == NULL
                             || (done->path == NULL && g_error_matches (done->error, SMB_ERROR, SMB_ERROR_NOT_FOUND));
  if (!judge->landmarker_sought)
    g_propagate_error (error, g_steal_pointer (&done->error));
  seek_free (done);
  return judge->landmarker_sought;
}

gboolean
smb_judge_get_landmark_file (SmbJudge *judge, const char **path_out, const char **sha256_out, GError **error)
{
  *path_out = *sha256_out = NULL;
  if (!ensure_landmarker (judge, error))
    return FALSE;
  if (judge->landmarker == NULL)
    return TRUE;
  *sha256_out = smb_landmarker_get_sha256 (judge->landmarker, error);
  *path_out = smb_landmarker_get_path (judge->landmarker);
  return *sha256_out != NULL;
}

gboolean
smb_judge_find_landmarks (SmbJudge *judge, const SmbImage *image, SmbBox detected, SmbLandmarks *out, GError **error)
{
  if (!ensure_landmarker (judge, error))
    return FALSE;
  if (judge->landmarker != NULL)
    return smb_landmarker_find (judge->landmarker, image, detected, out, error);
  smb_landmarks_from_template (detected, out);
  return TRUE;
}

/* Away from the picture's edges the crop rule turned round tells; at an edge, where the crop was clipped, the search is
 * made again. */
gboolean
smb_judge_face_get_detected (SmbJudgeFace *face, SmbBox *out, GError **error)
{
  const SmbBox box = face->job->box;
  const SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (GArray) faces = NULL;
  double best = SAME_FACE_IOU;

  *out = smb_face_uncrop_box (box);
  if (box.x > 0 && box.y > 0 && box.x + box.width < face->image->width && box.y + box.height < face->image->height)
    return TRUE;
  faces = smb_judge_find_faces (face->judge, face->image, &settings, error);
  if (faces == NULL)
    return FALSE;
  for (guint i = 0; i < faces->len; i++) {
    const SmbFace *found = &g_array_index (faces, SmbFace, i);
    double iou = smb_box_iou (found->box, box);

    if (iou > best) {
      best = iou;
      *out = found->detected;
    }
  }
  return TRUE;
}

static SmbRegions *
draw_regions (SmbJudgeFace *face, const SmbNetConfig *config, GError **error)
{
  const SmbCropView view = { face->job->box, config->image_px, FALSE };
  g_autofree guint8 *rgb = smb_judge_crop (face->image, face->job->box, SMB_FACE_RESIZE, config, error);
  SmbLandmarks landmarks;
  SmbBox detected;

  if (rgb == NULL || !smb_judge_face_get_detected (face, &detected, error)
      || !smb_judge_find_landmarks (face->judge, face->image, detected, &landmarks, error))
    return NULL;
  return smb_regions_new_take (config->image_px, smb_region_map_draw (&landmarks, &view, rgb),
                               landmarks.coarse ? SMB_REGIONS_FROM_TEMPLATE : SMB_REGIONS_FROM_LANDMARKS);
}

const SmbRegions *
smb_judge_face_get_regions (SmbJudgeFace *face, GError **error)
{
  SmbJudge *judge = face->judge;
  const SmbNetConfig *config = judge->mim.weights != NULL ? &judge->mim.config : &judge->detector.config;

  if (face->regions == NULL && face->job->regions != NULL)
    face->regions = smb_regions_resize (face->job->regions, config->image_px);
  else if (face->regions == NULL)
    face->regions = draw_regions (face, config, error);
  return face->regions;
}

const guint8 *
smb_judge_face_get_member (SmbJudgeFace *face, GError **error)
{
  const SmbNetConfig *config = smb_judge_need_mim (face->judge, error);
  const SmbRegions *regions = config != NULL ? smb_judge_face_get_regions (face, error) : NULL;

  if (regions == NULL)
    return NULL;
  if (face->member == NULL) {
    face->member = g_new0 (guint8, SMB_N_REGIONS * smb_net_config_get_patches (config));
    smb_region_membership (face->member, regions->classes, config->image_px, config->patch_px);
  }
  return face->member;
}

static int
count_hidden (const guint8 *mask, int n_patches)
{
  int hidden = 0;

  for (int i = 0; i < n_patches; i++)
    hidden += mask[i] != 0;
  return hidden;
}

/* n masks that hide equally many patches, on one face. */
static SmbTensorDict *
forward_equal (SmbJudgeFace *face, const guint8 *masks, guint n, guint want, GError **error)
{
  const SmbNetConfig *config = smb_judge_need_mim (face->judge, error);
  const guint8 *rgb = smb_judge_face_get_mim_rgb (face, error);
  const int n_patches = config != NULL ? smb_net_config_get_patches (config) : 0;
  const int size_px = config != NULL ? config->image_px : 0;
  const gint64 shape[] = { n, n_patches }, images_shape[] = { n, 3, size_px, size_px };
  g_autoptr (SmbTensorDict) inputs = NULL;
  g_autoptr (SmbTensor) hidden = NULL, ratio = NULL, images = NULL;
  SmbNet *net;
  gsize one;

  if (rgb == NULL || g_cancellable_set_error_if_cancelled (face->cancellable, error))
    return NULL;
  net = smb_judge_get_net (face->judge, &face->judge->mim, SMB_PRECISION_F32, error);
  if (net == NULL)
    return NULL;
  inputs = smb_tensor_dict_new ();
  images = smb_tensor_new (SMB_DTYPE_F32, 4, images_shape);
  one = (gsize) (images->n / n);
  smb_face_normalise (images->data, rgb, config->image_px, face->judge->mim_mean, face->judge->mim_std);
  for (guint i = 1; i < n; i++)
    memcpy ((float *) images->data + i * one, images->data, one * sizeof (float));
  hidden = smb_tensor_new (SMB_DTYPE_U8, 2, shape);
  memcpy (hidden->data, masks, (gsize) n * (gsize) n_patches);
  ratio = smb_tensor_new (SMB_DTYPE_F64, 0, NULL);
  /* The network keeps floor (L (1 - ratio)) patches; half a patch more than exact lands on just what the masks leave.
   */
  *(double *) ratio->data = MAX (count_hidden (masks, n_patches) - 0.5, 0.0) / n_patches;
  smb_tensor_dict_set (inputs, "in.images", images);
  smb_tensor_dict_set (inputs, "in.mask", hidden);
  smb_tensor_dict_set (inputs, "in.mask_ratio", ratio);
  return smb_net_forward (net, NULL, inputs, want, face->cancellable, error);
}

SmbTensorDict *
smb_judge_forward_mask (SmbJudgeFace *face, const guint8 *mask, GError **error)
{
  return forward_equal (face, mask, 1, SMB_WANT_IMAGES, error);
}

gboolean
smb_judge_forward_masks (SmbJudgeFace *face, const guint8 *masks, guint n, float *patch_error, float *features,
                         GError **error)
{
  const SmbNetConfig *config = smb_judge_need_mim (face->judge, error);
  int n_patches;

  if (config == NULL)
    return FALSE;
  n_patches = smb_net_config_get_patches (config);
  for (guint done = 0, m; done < n; done += m) {
    const guint8 *first = masks + (gsize) done * (gsize) n_patches;
    g_autoptr (SmbTensorDict) outputs = NULL;
    const SmbTensor *errors, *cl;

    for (m = 1; done + m < n && m < INPUTS_A_PASS; m++)
      if (count_hidden (first + (gsize) m * (gsize) n_patches, n_patches) != count_hidden (first, n_patches))
        break;
    outputs = forward_equal (face, first, m, SMB_WANT_RESULT, error);
    if (outputs == NULL)
      return FALSE;
    errors = smb_tensor_dict_get (outputs, "out.patch_error");
    cl = smb_tensor_dict_get (outputs, "out.cl");
    memcpy (patch_error + (gsize) done * (gsize) n_patches, errors->data, smb_tensor_get_bytes (errors));
    if (features != NULL)
      memcpy (features + (gsize) done * (gsize) cl->shape[1], cl->data, smb_tensor_get_bytes (cl));
  }
  return TRUE;
}

gboolean
smb_judge_probabilities (SmbJudgeFace *face, SmbNet *net, const float *images, guint n, double *out, GError **error)
{
  const SmbNetConfig *config = smb_net_get_config (net);
  const gsize one = 3 * (gsize) config->image_px * (gsize) config->image_px, classes = (gsize) config->classes;

  for (guint done = 0, m; done < n; done += m) {
    const gint64 shape[] = { m = MIN (INPUTS_A_PASS, n - done), 3, config->image_px, config->image_px };
    g_autoptr (SmbTensor) batch = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
    g_autoptr (SmbTensorDict) inputs = smb_tensor_dict_new (), outputs = NULL;
    const SmbTensor *probabilities;

    memcpy (batch->data, images + done * one, m * one * sizeof (float));
    smb_tensor_dict_set (inputs, "in.images", batch);
    outputs = smb_net_forward (net, NULL, inputs, SMB_WANT_RESULT, face->cancellable, error);
    if (outputs == NULL)
      return FALSE;
    probabilities = smb_tensor_dict_get (outputs, "out.probabilities");
    for (gsize i = 0; i < m * classes; i++) {
      out[done * classes + i] = ((const float *) probabilities->data)[i];
      if (!isfinite (out[done * classes + i])) {
        g_set_error (
            error, SMB_ERROR, SMB_ERROR_FAILED,
            _ ("%s: the network answered with values that are not numbers; its weights are damaged: verify the "
               "model or import it again."),
            face->judge->detector.path);
        return FALSE;
      }
    }
  }
  return TRUE;
}
