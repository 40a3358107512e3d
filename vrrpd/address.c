/* SPDX-License-Identifier: MIT */
/*
 * libnl's objects of addresses (rtnl_addr) know no IFA_PROTO and no lifetimes of their own in a replacement, so the
 * messages are built attribute by attribute, as rtnetlink(7) has them.
 *
 * A burst is a run of requests, sent by one system call, of which only the last asks for an acknowledgement: the kernel
 * answers a failed one always, and it answers in order, so that the last one's answer ends the burst.
 */
#include "vrrpd/address.h"

#include "common/system/log.h"
#include "vrrpd/rtnl.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>
#include <sys/uio.h>

/* So many errors, each with the request in it, fit into any receive buffer. */
#define BURST_MAX ((size_t)64)
/* More than a request takes: its headers, two addresses, their lifetimes and the protocol. */
#define MESSAGE_MAX 256
/* Of a call that is refused for each address. */
#define REFUSALS_TOLD_MAX 3
/* A dump is to be repeated when the addresses change in its course. */
#define DUMP_ATTEMPTS 20

struct address_socket {
	struct nl_sock *nl;
};

int address_open(struct address_socket **ret_socket)
{
	struct address_socket *socket = calloc(1, sizeof *socket);
	int r;

	if (socket == NULL)
		return -ENOMEM;
	r = rtnl_open(&socket->nl);
	if (r < 0) {
		free(socket);
		return r;
	}
	/* The answers of a burst are told apart here, and requests say themselves what is to be acknowledged. */
	nl_socket_disable_seq_check(socket->nl);
	nl_socket_disable_auto_ack(socket->nl);
	*ret_socket = socket;
	return 0;
}

void address_close(struct address_socket *socket)
{
	if (socket == NULL)
		return;
	nl_socket_free(socket->nl);
	free(socket);
}

static void callbacks_put(struct nl_cb **callbacks)
{
	nl_cb_put(*callbacks);
}
#define AUTO_CALLBACKS AUTO(callbacks_put) struct nl_cb

static void message_free(struct nl_msg **message)
{
	nlmsg_free(*message);
}
#define AUTO_MESSAGE AUTO(message_free) struct nl_msg

/* Bursts of requests. */

struct request {
	int type;
	int flags;
	int ifindex;
	unsigned lease_s; /* of a new address */
};

static bool put_lease(struct nl_msg *message, const struct request *request, const struct prefix *address)
{
	const struct ifa_cacheinfo lease = {
		.ifa_valid = request->lease_s,
		.ifa_prefered = address->ip.family == AF_INET ? request->lease_s : 0,
	};

	return nla_put(message, IFA_CACHEINFO, sizeof lease, &lease) == 0 &&
	       nla_put_u8(message, IFA_PROTO, ADDRESS_PROTOCOL) == 0;
}

/* NULL: out of memory. */
static struct nl_msg *build(const struct request *request, const struct prefix *address, bool is_last)
{
	/* Not nlmsg_alloc_simple, which takes and clears a page. */
	AUTO_MESSAGE *message = nlmsg_alloc_size(MESSAGE_MAX);
	struct ifaddrmsg header = {
		.ifa_family = address->ip.family,
		.ifa_prefixlen = address->length,
		.ifa_index = (unsigned)request->ifindex,
		.ifa_scope = RT_SCOPE_UNIVERSE,
	};
	int size = (int)ip_size(&address->ip);

	if (address->ip.family == AF_INET6 && request->type == RTM_NEWADDR)
		header.ifa_flags = IFA_F_NODAD;
	if (message == NULL ||
		nlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, request->type, 0,
			request->flags | (is_last ? NLM_F_ACK : 0)) == NULL ||
		nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO) < 0 ||
		nla_put(message, IFA_LOCAL, size, address->ip.bytes) < 0 ||
		nla_put(message, IFA_ADDRESS, size, address->ip.bytes) < 0)
		return NULL;
	if (request->type == RTM_NEWADDR && !put_lease(message, request, address))
		return NULL;
	return TAKE(message);
}

/* What a burst is waiting for. */
struct answers {
	uint32_t first; /* sequence number of the first request */
	size_t count;
	int *results;
	bool complete;
};

static void take_answer(struct answers *answers, uint32_t sequence, int result)
{
	size_t i = sequence - answers->first;

	/* An answer to an earlier burst, which had timed out. */
	if (i >= answers->count)
		return;
	answers->results[i] = result;
	answers->complete |= i == answers->count - 1;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *context)
{
	(void)from;
	take_answer(context, error->msg.nlmsg_seq, error->error);
	return NL_SKIP;
}

static int on_ack(struct nl_msg *message, void *context)
{
	take_answer(context, nlmsg_hdr(message)->nlmsg_seq, 0);
	return NL_OK;
}

static int collect(struct address_socket *socket, struct answers *answers)
{
	AUTO_CALLBACKS *callbacks = nl_cb_alloc(NL_CB_DEFAULT);

	if (callbacks == NULL)
		return -ENOMEM;
	nl_cb_err(callbacks, NL_CB_CUSTOM, on_error, answers);
	nl_cb_set(callbacks, NL_CB_ACK, NL_CB_CUSTOM, on_ack, answers);
	while (!answers->complete) {
		int r = nl_recvmsgs(socket->nl, callbacks);

		if (r < 0)
			return rtnl_errno(r);
	}
	return 0;
}

static int send_burst(struct address_socket *socket, const struct request *request, const struct prefix *list,
	size_t count, struct answers *answers)
{
	struct nl_msg *messages[BURST_MAX];
	struct iovec parts[BURST_MAX];
	size_t built = 0;
	int r = 0;

	while (built < count && (messages[built] = build(request, &list[built], built == count - 1)) != NULL) {
		struct nlmsghdr *header = nlmsg_hdr(messages[built]);

		nl_complete_msg(socket->nl, messages[built]);
		parts[built++] = (struct iovec){header, header->nlmsg_len};
	}
	if (built < count) {
		r = -ENOMEM;
	} else if (count > 0) {
		answers->first = nlmsg_hdr(messages[0])->nlmsg_seq;
		r = nl_send_iovec(socket->nl, messages[0], parts, (unsigned)count);
		r = r < 0 ? rtnl_errno(r) : 0;
	}
	while (built > 0)
		nlmsg_free(messages[--built]);
	return r;
}

/* Does one request for each of at most BURST_MAX addresses; `results` gets 0 or a negative errno for each. */
static int burst(struct address_socket *socket, const struct request *request, const struct prefix *list, size_t count,
	int *results)
{
	struct answers answers = {.count = count, .results = results};
	int r;

	memset(results, 0, count * sizeof *results);
	r = send_burst(socket, request, list, count, &answers);
	return r < 0 ? r : collect(socket, &answers);
}

/* Whether the request has reached what it is for. */
static bool is_done(const struct request *request, int result)
{
	if (request->type == RTM_DELADDR)
		return result == 0 || result == -EADDRNOTAVAIL || result == -ENODEV;
	return result == 0 || ((request->flags & NLM_F_EXCL) && result == -EEXIST);
}

/* An interface that is gone is the caller's to tell of: it is the same for each. */
static void tell_refusal(const struct request *request, const struct prefix *address, int result, unsigned *told)
{
	char text[PREFIX_TEXT_MAX];

	if (result == -ENODEV || (*told)++ >= REFUSALS_TOLD_MAX)
		return;
	log_warning("the kernel refused a change of an address", log_str("address", prefix_text(address, text)),
		log_str("change", request->type == RTM_DELADDR ? "removal" : "lease"),
		log_int("ifindex", request->ifindex), log_errno(result));
}

/* The same for any number of addresses; returns the first error. A burst without an answer has failed as a whole. */
static int bursts(struct address_socket *socket, const struct request *request, const struct prefix *list, size_t count,
	int *results)
{
	unsigned told = 0;
	int error = 0;

	for (size_t i = 0; i < count; i += BURST_MAX) {
		size_t n = MIN(count - i, BURST_MAX);
		int r = burst(socket, request, list + i, n, results + i);

		for (size_t j = i; j < i + n; j++) {
			if (r < 0)
				results[j] = r;
			if (is_done(request, results[j]))
				continue;
			tell_refusal(request, &list[j], results[j], &told);
			if (error == 0)
				error = results[j];
		}
	}
	return error;
}

/* For those who want no more than the first error. */
static int bursts_plain(
	struct address_socket *socket, const struct request *request, const struct prefix *list, size_t count)
{
	int results[BURST_MAX];
	int error = 0;

	for (size_t i = 0; i < count; i += BURST_MAX) {
		int r = bursts(socket, request, list + i, MIN(count - i, BURST_MAX), results);

		if (error == 0)
			error = r;
	}
	return error;
}

int address_remove(struct address_socket *socket, int ifindex, const struct prefix *list, size_t count)
{
	const struct request request = {.type = RTM_DELADDR, .ifindex = ifindex};

	return bursts_plain(socket, &request, list, count);
}

int address_renew(struct address_socket *socket, int ifindex, const struct prefix *list, size_t count, unsigned lease_s)
{
	const struct request request = {
		.type = RTM_NEWADDR,
		.flags = NLM_F_CREATE | NLM_F_REPLACE,
		.ifindex = ifindex,
		.lease_s = lease_s,
	};

	return bursts_plain(socket, &request, list, count);
}

int address_install(
	struct address_socket *socket, int ifindex, const struct prefix *list, size_t count, unsigned lease_s)
{
	/* Exclusive, so that the answers tell what was there before: that is not taken back when the rest fails. */
	const struct request request = {
		.type = RTM_NEWADDR,
		.flags = NLM_F_CREATE | NLM_F_EXCL,
		.ifindex = ifindex,
		.lease_s = lease_s,
	};
	const struct request taking_back = {.type = RTM_DELADDR, .ifindex = ifindex};
	AUTO_FREE int *results = calloc(MAX(count, (size_t)1), sizeof *results);
	bool some_were_there = false;
	int r;

	if (results == NULL)
		return -ENOMEM;
	r = bursts(socket, &request, list, count, results);
	for (size_t i = 0; i < count; i++)
		some_were_there |= results[i] == -EEXIST;
	if (r == 0 && some_were_there)
		r = address_renew(socket, ifindex, list, count, lease_s);
	for (size_t i = 0; r < 0 && i < count; i++) {
		if (results[i] != -EEXIST)
			(void)bursts_plain(socket, &taking_back, &list[i], 1);
	}
	return r;
}

/* Reading what is there. */

struct present {
	int ifindex;
	struct prefix address;
	bool is_ours;
};

struct dump {
	void (*fn)(void *context, const struct present *present);
	void *context;
	bool complete;
};

/* False: not an address that we could have set. */
static bool parse(struct nlmsghdr *message, struct present *ret_present)
{
	struct nlattr *attributes[IFA_MAX + 1];
	struct present present = {0};
	struct ifaddrmsg *header;
	struct nlattr *local;

	if (message->nlmsg_type != RTM_NEWADDR || nlmsg_parse(message, sizeof *header, attributes, IFA_MAX, NULL) < 0)
		return false;
	header = nlmsg_data(message);
	/* rtnetlink(7): IFA_LOCAL is the host's own where the two differ; IPv6 gives IFA_ADDRESS alone. */
	local = attributes[IFA_LOCAL] != NULL ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
	present.ifindex = (int)header->ifa_index;
	present.address.length = header->ifa_prefixlen;
	present.address.ip.family = header->ifa_family;
	if (local == NULL || ip_size(&present.address.ip) == 0 ||
		(size_t)nla_len(local) != ip_size(&present.address.ip))
		return false;
	memcpy(present.address.ip.bytes, nla_data(local), ip_size(&present.address.ip));
	present.is_ours = attributes[IFA_PROTO] != NULL && nla_len(attributes[IFA_PROTO]) == 1 &&
			  nla_get_u8(attributes[IFA_PROTO]) == ADDRESS_PROTOCOL;
	*ret_present = present;
	return true;
}

static int on_present(struct nl_msg *message, void *context)
{
	struct dump *dump = context;
	struct present present;

	if (parse(nlmsg_hdr(message), &present))
		dump->fn(dump->context, &present);
	return NL_OK;
}

static int on_dump_end(struct nl_msg *message, void *context)
{
	struct dump *dump = context;

	(void)message;
	dump->complete = true;
	return NL_OK;
}

/* -EINTR: the addresses changed meanwhile, and some may have been missed. */
static int dump_once(struct address_socket *socket, struct dump *dump)
{
	struct ifaddrmsg all = {.ifa_family = AF_UNSPEC};
	AUTO_CALLBACKS *callbacks = nl_cb_alloc(NL_CB_DEFAULT);
	int error = 0;
	int r;

	if (callbacks == NULL)
		return -ENOMEM;
	r = nl_send_simple(socket->nl, RTM_GETADDR, NLM_F_DUMP, &all, sizeof all);
	if (r < 0)
		return rtnl_errno(r);
	nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_present, dump);
	nl_cb_set(callbacks, NL_CB_FINISH, NL_CB_CUSTOM, on_dump_end, dump);
	dump->complete = false;
	while (!dump->complete) {
		r = nl_recvmsgs(socket->nl, callbacks);
		if (r < 0 && r != -NLE_DUMP_INTR)
			return rtnl_errno(r);
		if (r < 0)
			error = rtnl_errno(r);
	}
	return error;
}

/* Every address is shown at least once; one may be shown again. */
static int dump(struct address_socket *socket, void (*fn)(void *context, const struct present *present), void *context)
{
	struct dump dump = {.fn = fn, .context = context};
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < DUMP_ATTEMPTS; i++)
		r = dump_once(socket, &dump);
	return r;
}

struct search {
	int ifindex;
	const struct ip *ip;
	bool found;
};

static void on_search(void *context, const struct present *present)
{
	struct search *search = context;

	search->found |= present->ifindex == search->ifindex && ip_equal(&present->address.ip, search->ip);
}

int address_is_present(struct address_socket *socket, int ifindex, const struct prefix *address, bool *ret_present)
{
	struct search search = {.ifindex = ifindex, .ip = &address->ip};
	int r = dump(socket, on_search, &search);

	if (r < 0)
		return r;
	*ret_present = search.found;
	return 0;
}

/* What is stale is gathered first: addresses removed in the course of a dump would make it miss others. */
struct stale {
	const struct prefix *list;
	size_t list_count;
	struct present *found;
	size_t count;
	size_t capacity;
	bool failed;
};

static bool is_stale(const struct stale *stale, const struct present *present)
{
	if (present->is_ours)
		return true;
	for (size_t i = 0; i < stale->list_count; i++) {
		if (ip_equal(&stale->list[i].ip, &present->address.ip))
			return true;
	}
	return false;
}

static void on_stale_search(void *context, const struct present *present)
{
	struct stale *stale = context;

	if (!is_stale(stale, present))
		return;
	if (stale->count == stale->capacity) {
		size_t capacity = MAX((size_t)16, stale->capacity * 2);
		struct present *found = reallocarray(stale->found, capacity, sizeof *found);

		if (found == NULL) {
			stale->failed = true;
			return;
		}
		stale->found = found;
		stale->capacity = capacity;
	}
	stale->found[stale->count++] = *present;
}

static int remove_found(struct address_socket *socket, const struct stale *stale)
{
	int removed = 0;

	for (size_t i = 0; i < stale->count; i++) {
		const struct request request = {.type = RTM_DELADDR, .ifindex = stale->found[i].ifindex};
		int result;
		int r = burst(socket, &request, &stale->found[i].address, 1, &result);

		if (r == 0 && !is_done(&request, result))
			r = result;
		if (r < 0)
			return r;
		/* The dump may have shown it twice. */
		removed += result == 0;
	}
	return removed;
}

int address_remove_stale(struct address_socket *socket, const struct prefix *list, size_t count)
{
	struct stale stale = {.list = list, .list_count = count};
	int r = dump(socket, on_stale_search, &stale);

	if (r == 0 && stale.failed)
		r = -ENOMEM;
	if (r == 0)
		r = remove_found(socket, &stale);
	free(stale.found);
	return r;
}
