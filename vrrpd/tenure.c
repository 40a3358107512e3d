/* SPDX-License-Identifier: MIT */
#include "vrrpd/tenure.h"

#include <errno.h>

void tenure_begin(struct tenure *tenure, uint64_t number, const struct lease *lease)
{
	*tenure = (struct tenure){.lease = *lease, .number = number, .leaving = tenure->leaving};
}

bool tenure_want(struct tenure *tenure, unsigned with)
{
	tenure->then |= with;
	tenure->again = tenure->out;
	if (tenure->out)
		return false;
	tenure->out = true;
	tenure->with = tenure->then;
	tenure->then = 0;
	return true;
}

enum write_kind tenure_next_kind(const struct tenure *tenure)
{
	return tenure->installed ? WRITE_RENEW : WRITE_INSTALL;
}

/* What went with it is still to be done. */
static void put_back(struct tenure *tenure)
{
	tenure->out = false;
	tenure->then |= tenure->with;
}

void tenure_unsent(struct tenure *tenure)
{
	put_back(tenure);
}

void tenure_end(struct tenure *tenure)
{
	tenure->lease.held = false;
	tenure->installed = false;
	tenure->out = false;
	tenure->again = false;
	tenure->leaving++;
}

void tenure_left(struct tenure *tenure)
{
	assert(tenure->leaving > 0);
	tenure->leaving--;
}

static unsigned follow_failure(struct tenure *tenure, int error)
{
	put_back(tenure);
	tenure->again = false;
	if (error != -ENODEV || tenure->mended)
		return TENURE_RETRY;
	tenure->mended = true;
	return TENURE_MEND;
}

unsigned tenure_written(struct tenure *tenure, const struct tenure_written *written)
{
	bool first = !tenure->installed;
	unsigned next = 0;

	/* Of a tenure that is over its removal has the last word. */
	if (!tenure->lease.held || written->number != tenure->number)
		return 0;
	if (written->result == -ESTALE)
		return TENURE_FENCED;
	tenure->installed = true;
	if (written->result < 0) {
		next = follow_failure(tenure, written->result);
		/* Installed by halves is not installed, but a renewal goes on past an address that is refused. */
		if (!first && tenure->then & TENURE_ANNOUNCE && next == TENURE_RETRY) {
			tenure->then &= ~(unsigned)TENURE_ANNOUNCE;
			next |= TENURE_TELL;
		}
		return next;
	}
	tenure->out = false;
	tenure->mended = false;
	tenure->lease.renewed_boot_ns = written->boot_ns;
	tenure->lease.length_ns = written->lease_ns;
	if (tenure->with & TENURE_ANNOUNCE)
		next |= TENURE_TELL;
	if (tenure->again)
		next |= TENURE_WRITE;
	return next;
}
