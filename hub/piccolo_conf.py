"""Where Piccolo looks for its engine and apps (`PICCOLO_CONF=hub.piccolo_conf`)."""

from piccolo.conf.apps import AppRegistry

from hub.db import ENGINE

DB = ENGINE
APP_REGISTRY = AppRegistry(apps=["hub.piccolo_app"])
