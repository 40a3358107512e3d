/* SPDX-License-Identifier: MIT */
#include "lbd/udp_batch.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <string.h>

/* The largest datagram, and what the kernel joins at most. */
#define BYTES_MAX 65535
/* Off a power of two, so that the beginnings of all do not compete for the same lines of the processor's caches. */
#define SLOT (65536 + 5 * 64)

/* Room for the largest of the two kinds of packet information and the size of the segments. */
union control {
	struct cmsghdr align;
	unsigned char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

struct udp_batch {
	struct udp_datagram list[UDP_BATCH];
	struct mmsghdr headers[UDP_BATCH];
	struct iovec iovs[UDP_BATCH];
	union control controls[UDP_BATCH];
	unsigned char bytes[UDP_BATCH][SLOT];
};

int udp_batch_new(struct udp_batch **ret_batch)
{
	/* As large as it is, the kernel gives memory for what is touched alone. */
	struct udp_batch *batch = calloc(1, sizeof *batch);

	if (batch == NULL)
		return -ENOMEM;
	*ret_batch = batch;
	return 0;
}

void udp_batch_free(struct udp_batch *batch)
{
	free(batch);
}

struct udp_datagram *udp_batch_at(struct udp_batch *batch, unsigned place)
{
	return &batch->list[place];
}

unsigned udp_datagram_count(const struct udp_datagram *datagram)
{
	return datagram->segment == 0 ? 1 : (datagram->size + datagram->segment - 1) / datagram->segment;
}

void udp_join(int fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
}

/* sock_diag(7), SK_MEMINFO_DROPS. */
uint32_t udp_drops(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof info;

	(void)getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size);
	return info[SK_MEMINFO_DROPS];
}

/* Receiving. */

static void prepare(struct udp_batch *batch, unsigned place, bool named)
{
	struct msghdr *header = &batch->headers[place].msg_hdr;
	struct udp_datagram *datagram = &batch->list[place];

	batch->iovs[place] = (struct iovec){batch->bytes[place], BYTES_MAX};
	*header = (struct msghdr){
		.msg_iov = &batch->iovs[place],
		.msg_iovlen = 1,
		.msg_control = &batch->controls[place],
		.msg_controllen = sizeof batch->controls[place],
	};
	if (named) {
		header->msg_name = &datagram->peer;
		header->msg_namelen = sizeof datagram->peer;
	}
}

/* The data of control messages is not aligned for what it is. */
static void read_control(struct udp_datagram *datagram, const struct cmsghdr *control)
{
	if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO) {
		int size;

		memcpy(&size, CMSG_DATA(control), sizeof size);
		if (size > 0 && (uint32_t)size < datagram->size)
			datagram->segment = (uint16_t)size;
	} else if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(control), sizeof info);
		datagram->local = ip_from_v4(info.ipi_spec_dst);
	} else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo info;

		memcpy(&info, CMSG_DATA(control), sizeof info);
		datagram->local = ip_from_v6(&info.ipi6_addr);
	}
}

static void note(struct udp_batch *batch, unsigned place)
{
	struct msghdr *header = &batch->headers[place].msg_hdr;
	struct udp_datagram *datagram = &batch->list[place];

	datagram->size = batch->headers[place].msg_len;
	datagram->segment = 0;
	datagram->peer_size = header->msg_namelen;
	datagram->local = (struct ip){0};
	for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at != NULL; at = CMSG_NXTHDR(header, at))
		read_control(datagram, at);
}

int udp_batch_receive(struct udp_batch *batch, int fd, unsigned from, unsigned most, bool named)
{
	int count;

	assert(from + most <= UDP_BATCH);
	for (unsigned i = from; i < from + most; i++)
		prepare(batch, i, named);
	count = recvmmsg(fd, &batch->headers[from], most, MSG_DONTWAIT, NULL);
	if (count < 0)
		return -errno;
	for (unsigned i = from; i < from + (unsigned)count; i++)
		note(batch, i);
	return count;
}

/* Sending. */

static void add_control(struct msghdr *header, int level, int type, const void *data, size_t size)
{
	struct cmsghdr *control = (struct cmsghdr *)(void *)((char *)header->msg_control + header->msg_controllen);

	control->cmsg_level = level;
	control->cmsg_type = type;
	control->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(control), data, size);
	header->msg_controllen += CMSG_SPACE(size);
}

static void add_source(struct msghdr *header, const struct ip *local)
{
	if (local->family == AF_INET) {
		struct in_pktinfo info = {.ipi_spec_dst = ip_to_v4(local)};

		add_control(header, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
	} else if (local->family == AF_INET6) {
		struct in6_pktinfo info = {.ipi6_addr = ip_to_v6(local)};

		add_control(header, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
	}
}

/* `offset` and `size`: a part of what stands in the place. */
static void address(struct udp_batch *batch, unsigned place, unsigned at, uint32_t offset, uint32_t size)
{
	struct udp_datagram *datagram = &batch->list[place];
	struct msghdr *header = &batch->headers[at].msg_hdr;

	batch->iovs[at] = (struct iovec){batch->bytes[place] + offset, size};
	*header = (struct msghdr){
		.msg_iov = &batch->iovs[at],
		.msg_iovlen = 1,
		.msg_control = &batch->controls[at],
	};
	if (datagram->peer_size > 0) {
		header->msg_name = &datagram->peer;
		header->msg_namelen = datagram->peer_size;
	}
	add_source(header, &datagram->local);
	if (datagram->segment > 0 && size > datagram->segment)
		add_control(header, IPPROTO_UDP, UDP_SEGMENT, &datagram->segment, sizeof datagram->segment);
}

/* Where the kernel cannot part what it has joined: the way out has a smaller MTU, or no checksums in hardware. */
static int send_parts(struct udp_batch *batch, int fd, unsigned place)
{
	const struct udp_datagram *datagram = &batch->list[place];

	for (uint32_t offset = 0; offset < datagram->size; offset += datagram->segment) {
		uint32_t size = MIN((uint32_t)datagram->segment, datagram->size - offset);

		address(batch, place, 0, offset, size);
		if (sendmsg(fd, &batch->headers[0].msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			return -errno;
	}
	return 1;
}

int udp_batch_send(struct udp_batch *batch, int fd, const uint8_t *places, unsigned count)
{
	int sent;

	for (unsigned i = 0; i < count; i++)
		address(batch, places[i], i, 0, batch->list[places[i]].size);
	sent = sendmmsg(fd, batch->headers, count, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent > 0)
		return sent;
	if (batch->list[places[0]].segment > 0 && (errno == EINVAL || errno == EMSGSIZE || errno == EIO))
		return send_parts(batch, fd, places[0]);
	return -errno;
}
