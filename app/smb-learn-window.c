/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-learn-window.h"

#include "smb-banner.h"
#include "smb-jobs-page.h"
#include "smb-models-page.h"

#include <glib/gi18n.h>

struct _SmbLearnWindow {
  GtkApplicationWindow parent_instance;

  /* template widgets */
  GtkStack *stack;
  SmbBanner *messages;
  SmbJobsPage *jobs;
  SmbModelsPage *models;
};

G_DEFINE_FINAL_TYPE (SmbLearnWindow, smb_learn_window, GTK_TYPE_APPLICATION_WINDOW)

static void
on_failed (GtkWidget *page, const char *sentence, SmbLearnWindow *self)
{
  smb_banner_add_message (self->messages, SMB_MESSAGE_ERROR, sentence, NULL);
}

static void
on_said (GtkWidget *page, const char *sentence, SmbLearnWindow *self)
{
  smb_banner_add_message (self->messages, SMB_MESSAGE_OK, sentence, NULL);
}

static void
on_add_model (GtkWidget *page, const char *path, const char *title, SmbLearnWindow *self)
{
  gtk_stack_set_visible_child_name (self->stack, "models");
  smb_models_page_import (self->models, path, title);
}

static void
smb_learn_window_class_init (SmbLearnWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (SMB_TYPE_BANNER);
  g_type_ensure (SMB_TYPE_JOBS_PAGE);
  g_type_ensure (SMB_TYPE_MODELS_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-learn-window.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbLearnWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbLearnWindow, messages);
  gtk_widget_class_bind_template_child (widget_class, SmbLearnWindow, jobs);
  gtk_widget_class_bind_template_child (widget_class, SmbLearnWindow, models);
  gtk_widget_class_bind_template_callback (widget_class, on_failed);
  gtk_widget_class_bind_template_callback (widget_class, on_said);
  gtk_widget_class_bind_template_callback (widget_class, on_add_model);
}

static void
smb_learn_window_init (SmbLearnWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
smb_learn_window_present (GtkApplication *application, const char *page)
{
  SmbLearnWindow *window = NULL;

  for (GList *item = gtk_application_get_windows (application); item != NULL; item = item->next)
    if (SMB_IS_LEARN_WINDOW (item->data))
      window = item->data;
  if (window == NULL)
    window = g_object_new (SMB_TYPE_LEARN_WINDOW, "application", application, NULL);
  gtk_stack_set_visible_child_name (window->stack, page);
  gtk_window_present (GTK_WINDOW (window));
}
