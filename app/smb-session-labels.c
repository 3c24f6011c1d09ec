/* SPDX-License-Identifier: Apache-2.0 */
/* What the examiner says that exhibits and faces are. */
#include "smb-session-private.h"

#include "examine/smb-examine-labels.h"

/* One label to be set. */
typedef struct {
  SmbEvidence *evidence;
  SmbCaseLabel *label;
} Order;

/* Orders to carry out, in turn; then all labels of the case are read again. */
typedef struct {
  GPtrArray *orders;   /* Order* */
  GPtrArray *problems; /* sentences: those that could not be */
} Request;

static void
order_free (gpointer data)
{
  Order *order = data;

  smb_evidence_free (order->evidence);
  smb_case_label_free (order->label);
  g_free (order);
}

static Request *
request_new (void)
{
  Request *request = g_new0 (Request, 1);

  request->orders = g_ptr_array_new_with_free_func (order_free);
  request->problems = g_ptr_array_new_with_free_func (g_free);
  return request;
}

static void
request_free (gpointer data)
{
  Request *request = data;

  g_ptr_array_unref (request->orders);
  g_ptr_array_unref (request->problems);
  g_free (request);
}

/* To be filled in with what is said, and of which face. */
static SmbCaseLabel *
add_order (Request *request, SmbExhibit *exhibit)
{
  Order *order = g_new0 (Order, 1);

  order->evidence = smb_evidence_copy (smb_exhibit_get_evidence (exhibit));
  order->label = g_new0 (SmbCaseLabel, 1);
  g_ptr_array_add (request->orders, order);
  return order->label;
}

static void
work_labels (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;
  GPtrArray *labels;

  for (guint i = 0; i < request->orders->len; i++) {
    Order *order = request->orders->pdata[i];
    g_autoptr (GError) problem = NULL;

    if (!smb_examine_set_label (store, order->evidence, order->label, &problem))
      g_ptr_array_add (request->problems, g_strdup (problem->message));
  }
  labels = smb_case_list_labels (store, 0, &error);
  if (labels != NULL)
    g_task_return_pointer (task, labels, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

/* Each exhibit gets its own of all labels of the case, which come in the exhibits' order. */
static void
hand_out (SmbSession *self, GPtrArray *labels)
{
  g_autoptr (GHashTable) by_exhibit
      = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->exhibits));

  g_ptr_array_set_free_func (labels, NULL);
  for (guint i = 0; i < labels->len; i++) {
    SmbCaseLabel *label = labels->pdata[i];
    GPtrArray *own = g_hash_table_lookup (by_exhibit, &label->evidence_id);

    if (own == NULL) {
      own = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_label_free);
      g_hash_table_insert (by_exhibit, &label->evidence_id, own);
    }
    g_ptr_array_add (own, label);
  }
  for (guint i = 0; i < n; i++) {
    g_autoptr (SmbExhibit) exhibit = g_list_model_get_item (G_LIST_MODEL (self->exhibits), i);

    smb_exhibit_set_labels (exhibit,
                            g_hash_table_lookup (by_exhibit, &smb_exhibit_get_evidence (exhibit)->id));
  }
}

static void
on_labels (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  const Request *request = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) labels = g_task_propagate_pointer (G_TASK (result), &error);

  for (guint i = 0; i < request->problems->len; i++)
    smb_session_message (self, SMB_MESSAGE_ERROR, request->problems->pdata[i], NULL);
  if (labels == NULL) {
    smb_session_message_error (self, error);
    return;
  }
  hand_out (self, labels);
  if (request->orders->len > 0)
    smb_session_refresh_log (self);
  smb_session_emit (self, SMB_SESSION_LABELS_CHANGED);
}

static void
push (SmbSession *self, Request *request)
{
  smb_session_push (self, SMB_WORK_URGENT, NULL, work_labels, on_labels, request, request_free);
}

void
smb_session_load_labels (SmbSession *self)
{
  push (self, request_new ());
}

void
smb_session_set_labels (SmbSession *self, GPtrArray *exhibits, int face, const char *class, const char *identity)
{
  Request *request = request_new ();

  for (guint i = 0; i < exhibits->len; i++) {
    SmbCaseLabel *label = add_order (request, exhibits->pdata[i]);

    label->face = face >= 0 ? g_strdup_printf ("F%d", face + 1) : NULL; /* as the case numbers them */
    label->class = g_strdup (class);
    label->identity = g_strdup (identity);
  }
  push (self, request);
}

void
smb_session_clear_labels (SmbSession *self, GPtrArray *exhibits)
{
  Request *request = request_new ();

  for (guint i = 0; i < exhibits->len; i++) {
    GPtrArray *labels = smb_exhibit_get_labels (exhibits->pdata[i]);

    for (guint k = 0; labels != NULL && k < labels->len; k++)
      add_order (request, exhibits->pdata[i])->face_id = ((SmbCaseLabel *) labels->pdata[k])->face_id;
  }
  push (self, request);
}
