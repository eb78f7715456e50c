# SPDX-License-Identifier: Apache-2.0
"""Builds that begin with nothing."""

from environments import builder, place, sdist

__all__ = ["builder", "place", "sdist"]
