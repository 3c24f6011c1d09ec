/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-banner.h"

#include <glib/gi18n.h>

struct _SmbBanner {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkImage *icon;
  GtkLabel *text;
  GtkLabel *more;
  GtkWidget *open;
  GtkWidget *close;

  /* owned */
  GQueue messages; /* Message*, the first is shown */
};

typedef struct {
  SmbMessageKind kind;
  char *text;
  char *uri;
} Message;

G_DEFINE_FINAL_TYPE (SmbBanner, smb_banner, GTK_TYPE_WIDGET)

static void
message_free (gpointer data)
{
  Message *message = data;

  g_free (message->text);
  g_free (message->uri);
  g_free (message);
}

void
smb_banner_set_state (SmbBanner *self, SmbMessageKind kind, const char *text)
{
  static const char *const icons[] = { "smb-alert-symbolic", "smb-ok-symbolic", "smb-warning-symbolic",
                                       "smb-alert-symbolic" };
  static const char *const classes[] = { "info", "ok", "warning", "alert" };

  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    gtk_widget_remove_css_class (self->box, classes[i]);
  gtk_widget_add_css_class (self->box, classes[kind]);
  gtk_image_set_from_icon_name (self->icon, icons[kind]);
  gtk_label_set_text (self->text, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self), text != NULL);
}

static void
show_first (SmbBanner *self)
{
  const Message *message = g_queue_peek_head (&self->messages);
  guint waiting = g_queue_get_length (&self->messages);

  if (message == NULL) {
    smb_banner_set_state (self, SMB_MESSAGE_INFO, NULL);
    return;
  }
  smb_banner_set_state (self, message->kind, message->text);
  gtk_widget_set_visible (self->close, TRUE);
  gtk_widget_set_visible (self->open, message->uri != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->more), waiting > 1);
  if (waiting > 1) {
    g_autofree char *text = g_strdup_printf (ngettext ("%u more", "%u more", waiting - 1), waiting - 1);

    gtk_label_set_text (self->more, text);
  }
}

void
smb_banner_add_message (SmbBanner *self, SmbMessageKind kind, const char *text, const char *uri)
{
  const Message *shown = g_queue_peek_head (&self->messages);
  Message *message;

  if (shown != NULL && g_strcmp0 (shown->text, text) == 0)
    return;
  /* The newest is on top. Good news and hints give way to it; warnings and errors wait beneath until read. */
  if (shown != NULL && shown->kind <= SMB_MESSAGE_OK)
    message_free (g_queue_pop_head (&self->messages));
  message = g_new0 (Message, 1);
  message->kind = kind;
  message->text = g_strdup (text);
  message->uri = g_strdup (uri);
  g_queue_push_head (&self->messages, message);
  show_first (self);
}

static void
on_close (GtkButton *button, SmbBanner *self)
{
  Message *message = g_queue_pop_head (&self->messages);

  g_clear_pointer (&message, message_free);
  show_first (self);
}

static void
on_open (GtkButton *button, SmbBanner *self)
{
  const Message *message = g_queue_peek_head (&self->messages);

  if (message != NULL && message->uri != NULL)
    gtk_show_uri (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), message->uri, GDK_CURRENT_TIME);
}

static void
smb_banner_dispose (GObject *object)
{
  SmbBanner *self = SMB_BANNER (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_queue_clear_full (&self->messages, message_free);
  G_OBJECT_CLASS (smb_banner_parent_class)->dispose (object);
}

static void
smb_banner_class_init (SmbBannerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_banner_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-banner.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbBanner, box);
  gtk_widget_class_bind_template_child (widget_class, SmbBanner, icon);
  gtk_widget_class_bind_template_child (widget_class, SmbBanner, text);
  gtk_widget_class_bind_template_child (widget_class, SmbBanner, more);
  gtk_widget_class_bind_template_child (widget_class, SmbBanner, open);
  gtk_widget_class_bind_template_child (widget_class, SmbBanner, close);
  gtk_widget_class_bind_template_callback (widget_class, on_close);
  gtk_widget_class_bind_template_callback (widget_class, on_open);
}

static void
smb_banner_init (SmbBanner *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_queue_init (&self->messages);
}
