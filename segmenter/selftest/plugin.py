"""The name that the plugin had before: it is `segmenter.pytest_plugin`."""

from segmenter.pytest_plugin import *  # noqa: F403
