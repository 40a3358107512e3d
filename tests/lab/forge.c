/* SPDX-License-Identifier: MIT */
/*
 * forge: sends VRRP adverts that no honest node would send, and sends again what it has overheard (RFC 9568 section 5,
 * draft-cassen-vrrp-auth-hmac). It builds its bytes by itself, so that a mistake of vrrpd's codec does not hide here.
 *
 * It sends by a raw socket that takes the IP header as given, for the source address is part of the lie.
 */
#include "common/pure/base.h"
#include "common/pure/mono.h"
#include "common/system/clock.h"
#include "common/system/crypto.h"
#include "common/system/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define VRRP_PROTOCOL 112
#define VRRP_GROUP "224.0.0.18"
#define HEADER_SIZE 8
#define TRAILER_SIZE 28
#define PACKET_MAX 2048
#define KEY_MAX 64

struct options {
	struct in_addr source;
	struct in_addr address;
	struct in6_addr address6;
	const char *interface;
	unsigned version;
	unsigned type;
	unsigned vrid;
	unsigned priority;
	unsigned count;    /* what the header says; there is one address, none when this is 0 */
	unsigned interval; /* centiseconds */
	unsigned ttl;
	bool bad_checksum;
	bool is_signed;
	bool bad_mac;
	unsigned key_id;
	uint8_t key[KEY_MAX];
	size_t key_size;
	int64_t clock_offset_s;
	long truncate; /* bytes of the message that are sent; -1: all */
	unsigned times;
	unsigned every_ms;
	unsigned rate;    /* of a flood: packets a second */
	unsigned seconds; /* that it takes */
	unsigned port;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "forge: %s: %s\n", what, strerror(errno));
	exit(1);
}

static _Noreturn void usage(void)
{
	fprintf(stderr,
		"usage: forge send [OPTION]...\n"
		"       forge capture FILE --source=IP    save the next advert of that source, IP header and all\n"
		"       forge resend FILE [--times=N] [--every=MS]\n"
		"       forge flood FILE --rate=N --seconds=N     what is wrong in every way, and FILE, to VRIDs 1 to "
		"--vrid\n"
		"       forge datagrams --address=IP --port=N --rate=N --seconds=N   what no node signed, to a state "
		"port\n"
		"       forge claims --address=IP --rate=N --seconds=N               ARP: that address, and others, "
		"are here\n"
		"       forge flood6 --address6=IP --rate=N --seconds=N     IPv6: wrong adverts to VRIDs 1 to --vrid, "
		"and claims of\n"
		"                                                           that address, in turn\n"
		"  --interface=IF --source=IP --address=IP --version=N --type=N --vrid=N --priority=N --count=N\n"
		"  --interval=CENTISECONDS --ttl=N --bad-checksum --key=HEX --key-id=N --bad-mac --clock=SECONDS\n"
		"  --truncate=BYTES --times=N --every=MS\n");
	exit(2);
}

static uint16_t inet_sum(const uint8_t *bytes, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	if (size % 2 == 1)
		sum += (uint32_t)bytes[size - 1] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_u16(uint8_t *to, uint16_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

/* The trailer of the draft: type, key id, reserved, seconds, fraction, counter, MAC. */
static void put_trailer(const struct options *o, const uint8_t *message, uint8_t *trailer)
{
	int64_t now_ns = clock_real_ns();
	uint64_t seconds = (uint64_t)(now_ns / NS_PER_S + o->clock_offset_s);
	uint64_t fraction = (uint64_t)(now_ns % NS_PER_S) * 65536 / (uint64_t)NS_PER_S;
	uint8_t input[20 + HEADER_SIZE + 4 + TRAILER_SIZE] = {4, (uint8_t)o->version, (uint8_t)o->vrid, 0};
	uint8_t mac[SHA256_SIZE];

	memset(trailer, 0, TRAILER_SIZE);
	trailer[0] = 1;
	trailer[1] = (uint8_t)o->key_id;
	put_u16(trailer + 4, (uint16_t)(seconds >> 16));
	put_u16(trailer + 6, (uint16_t)seconds);
	put_u16(trailer + 8, (uint16_t)fraction);
	memcpy(input + 4, &o->source, 4);
	memcpy(input + 20, message, HEADER_SIZE + 4);
	memset(input + 20 + 6, 0, 2);
	memcpy(input + 20 + HEADER_SIZE + 4, trailer, 12);
	if (crypto_hmac_sha256(o->key, o->key_size, input, sizeof input, mac) < 0)
		die("HMAC");
	memcpy(trailer + 12, mac, 16);
	if (o->bad_mac)
		trailer[12] ^= 1;
}

static size_t put_packet(const struct options *o, uint8_t *packet)
{
	struct iphdr *ip = (struct iphdr *)(void *)packet;
	uint8_t *message = packet + sizeof *ip;
	size_t size = HEADER_SIZE + (o->count == 0 ? 0 : 4);
	uint16_t sum;

	memset(packet, 0, PACKET_MAX);
	message[0] = (uint8_t)(o->version << 4 | o->type);
	message[1] = (uint8_t)o->vrid;
	message[2] = (uint8_t)o->priority;
	message[3] = (uint8_t)o->count;
	put_u16(message + 4, (uint16_t)o->interval);
	memcpy(message + HEADER_SIZE, &o->address, 4);
	sum = inet_sum(message, size);
	put_u16(message + 6, o->bad_checksum ? (uint16_t)(sum ^ 0x0101) : sum);
	if (o->is_signed) {
		put_trailer(o, message, message + size);
		size += TRAILER_SIZE;
	}
	if (o->truncate >= 0 && (size_t)o->truncate < PACKET_MAX - sizeof *ip)
		size = (size_t)o->truncate;
	ip->version = 4;
	ip->ihl = 5;
	ip->tos = 0xc0;
	ip->ttl = (uint8_t)o->ttl;
	ip->protocol = VRRP_PROTOCOL;
	ip->saddr = o->source.s_addr;
	ip->daddr = inet_addr(VRRP_GROUP);
	return sizeof *ip + size;
}

static int raw_socket(const char *interface, int protocol)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, protocol);
	struct ip_mreqn group = {.imr_multiaddr.s_addr = inet_addr(VRRP_GROUP)};

	if (fd < 0)
		die("socket");
	group.imr_ifindex = (int)if_nametoindex(interface);
	if (group.imr_ifindex == 0)
		die(interface);
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof group) < 0 ||
		setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) < 0)
		die("multicast");
	return fd;
}

static void packet_send(int fd, const uint8_t *packet, size_t size)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(VRRP_GROUP)};

	if (sendto(fd, packet, size, 0, (const struct sockaddr *)&to, sizeof to) != (ssize_t)size)
		die("sendto");
}

static void pause_ms(unsigned ms)
{
	struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	nanosleep(&span, NULL);
}

static void forge_send(const struct options *o)
{
	uint8_t packet[PACKET_MAX] __attribute__((aligned(4)));
	AUTO_FD fd = raw_socket(o->interface, IPPROTO_RAW);

	for (unsigned i = 0; i < o->times; i++) {
		packet_send(fd, packet, put_packet(o, packet));
		pause_ms(o->every_ms);
	}
}

static void forge_capture(const struct options *o, const char *path)
{
	uint8_t packet[PACKET_MAX];
	AUTO_FD fd = raw_socket(o->interface, VRRP_PROTOCOL);
	struct mono end = mono_add(clock_mono(), 10 * NS_PER_S);

	while (mono_before(clock_mono(), end)) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		ssize_t size = poll(&ready, 1, 100) == 1 ? recv(fd, packet, sizeof packet, 0) : 0;
		FILE *file;

		/* Priority 0 would say more about the end of a test than about a replay. */
		if (size < 20 + HEADER_SIZE || memcmp(packet + 12, &o->source, 4) != 0 || packet[20 + 2] == 0)
			continue;
		file = fopen(path, "w");
		if (file == NULL || fwrite(packet, (size_t)size, 1, file) != 1 || fclose(file) != 0)
			die(path);
		return;
	}
	errno = ETIMEDOUT;
	die("no advert was heard");
}

static size_t read_packet(const char *path, uint8_t *packet)
{
	FILE *file = fopen(path, "r");
	size_t size;

	if (file == NULL)
		die(path);
	size = fread(packet, 1, PACKET_MAX, file);
	fclose(file);
	return size;
}

static void forge_resend(const struct options *o, const char *path)
{
	uint8_t packet[PACKET_MAX];
	AUTO_FD fd = raw_socket(o->interface, IPPROTO_RAW);
	size_t size = read_packet(path, packet);

	for (unsigned i = 0; i < o->times; i++) {
		packet_send(fd, packet, size);
		pause_ms(o->every_ms);
	}
}

/* Floods. */

struct flood {
	struct mono start;
	uint64_t sent;
	unsigned rate;
	unsigned seconds;
};

static struct flood flood_of(const struct options *o)
{
	return (struct flood){.start = clock_mono(), .rate = MAX(o->rate, 1u), .seconds = o->seconds};
}

/* Waits until the next packet is due; false: it was the last. */
static bool flood_goes_on(struct flood *flood)
{
	int64_t ahead_ns =
		(int64_t)(flood->sent * (uint64_t)NS_PER_S / flood->rate) - mono_diff(clock_mono(), flood->start);
	struct timespec span = {.tv_nsec = ahead_ns};

	if (flood->sent >= (uint64_t)flood->rate * flood->seconds ||
		mono_diff(clock_mono(), flood->start) > (int64_t)flood->seconds * 2 * NS_PER_S) {
		double took_s = (double)mono_diff(clock_mono(), flood->start) / (double)NS_PER_S;

		printf("%llu in %.1f s\n", (unsigned long long)flood->sent, took_s);
		return false;
	}
	if (ahead_ns > 0 && ahead_ns < NS_PER_S)
		nanosleep(&span, NULL);
	flood->sent++;
	return true;
}

enum { FLOOD_KINDS = 8, FLOOD_REPLAY = FLOOD_KINDS - 1 };

/* One packet that is wrong in the way `kind`. */
static size_t put_wrong(const struct options *o, unsigned kind, uint8_t *packet)
{
	struct options wrong = *o;

	switch (kind) {
	case 0:
		wrong.bad_mac = true;
		break;
	case 1:
		wrong.is_signed = false;
		break;
	case 2:
		wrong.version = 2;
		break;
	case 3:
		wrong.truncate = 10;
		break;
	case 4:
		wrong.bad_checksum = true;
		break;
	case 5:
		wrong.vrid = 255;
		break;
	default:
		wrong.ttl = 64;
		break;
	}
	return put_packet(&wrong, packet);
}

/* Made before, so that the flood costs whom it comes to and not the sender. */
static void forge_flood(const struct options *o, const char *path)
{
	static uint8_t packets[256][FLOOD_KINDS][PACKET_MAX] __attribute__((aligned(4)));
	size_t sizes[FLOOD_KINDS] = {0};
	unsigned vrids = MAX(o->vrid, 1u);
	AUTO_FD fd = raw_socket(o->interface, IPPROTO_RAW);
	struct flood flood;

	for (unsigned i = 0; i < vrids; i++) {
		struct options one = *o;

		one.vrid = i + 1;
		for (unsigned kind = 0; kind < FLOOD_REPLAY; kind++)
			sizes[kind] = put_wrong(&one, kind, packets[i][kind]);
		sizes[FLOOD_REPLAY] = read_packet(path, packets[i][FLOOD_REPLAY]);
	}
	flood = flood_of(o);
	while (flood_goes_on(&flood))
		packet_send(fd, packets[flood.sent / FLOOD_KINDS % vrids][flood.sent % FLOOD_KINDS],
			sizes[flood.sent % FLOOD_KINDS]);
}

/* As far as the MAC they look like a heartbeat of 200 vips (vrrpd/peermsg.h); every other one is noise. */
static void forge_datagrams(const struct options *o)
{
	uint8_t bytes[2][1400] = {{'L', 'B', 'V', 'P', 1, 0, 1}};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = o->address, .sin_port = htons((uint16_t)o->port)};
	AUTO_FD fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct flood flood = flood_of(o);

	if (fd < 0 || crypto_random(bytes[1], sizeof bytes[1]) < 0)
		die("socket");
	while (flood_goes_on(&flood))
		(void)!sendto(fd, bytes[flood.sent % 2], sizeof bytes[0], 0, (const struct sockaddr *)&to, sizeof to);
}

/* Every fourth says that a VIP is here, the others name hosts that there may be. */
static void forge_claims(const struct options *o)
{
	static const uint8_t frame[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4,
		0, 2, 2, 0, 0, 0, 0, 9, 192, 0, 2, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1};
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(o->interface)};
	AUTO_FD fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct flood flood = flood_of(o);
	uint8_t bytes[sizeof frame];

	if (fd < 0)
		die("socket");
	while (flood_goes_on(&flood)) {
		memcpy(bytes, frame, sizeof bytes);
		if (flood.sent % 4 == 0)
			memcpy(bytes + 28, &o->address, 4);
		else
			bytes[31] = (uint8_t)(100 + flood.sent % 100);
		(void)!sendto(fd, bytes, sizeof bytes, 0, (const struct sockaddr *)&to, sizeof to);
	}
}

/* The Internet checksum of what follows the IPv6 header, with its pseudo-header (RFC 8200 section 8.1). */
static uint16_t inet6_sum(const uint8_t *packet, size_t size)
{
	uint8_t input[PACKET_MAX + 40] = {0};

	memcpy(input, packet + 8, 32);
	put_u16(input + 34, (uint16_t)size);
	input[39] = packet[6];
	memcpy(input + 40, packet + 40, size);
	return inet_sum(input, 40 + size);
}

/* Ethernet to that group, IPv6 from fe80::9. */
static uint8_t *put_head6(uint8_t *frame, uint8_t next, uint8_t hops, uint8_t group, size_t size)
{
	const uint8_t ethernet[14] = {0x33, 0x33, 0, 0, 0, group, 2, 0, 0, 0, 0, 9, 0x86, 0xdd};
	uint8_t *packet = frame + sizeof ethernet;

	memcpy(frame, ethernet, sizeof ethernet);
	packet[0] = 0x60;
	put_u16(packet + 4, (uint16_t)size);
	packet[6] = next;
	packet[7] = hops;
	packet[8] = 0xfe;
	packet[9] = 0x80;
	packet[23] = 9;
	packet[24] = 0xff;
	packet[25] = 2;
	packet[39] = group;
	return packet;
}

enum { FLOOD6_KINDS = 8, FLOOD6_SIZE = 14 + 40 + 32, ADVERT6_SIZE = HEADER_SIZE + 16 };

/* Unsigned, of version 2, with a wrong checksum, from behind a router, of a VRID that nobody has. */
static size_t put_advert6(unsigned kind, unsigned vrid, uint8_t *frame)
{
	uint8_t *packet = put_head6(frame, VRRP_PROTOCOL, kind == 3 ? 64 : 255, 0x12, ADVERT6_SIZE);
	uint8_t *message = packet + 40;

	message[0] = kind == 1 ? 0x21 : 0x31;
	message[1] = (uint8_t)(kind == 4 ? 255 : vrid);
	message[2] = 254;
	message[3] = 1;
	put_u16(message + 4, 10);
	message[HEADER_SIZE] = 0xfe;
	message[HEADER_SIZE + 1] = 0x80;
	put_u16(message + 6, (uint16_t)(inet6_sum(packet, ADVERT6_SIZE) ^ (kind == 2 ? 0x0101 : 0)));
	return 14 + 40 + ADVERT6_SIZE;
}

/* A neighbour advertisement: the address, or a neighbour of it, is here. */
static size_t put_claim6(const struct options *o, unsigned neighbour, uint8_t *frame)
{
	uint8_t *packet = put_head6(frame, IPPROTO_ICMPV6, 255, 1, 32);
	uint8_t *message = packet + 40;
	const uint8_t option[8] = {2, 1, 2, 0, 0, 0, 0, 9};

	message[0] = 136;
	message[4] = 0x20;
	memcpy(message + 8, &o->address6, 16);
	message[23] = (uint8_t)(message[23] + neighbour);
	memcpy(message + 24, option, sizeof option);
	put_u16(message + 2, inet6_sum(packet, 32));
	return FLOOD6_SIZE;
}

static void forge_flood6(const struct options *o)
{
	static uint8_t frames[256][FLOOD6_KINDS][FLOOD6_SIZE];
	size_t sizes[FLOOD6_KINDS] = {0};
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(o->interface)};
	unsigned vrids = MAX(o->vrid, 1u);
	AUTO_FD fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct flood flood;

	if (fd < 0)
		die("socket");
	for (unsigned i = 0; i < vrids; i++) {
		for (unsigned kind = 0; kind < FLOOD6_KINDS; kind++)
			sizes[kind] = kind < 5 ? put_advert6(kind, i + 1, frames[i][kind])
					       : put_claim6(o, (kind - 5) * (i + 100) % 256, frames[i][kind]);
	}
	flood = flood_of(o);
	while (flood_goes_on(&flood)) {
		unsigned kind = flood.sent % FLOOD6_KINDS;

		(void)!sendto(fd, frames[flood.sent / FLOOD6_KINDS % vrids][kind], sizes[kind], 0,
			(const struct sockaddr *)&to, sizeof to);
	}
}

static unsigned number(const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || value > max)
		usage();
	return (unsigned)value;
}

static struct in_addr address(const char *text)
{
	struct in_addr parsed;

	if (inet_pton(AF_INET, text, &parsed) != 1)
		usage();
	return parsed;
}

static struct in6_addr address6(const char *text)
{
	struct in6_addr parsed;

	if (inet_pton(AF_INET6, text, &parsed) != 1)
		usage();
	return parsed;
}

static void key_parse(struct options *o, const char *hex)
{
	unsigned byte;

	o->is_signed = true;
	for (o->key_size = 0; *hex != '\0'; hex += 2) {
		if (o->key_size == KEY_MAX || sscanf(hex, "%2x", &byte) != 1 || hex[1] == '\0')
			usage();
		o->key[o->key_size++] = (uint8_t)byte;
	}
}

static void option_set(struct options *o, const char *name, const char *value)
{
	if (strcmp(name, "interface") == 0)
		o->interface = value;
	else if (strcmp(name, "source") == 0)
		o->source = address(value);
	else if (strcmp(name, "address") == 0)
		o->address = address(value);
	else if (strcmp(name, "address6") == 0)
		o->address6 = address6(value);
	else if (strcmp(name, "version") == 0)
		o->version = number(value, 15);
	else if (strcmp(name, "type") == 0)
		o->type = number(value, 15);
	else if (strcmp(name, "vrid") == 0)
		o->vrid = number(value, 255);
	else if (strcmp(name, "priority") == 0)
		o->priority = number(value, 255);
	else if (strcmp(name, "count") == 0)
		o->count = number(value, 255);
	else if (strcmp(name, "interval") == 0)
		o->interval = number(value, 65535);
	else if (strcmp(name, "ttl") == 0)
		o->ttl = number(value, 255);
	else if (strcmp(name, "bad-checksum") == 0)
		o->bad_checksum = true;
	else if (strcmp(name, "key") == 0)
		key_parse(o, value);
	else if (strcmp(name, "key-id") == 0)
		o->key_id = number(value, 255);
	else if (strcmp(name, "bad-mac") == 0)
		o->bad_mac = true;
	else if (strcmp(name, "clock") == 0)
		o->clock_offset_s = strtoll(value, NULL, 10);
	else if (strcmp(name, "truncate") == 0)
		o->truncate = (long)number(value, PACKET_MAX);
	else if (strcmp(name, "times") == 0)
		o->times = number(value, 1000000);
	else if (strcmp(name, "rate") == 0)
		o->rate = number(value, 1000000);
	else if (strcmp(name, "seconds") == 0)
		o->seconds = number(value, 60);
	else if (strcmp(name, "port") == 0)
		o->port = number(value, 65535);
	else
		o->every_ms = number(value, 100000);
}

static void options_parse(struct options *o, int argc, char *argv[])
{
	static const struct option options[] = {
		{"interface", required_argument, NULL, 1},
		{"source", required_argument, NULL, 1},
		{"address", required_argument, NULL, 1},
		{"address6", required_argument, NULL, 1},
		{"version", required_argument, NULL, 1},
		{"type", required_argument, NULL, 1},
		{"vrid", required_argument, NULL, 1},
		{"priority", required_argument, NULL, 1},
		{"count", required_argument, NULL, 1},
		{"interval", required_argument, NULL, 1},
		{"ttl", required_argument, NULL, 1},
		{"bad-checksum", no_argument, NULL, 1},
		{"key", required_argument, NULL, 1},
		{"key-id", required_argument, NULL, 1},
		{"bad-mac", no_argument, NULL, 1},
		{"clock", required_argument, NULL, 1},
		{"truncate", required_argument, NULL, 1},
		{"times", required_argument, NULL, 1},
		{"every", required_argument, NULL, 1},
		{"rate", required_argument, NULL, 1},
		{"seconds", required_argument, NULL, 1},
		{"port", required_argument, NULL, 1},
		{0},
	};
	int index;

	for (;;) {
		int found = getopt_long(argc, argv, "", options, &index);

		if (found == -1)
			return;
		if (found != 1)
			usage();
		option_set(o, options[index].name, optarg);
	}
}

int main(int argc, char *argv[])
{
	struct options o = {.source = address("192.0.2.12"),
		.address = address("192.0.2.100"),
		.interface = "eth0",
		.version = 3,
		.type = 1,
		.vrid = 51,
		.priority = 254,
		.count = 1,
		.interval = 10,
		.ttl = 255,
		.key_id = 1,
		.truncate = -1,
		.times = 1,
		.every_ms = 20,
		.rate = 20000,
		.seconds = 1,
		.port = 3780};

	options_parse(&o, argc, argv);
	if (argc - optind == 1 && strcmp(argv[optind], "send") == 0)
		forge_send(&o);
	else if (argc - optind == 2 && strcmp(argv[optind], "capture") == 0)
		forge_capture(&o, argv[optind + 1]);
	else if (argc - optind == 2 && strcmp(argv[optind], "resend") == 0)
		forge_resend(&o, argv[optind + 1]);
	else if (argc - optind == 2 && strcmp(argv[optind], "flood") == 0)
		forge_flood(&o, argv[optind + 1]);
	else if (argc - optind == 1 && strcmp(argv[optind], "datagrams") == 0)
		forge_datagrams(&o);
	else if (argc - optind == 1 && strcmp(argv[optind], "claims") == 0)
		forge_claims(&o);
	else if (argc - optind == 1 && strcmp(argv[optind], "flood6") == 0)
		forge_flood6(&o);
	else
		usage();
	return 0;
}
