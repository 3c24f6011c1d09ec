/* SPDX-License-Identifier: Apache-2.0 */
/* make-untrained FOLDER: writes the model that stands in until a trained one is there. Its weights are random, drawn
 * with a fixed seed. */
#include "base/smb-hash.h"
#include "base/smb-rng.h"
#include "model/smb-net.h"
#include "weights/smb-model.h"
#include "weights/smb-weights-file.h"

#define SEED 1
#define HEAD_STREAM 0x68656164 /* "head": apart from the streams of the initialisation */
/* FSFM's own initialisation of a new head, N(0, 2e-5), would score every face one half; with this, scores and maps
 * differ from face to face, so that what shows them can be tried. */
#define HEAD_DEVIATION 0.05

/* The shape of a "tiny" ViT and of FSFM's decoders, shallower. */
static const SmbNetConfig config = {
  .image_px = 224,     .patch_px = 16,   .chans = 3,      .dim = 192,          .depth = 6,
  .heads = 3,          .mlp_ratio = 4,   .rep_depth = 1,  .rep_heads = 4,      .dec_dim = 128,
  .dec_depth = 2,      .dec_heads = 4,   .proj_hidden = 256, .proj_out = 64,   .classes = 2,
  .global_pool = TRUE, .norm_pix = TRUE, .ln_eps = 1e-6,  .mlp_head_ln_eps = 1e-5,
};

static void
draw_head (SmbTensorDict *weights)
{
  SmbTensor *head = smb_tensor_dict_get (weights, "head.weight");
  float *values = head->data;
  SmbRng rng;

  smb_rng_init (&rng, SEED, HEAD_STREAM);
  for (gint64 i = 0; i < head->n; i++)
    values[i] = (float) (HEAD_DEVIATION * smb_rng_normal (&rng));
}

/* Writes one of the two networks; gives its SHA-256. */
static char *
write_network (const char *path, SmbNetKind kind, GError **error)
{
  g_autoptr (SmbTensorDict) weights = smb_net_init_weights (&config, kind, SEED);
  g_autofree char *text = smb_net_config_to_json (&config);

  if (kind == SMB_NET_CLASSIFIER)
    draw_head (weights);
  smb_tensor_dict_set_meta (weights, "config", text);
  smb_tensor_dict_set_meta (weights, "trained", "false");
  return smb_weights_write (path, weights, error) ? smb_sha256_of_file (path, NULL, NULL, error) : NULL;
}

static gboolean
write_model (const char *folder, GError **error)
{
  g_autofree char *detector = g_build_filename (folder, "detector.safetensors", NULL);
  g_autofree char *mim = g_build_filename (folder, "mim.safetensors", NULL);
  g_autofree char *file = g_build_filename (folder, "model.json", NULL);
  g_autofree char *detector_sha256 = write_network (detector, SMB_NET_CLASSIFIER, error);
  g_autofree char *mim_sha256 = detector_sha256 != NULL ? write_network (mim, SMB_NET_ONLINE, error) : NULL;
  char *classes[] = { (char *) "genuine", (char *) "forged", NULL };
  const SmbModelInfo info = {
    .name = (char *) "untrained",
    .title = (char *) "Untrained (random weights)",
    .detector_path = detector,
    .detector_sha256 = detector_sha256,
    .mim_path = mim,
    .mim_sha256 = mim_sha256,
    .classes = classes,
    .real_class = 0,
    /* Those of FSFM's pretraining on VGGFace2: any would do. */
    .mean = { 0.5482207536697388, 0.42340534925460815, 0.3654651641845703 },
    .std = { 0.2789176106452942, 0.2438540756702423, 0.23493893444538116 },
    .mim_mean = { 0.5482207536697388, 0.42340534925460815, 0.3654651641845703 },
    .mim_std = { 0.2789176106452942, 0.2438540756702423, 0.23493893444538116 },
    .transform = SMB_FACE_RESIZE,
    .licence = (char *) "Apache-2.0",
    .provenance
    = (char *) "Random numbers drawn with a fixed seed while the program was built; nothing was ever learned. "
               "Its scores, maps and reconstructions carry no meaning and are there to try the program only.",
  };
  g_autofree char *text = NULL;

  if (mim_sha256 == NULL)
    return FALSE;
  text = smb_model_info_to_json (&info);
  return g_file_set_contents (file, text, -1, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc != 2) {
    g_printerr ("usage: make-untrained FOLDER\n");
    return 2;
  }
  if (!write_model (argv[1], &error)) {
    g_printerr ("make-untrained: %s\n", error->message);
    return 1;
  }
  return 0;
}
