// SPDX-License-Identifier: GPL-2.0
#include "keel.h"

int cmd_stop(int argc, char **argv)
{
	parse_no_arguments(argc, argv,
			   "Take Keel out from under Linux, with the module still loaded: hard "
			   "threads go on in-band, and the kernel's code is as it was.");
	return device_control(KEEL_CONTROL_STOP);
}
