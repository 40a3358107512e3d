/* SPDX-License-Identifier: MIT */
/*
 * Frames of a LAN, ARP and neighbour discovery: what is taken for a word of a host names that host. The question that
 * would be asked of it is read again as what it is.
 */
#include "tests/fuzz/fuzz.h"

#include "vrrpd/announce.h"
#include "vrrpd/neighbour.h"

#include <string.h>

static const uint8_t own_mac[NEIGHBOUR_MAC_SIZE] = {0x02, 0, 0, 0, 0, 0x11};

static void check_question(const struct neighbour_word *word)
{
	uint8_t frame[ANNOUNCE_NEIGHBOUR_SIZE];
	struct writer out = writer_of(frame, sizeof frame);
	struct ip own = {.family = word->sender.family, .bytes = {0xfe, 0x80, [15] = 1}};
	struct neighbour_word again;

	if (word->sender.family == AF_INET)
		announce_encode(own_mac, &own, &word->sender, &out);
	else
		announce_encode_solicitation(own_mac, &own, &word->sender, &out);
	FUZZ_CHECK(!out.bad && neighbour_decode(frame, out.length, &again));
	FUZZ_CHECK(ip_equal(&again.sender, &own) && ip_equal(&again.target, &word->sender));
	FUZZ_CHECK(!again.answer && memcmp(again.mac, own_mac, sizeof own_mac) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct neighbour_word word;

	if (!neighbour_decode(data, size, &word))
		return 0;
	FUZZ_CHECK(size >= ANNOUNCE_FRAME_SIZE);
	FUZZ_CHECK(word.sender.family == AF_INET || word.sender.family == AF_INET6);
	FUZZ_CHECK(word.target.family == word.sender.family);
	FUZZ_CHECK(word.sender.family == AF_INET || ip_is_host(&word.sender));
	check_question(&word);
	return 0;
}
