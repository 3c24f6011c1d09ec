/* SPDX-License-Identifier: Apache-2.0 */
/* Words for maps, masks and regions. */
#include "smb-format.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>

const char *
smb_format_map_title (SmbMapKind kind)
{
  static const char *const titles[SMB_N_MAP_KINDS] = {
    [SMB_MAP_ATTENTION] = N_("Attention"),
    [SMB_MAP_ROLLOUT] = N_("Rollout"),
    [SMB_MAP_MASKED_INPUT] = N_("Masked input"),
    [SMB_MAP_RECONSTRUCTION] = N_("Reconstruction"),
    [SMB_MAP_ERROR] = N_("Error"),
    [SMB_MAP_RELEVANCE] = N_("Relevance"),
    [SMB_MAP_OCCLUSION] = N_("Occlusion"),
    [SMB_MAP_SIGNED_ERROR] = N_("Signed error"),
    [SMB_MAP_ABSOLUTE_ERROR] = N_("Absolute error"),
    [SMB_MAP_SSIM] = N_("Structure (SSIM)"),
    [SMB_MAP_COVERAGE] = N_("Coverage"),
    [SMB_MAP_REGIONS] = N_("Regions"),
  };

  return _(titles[kind]);
}

const char *
smb_format_map_explanation (SmbMapKind kind)
{
  static const char *const words[SMB_N_MAP_KINDS] = {
    [SMB_MAP_ATTENTION] = N_("How strongly one layer of the network looks at each patch. A single head shows one habit, "
                             "the mean what the layer has in common."),
    [SMB_MAP_ROLLOUT] = N_("Attention followed through all layers: which patches the answer draws on. It shows where "
                           "the model looks, not why it decides."),
    [SMB_MAP_MASKED_INPUT] = N_("What the reconstruction was given: the rest of the face was hidden. Another seed hides "
                                "other patches."),
    [SMB_MAP_RECONSTRUCTION] = N_("What the network expects in the hidden patches from those it saw. Elsewhere stands "
                                  "the picture itself, or what the network would have put there."),
    [SMB_MAP_ERROR] = N_("How far the expectation missed, patch by patch. Only hidden patches have a value."),
    [SMB_MAP_RELEVANCE] = N_("Attention weighted by its effect on one class: which patches speak for it. Compare places "
                             "within one map, not numbers of two maps."),
    [SMB_MAP_OCCLUSION] = N_("How much the probability of one class falls when a square of the face is hidden. Below "
                             "zero: hiding the place makes the class more likely."),
    [SMB_MAP_SIGNED_ERROR] = N_("Reconstruction minus picture: orange is brighter than the picture, blue is darker. Only "
                                "hidden patches have a value."),
    [SMB_MAP_ABSOLUTE_ERROR] = N_("The distance between reconstruction and picture, pixel by pixel, in steps of 255. "
                                  "Only hidden patches have a value."),
    [SMB_MAP_SSIM] = N_("How much structure differs as the eye sees it: 0 alike, 1 opposite. Only hidden patches have a "
                        "value."),
    [SMB_MAP_COVERAGE] = N_("Error of each patch over many masks, until every patch was hidden often enough. Low is what "
                            "the rest of the face explains, high what it does not."),
    [SMB_MAP_REGIONS] = N_("Which part of the face each pixel belongs to. Masks and region scores rest on it; it can be "
                           "corrected on the Regions page."),
  };

  return _(words[kind]);
}

static char *
format_query (const SmbMapSpec *spec, const char *what)
{
  if (spec->query < 0)
    return g_strdup (what);
  if (spec->query == 0)
    return g_strdup_printf (_("%s, seen from the class token"), what);
  return g_strdup_printf (_("%s, seen from patch %d"), what, spec->query);
}

static char *
format_attention (const SmbMapSpec *spec)
{
  g_autofree char *layer = spec->layer < 0 ? g_strdup (_("last layer")) : g_strdup_printf (_("layer %d"), spec->layer + 1);
  g_autofree char *what = spec->head < 0 ? g_strdup_printf (_("%s, mean of heads"), layer)
                                         : g_strdup_printf (_("%s, head %d"), layer, spec->head + 1);

  return format_query (spec, what);
}

static int
count_patches (const SmbMapSpec *spec)
{
  int n = 0;

  for (int i = 0; i < SMB_MAP_MAX_PATCHES; i++)
    n += smb_map_spec_has_patch (spec, i) ? 1 : 0;
  return n;
}

static char *
format_mask (const SmbMapSpec *spec)
{
  if (spec->strategy == SMB_MASK_PATCHES) {
    int n = count_patches (spec);

    return g_strdup_printf (ngettext ("%d patch by hand", "%d patches by hand", (gulong) n), n);
  }
  if (spec->strategy == SMB_MASK_RANDOM)
    return g_strdup_printf (_("%.0f %% hidden, seed %" PRIu64), spec->ratio * 100.0, spec->seed);
  if ((spec->strategy == SMB_MASK_CRFR_P || spec->strategy == SMB_MASK_CRFR_R) && spec->region != SMB_REGION_RANDOM)
    return g_strdup_printf (_("%s, %s, %.0f %% hidden, seed %" PRIu64), smb_format_strategy (spec->strategy),
                            smb_region_title (spec->region), spec->ratio * 100.0, spec->seed);
  return g_strdup_printf (_("%s, %.0f %% hidden, seed %" PRIu64), smb_format_strategy (spec->strategy),
                          spec->ratio * 100.0, spec->seed);
}

char *
smb_format_map_subtitle (const SmbMapSpec *spec, const char *class_name)
{
  g_autofree char *what = NULL;

  switch (spec->kind) {
    case SMB_MAP_ATTENTION:
      return format_attention (spec);
    case SMB_MAP_ROLLOUT:
      return format_query (spec, _("all layers"));
    case SMB_MAP_RELEVANCE:
      return format_query (spec, class_name != NULL ? class_name : _("most probable class"));
    case SMB_MAP_OCCLUSION:
      return g_strdup_printf (_("%s, square of %d px"), class_name != NULL ? class_name : _("most probable class"),
                              spec->window_px);
    case SMB_MAP_COVERAGE:
      what = format_mask (spec);
      return g_strdup_printf (ngettext ("each patch hidden %d time or more; %s", "each patch hidden %d times or more; %s",
                                        (gulong) spec->times),
                              spec->times, what);
    case SMB_MAP_REGIONS:
      return g_strdup (_("classes of the face"));
    case SMB_MAP_MASKED_INPUT:
    case SMB_MAP_RECONSTRUCTION:
    case SMB_MAP_ERROR:
    case SMB_MAP_SIGNED_ERROR:
    case SMB_MAP_ABSOLUTE_ERROR:
    case SMB_MAP_SSIM:
    case SMB_N_MAP_KINDS:
    default:
      return format_mask (spec);
  }
}

const char *
smb_format_strategy (SmbMaskStrategy strategy)
{
  switch (strategy) {
    case SMB_MASK_FASKING_I:
      return _("Fasking-I");
    case SMB_MASK_FRP:
      return _("FRP");
    case SMB_MASK_CRFR_R:
      return _("CRFR-R");
    case SMB_MASK_CRFR_P:
      return _("CRFR-P");
    case SMB_MASK_PATCHES:
      return _("By hand");
    case SMB_MASK_RANDOM:
    default:
      return _("Random");
  }
}

const char *
smb_format_colours (SmbColours colours)
{
  switch (colours) {
    case SMB_COLOURS_VIRIDIS:
      return _("Viridis");
    case SMB_COLOURS_CIVIDIS:
      return _("Cividis");
    case SMB_COLOURS_MAGMA:
      return _("Magma");
    case SMB_COLOURS_GREY:
      return _("Grey");
    case SMB_COLOURS_DIVERGING:
    default:
      return _("Diverging");
  }
}

char *
smb_format_value (double value)
{
  if (fabs (value) >= 99.5)
    return g_strdup_printf ("%.0f", value);
  if (fabs (value) >= 9.95)
    return g_strdup_printf ("%.1f", value);
  if (fabs (value) >= 0.0995 || value == 0.0)
    return g_strdup_printf ("%.2f", value);
  if (fabs (value) >= 0.000995)
    return g_strdup_printf ("%.4f", value);
  return g_strdup_printf ("%.1e", value);
}
