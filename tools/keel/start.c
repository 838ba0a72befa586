// SPDX-License-Identifier: GPL-2.0
#include "keel.h"

int cmd_start(int argc, char **argv)
{
	parse_no_arguments(argc, argv,
			   "Put Keel beneath Linux again after keel stop. Threads that are still "
			   "attached become hard with their next Keel call.");
	return device_control(KEEL_CONTROL_START);
}
