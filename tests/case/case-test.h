/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A new folder with a new case in it, and shorthands, for the tests of this folder. */

#include "base/smb-error.h"
#include "case/smb-case-private.h"

typedef struct {
  char *folder;
  char *path;
  SmbCase *store;
} Fixture;

void fixture_set_up (Fixture *fixture, gconstpointer data);
void fixture_tear_down (Fixture *fixture, gconstpointer data);

/* Adds /evidence/NAME whose hash is that of its name; returns the record's id. */
gint64 add_exhibit (SmbCase *store, const char *name);

/* Runs SQL on the file with plain SQLite, as someone with the sqlite3 program could. */
void tamper (const char *path, const char *sql);

/* Asserts an error of the engine with this code, whose sentence contains `part` and the file's name. */
void assert_refused (GError *error, SmbError code, const char *part);
