/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model/smb-net-config.h"

G_BEGIN_DECLS

/* The shape of a network to be trained from nothing. size: "small", "base", "large", "huge" as published (arXiv
 * 2412.12032 and 2510.10663), or "tiny", made for a processor: 192 channels, 12 blocks, small decoders. json: an object
 * of what is to be otherwise, with the keys of smb_net_config_to_json; may be NULL. ARGUMENT names what makes no sense.
 */
gboolean smb_net_size_get (SmbNetConfig *config, const char *size, const char *json, GError **error);

G_END_DECLS
