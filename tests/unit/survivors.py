# SPDX-License-Identifier: GPL-2.0
"""Mutants that no unit test can catch, and why: (file, the line as changed): reason."""

SURVIVORS = {
}
