#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A window to drag a file from: drag_source.py FILE"""
import sys

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import Gdk, Gio, GLib, Gtk  # noqa: E402


def activate(app):
    window = Gtk.ApplicationWindow(application=app, title="Drag source", default_width=120, default_height=120)
    label = Gtk.Label(label="Drag me")
    source = Gtk.DragSource()
    uri = Gio.File.new_for_path(sys.argv[1]).get_uri()
    source.connect("prepare", lambda *_: Gdk.ContentProvider.new_for_bytes("text/uri-list", GLib.Bytes.new((uri + "\r\n").encode())))
    label.add_controller(source)
    window.set_child(label)
    window.present()


application = Gtk.Application(application_id="org.semblance.DragSource", flags=Gio.ApplicationFlags.NON_UNIQUE)
application.connect("activate", activate)
application.run([])
