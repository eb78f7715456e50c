#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# skip.sh REASON: in place of a test whose means are missing on this machine.
echo "SKIPPED: $1"
exit 77
