/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-dataset.h"

G_BEGIN_DECLS

/* Who is the same person where nobody is named: by vectors of faces that a network for recognition gave, and that come
 * with the data. The program has no such network: none with clear rights is in Debian. */

/* The numbers of a text, between spaces, commas or semicolons, in brackets or not, as a vector of length 1 (float).
 * NULL: they are no vector (nothing but numbers, finite, at least two, not all 0). Unref with g_array_unref. */
GArray *smb_embedding_parse (const char *text);

/* Whether a cosine can say that: above 0, at most 1. */
gboolean smb_embedding_is_cosine (double same_person);

/* Gives entries (SmbDatasetEntry*) whose vectors' cosine is at least same_person, or that hang together by such, one
 * text `alike`, other for each group; who is like nobody keeps "". ARGUMENT: vectors of different lengths, so of
 * different networks. */
gboolean smb_embedding_group (GPtrArray *entries, double same_person, GError **error);

G_END_DECLS
