/* SPDX-License-Identifier: MIT */
#include "vrrpd/guardian.h"
#include <unistd.h>
struct guardian {
	int x;
};
static struct guardian g;
int guardian_start(struct fence *fence, struct guardian **r)
{
	(void)fence;
	*r = &g;
	return 0;
}
int guardian_watch(struct guardian *guardian, struct loop *loop)
{
	(void)guardian;
	(void)loop;
	return 0;
}
pid_t guardian_pid(const struct guardian *guardian)
{
	(void)guardian;
	return 0;
}
void guardian_dismiss(struct guardian *guardian)
{
	(void)guardian;
}
int guardian_main(int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	return 1;
}
int guardian_await_former(const char *run_dir)
{
	(void)run_dir;
	return 0;
}
int guardian_record(const struct guardian *guardian, const char *run_dir)
{
	(void)guardian;
	(void)run_dir;
	return 0;
}
