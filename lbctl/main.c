/* SPDX-License-Identifier: MIT */
#include "lbctl/verbs.h"

int main(int argc, char *argv[])
{
	return (int)lbctl_run(argc, argv);
}
