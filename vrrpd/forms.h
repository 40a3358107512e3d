/* SPDX-License-Identifier: MIT */
/*
 * In which checksum forms a vip's adverts go out, version 3 over IPv4 (DESIGN section 5). RFC 5798 was read in two
 * ways, and who reads it the one way ignores adverts of the other, so that both nodes would be active: auto answers in
 * the form that is heard. What was heard once is not forgotten, since an active node hears nobody. Pure.
 */
#ifndef LBPAIR_VRRPD_FORMS_H
#define LBPAIR_VRRPD_FORMS_H

#include "common/model/conf.h"
#include "vrrpd/advert.h"

/* `heard` and the result: a bit for each enum advert_checksum; `foreign`: the other node is none of ours. */
static inline uint8_t forms_to_send(enum vip_checksum wanted, bool foreign, uint8_t heard)
{
	const uint8_t message = 1 << ADVERT_CHECKSUM_MESSAGE, pseudo = 1 << ADVERT_CHECKSUM_PSEUDO_HEADER;

	switch (wanted) {
	case VIP_CHECKSUM_RFC9568:
		return message;
	case VIP_CHECKSUM_PSEUDO_HEADER:
		return pseudo;
	case VIP_CHECKSUM_AUTO:
	case VIP_CHECKSUM_COUNT:
		break;
	}
	if (heard != 0)
		return heard;
	return foreign ? message | pseudo : message;
}

/* As logs and `status` have it. */
static inline const char *forms_name(uint8_t forms)
{
	static const char *const names[] = {"none", "rfc9568", "pseudo-header", "both"};

	return names[forms & 3];
}

#endif
