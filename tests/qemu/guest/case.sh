# SPDX-License-Identifier: GPL-2.0
# case.sh NAME: run one case; whatever way it ends, its loads are stopped and
# keel is unloaded, and that must work too.

. /test/lib.sh
trap 'leave $?' EXIT
. "/run/case/$1"
