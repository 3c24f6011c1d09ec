/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-scheme.h"

#define PORTAL_NAME "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
#define PORTAL_SETTINGS "org.freedesktop.portal.Settings"
#define APPEARANCE "org.freedesktop.appearance"

struct _SmbScheme {
  GObject parent_instance;

  /* borrowed */
  GdkDisplay *display;

  /* owned */
  GSettings *settings;
  GSettings *desktop; /* GNOME's; NULL where its schema is not installed */
  GDBusProxy *portal; /* NULL where there is none */
  GtkCssProvider *colours;
  GtkCssProvider *style;
  guint portal_choice; /* as the portal counts: 0 no preference, 1 dark, 2 light */
  gboolean gtk_prefers_dark; /* as GTK found it before this program touched it */
};

G_DEFINE_FINAL_TYPE (SmbScheme, smb_scheme, G_TYPE_OBJECT)

static gboolean
desktop_is_dark (SmbScheme *self)
{
  if (self->portal_choice != 0)
    return self->portal_choice == 1;
  if (self->desktop != NULL) {
    g_autofree char *scheme = g_settings_get_string (self->desktop, "color-scheme");

    if (!g_str_equal (scheme, "default"))
      return g_str_equal (scheme, "prefer-dark");
  }
  return self->gtk_prefers_dark;
}

static void
apply (SmbScheme *self)
{
  g_autofree char *choice = g_settings_get_string (self->settings, "colour-scheme");
  gboolean dark = g_str_equal (choice, "dark") || (g_str_equal (choice, "system") && desktop_is_dark (self));

  g_object_set (gtk_settings_get_for_display (self->display), "gtk-application-prefer-dark-theme", dark, NULL);
  gtk_css_provider_load_from_resource (self->colours, dark ? "/org/semblance/Semblance/colours-dark.css"
                                                           : "/org/semblance/Semblance/colours-light.css");
}

static void
remember_portal (SmbScheme *self, GVariant *value)
{
  g_autoptr (GVariant) inner = g_variant_ref (value);

  while (g_variant_is_of_type (inner, G_VARIANT_TYPE_VARIANT)) {
    GVariant *next = g_variant_get_variant (inner);

    g_variant_unref (inner);
    inner = next;
  }
  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_UINT32))
    self->portal_choice = g_variant_get_uint32 (inner);
  apply (self);
}

static void
on_portal_signal (GDBusProxy *proxy, const char *sender, const char *signal, GVariant *parameters, SmbScheme *self)
{
  g_autoptr (GVariant) value = NULL;
  const char *space, *key;

  if (!g_str_equal (signal, "SettingChanged") || !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ssv)")))
    return;
  g_variant_get (parameters, "(&s&s@v)", &space, &key, &value);
  if (g_str_equal (space, APPEARANCE) && g_str_equal (key, "color-scheme"))
    remember_portal (self, value);
}

static void
on_portal_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SmbScheme) self = user_data;
  g_autoptr (GVariant) reply = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, NULL);
  g_autoptr (GVariant) value = NULL;

  /* No portal, or one that does not know the key: the other sources decide. */
  if (reply == NULL || !g_variant_is_of_type (reply, G_VARIANT_TYPE ("(v)")))
    return;
  g_variant_get (reply, "(@v)", &value);
  remember_portal (self, value);
}

static void
on_portal (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SmbScheme) self = user_data;

  self->portal = g_dbus_proxy_new_for_bus_finish (result, NULL);
  if (self->portal == NULL)
    return;
  g_signal_connect_object (self->portal, "g-signal", G_CALLBACK (on_portal_signal), self, 0);
  g_dbus_proxy_call (self->portal, "Read", g_variant_new ("(ss)", APPEARANCE, "color-scheme"),
                     G_DBUS_CALL_FLAGS_NONE, 2000, NULL, on_portal_read, g_object_ref (self));
}

static void
smb_scheme_finalize (GObject *object)
{
  SmbScheme *self = SMB_SCHEME (object);

  g_clear_object (&self->settings);
  g_clear_object (&self->desktop);
  g_clear_object (&self->portal);
  g_clear_object (&self->colours);
  g_clear_object (&self->style);
  G_OBJECT_CLASS (smb_scheme_parent_class)->finalize (object);
}

static void
smb_scheme_class_init (SmbSchemeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = smb_scheme_finalize;
}

static void
smb_scheme_init (SmbScheme *self)
{
}

SmbScheme *
smb_scheme_new (GdkDisplay *display, GSettings *settings)
{
  SmbScheme *self = g_object_new (SMB_TYPE_SCHEME, NULL);
  GSettingsSchemaSource *schemas = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;

  self->display = display;
  self->settings = g_object_ref (settings);
  g_object_get (gtk_settings_get_for_display (display), "gtk-application-prefer-dark-theme", &self->gtk_prefers_dark,
                NULL);
  schema = g_settings_schema_source_lookup (schemas, "org.gnome.desktop.interface", TRUE);
  if (schema != NULL && g_settings_schema_has_key (schema, "color-scheme")) {
    self->desktop = g_settings_new ("org.gnome.desktop.interface");
    g_signal_connect_object (self->desktop, "changed::color-scheme", G_CALLBACK (apply), self, G_CONNECT_SWAPPED);
  }
  g_signal_connect_object (settings, "changed::colour-scheme", G_CALLBACK (apply), self, G_CONNECT_SWAPPED);
  self->colours = gtk_css_provider_new ();
  self->style = gtk_css_provider_new ();
  gtk_css_provider_load_from_resource (self->style, "/org/semblance/Semblance/style.css");
  gtk_style_context_add_provider_for_display (display, GTK_STYLE_PROVIDER (self->colours),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
  gtk_style_context_add_provider_for_display (display, GTK_STYLE_PROVIDER (self->style),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
  apply (self);
  g_dbus_proxy_new_for_bus (G_BUS_TYPE_SESSION, G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES, NULL, PORTAL_NAME,
                            PORTAL_PATH, PORTAL_SETTINGS, NULL, on_portal, g_object_ref (self));
  return self;
}
