/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-format.h"

G_BEGIN_DECLS

/* Lines of name and value, values selectable and aligned: how the inspector states facts. */
#define SMB_TYPE_FACTS (smb_facts_get_type ())
G_DECLARE_FINAL_TYPE (SmbFacts, smb_facts, SMB, FACTS, GtkWidget)

void smb_facts_clear (SmbFacts *self);
/* value NULL: a dash. full: in the tooltip (a whole hash, a path); may be NULL. */
void smb_facts_add (SmbFacts *self, const char *name, const char *value, const char *full);
/* The value as icon and word. */
void smb_facts_add_state (SmbFacts *self, const char *name, SmbState state, const char *full);
/* The settings of an analysis, of a picture or a video, a line each. json: as the case keeps them; NULL: a dash. */
void smb_facts_add_settings (SmbFacts *self, const char *json);

G_END_DECLS
