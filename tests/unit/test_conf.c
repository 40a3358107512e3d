/* SPDX-License-Identifier: MIT */
#include "common/model/conf.h"

#include "tests/unit/unit.h"

#include "common/pure/mono.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Two lines, so that what follows begins on the third. */
#define PAIR \
	"pair { node a { address = 192.0.2.1  priority = 150 }\n" \
	"node b { address = 192.0.2.2 } }\n"
#define POOL "pool p { server s { address = 192.0.2.21:80 } }\n"

static int parse(const char *content, struct conf **ret_conf, struct text *errors)
{
	return conf_parse("f", content, strlen(content), ret_conf, errors);
}

/* Mistakes, each with the exact lines that tell of them. */
#define BYTES(least) \
	"write " least \
	" to 1023 bytes as a text in which \\\\xHH stands for a byte, and \\\\n, \\\\r, \\\\t and \\\\\\\\ for what " \
	"they usually do\n"

static const struct {
	const char *content;
	const char *errors;
} bad[] = {
	/* Names that are not known, and what they may have been meant for. */
	{PAIR "vip w { vird = 3  vrid = 3  interface = e  addresses = { 192.0.2.100 } }\n",
		"f:3: option 'vird' is not known in section 'vip w': did you mean 'vrid'?\n"},
	{PAIR "poool p { server s { address = x } }\n",
		"f:3: section 'poool' is not known in the file: did you mean 'pool'?\n"},
	{PAIR "log { colour = yes }\n",
		"f:3: option 'colour' is not known in section 'log': there are level, connections\n"},
	{PAIR "http { listen = { 127.0.0.1:8404 } }\n", "f:3: section 'http' is not known in the file: there are pair, "
							"admin, log, resolver, forwarder, vip, service, pool\n"},
	{PAIR "include = x\n", "f:3: option 'include' is not known in the file: it has no options\n"},
	{PAIR "log { x {} y z { a = { 1 }  b { c d { } } }  level = infos }\n",
		"f:3: section 'x' is not known in section 'log': it has no sections\n"
		"f:3: section 'y' is not known in section 'log': it has no sections\n"
		"f:3: option 'level': 'infos' is not known: did you mean 'info'?\n"},
	/* What later versions have is unknown until it works. */
	{PAIR "pool p { shadow { percent = 5 } }\n",
		"f:3: section 'shadow' is not known in section 'pool p': there are queue, check, outlier, server\n"},
	{PAIR "forwarder { max-connections = 10k }\n",
		"f:3: option 'max-connections': '10k' is not a number: write a number from 0 to 100000000\n"},
	{PAIR "service s { listen = { 192.0.2.1:80 } pool = p\nmax-connections = none }\npool p { }\n",
		"f:4: option 'max-connections': 'none' is not a number: write a number from 0 to 100000000\n"},
	{PAIR "service s { listen = { 192.0.2.1:80 } pool = p\nallow = { } deny = { 192.0.2.0/33,\n2001:db8:/32, all } "
	      "}\npool p { }\n",
		"f:3: option 'allow': 0 values are too few: write { ... } with 1 to 1000000 addresses as "
		"192.0.2.100/32\n"
		"f:4: option 'deny': '192.0.2.0/33' has a prefix that is too long: write { ... } with 1 to 1000000 "
		"addresses as 192.0.2.100/32\n"
		"f:5: option 'deny': '2001:db8:/32' is not an address: write { ... } with 1 to 1000000 addresses as "
		"192.0.2.100/32\n"
		"f:5: option 'deny': 'all' is not an address: write { ... } with 1 to 1000000 addresses as "
		"192.0.2.100/32\n"},
	{PAIR "service s { listen = { 192.0.2.1:80 } pool = p\nper-source { connections = -1\nrate = 50 } }\n"
	      "service t { listen = { 192.0.2.1:81 } pool = p\nper-source { rate = 50/m } }\n"
	      "service u { listen = { 192.0.2.1:82 } pool = p\nper-source { rate = 1000001/s } }\n"
	      "service v { listen = { 192.0.2.1:83 } pool = p\nper-source { rate = /s } }\npool p { }\n",
		"f:4: option 'connections': '-1' is not a number: write a number from 0 to 100000000\n"
		"f:5: option 'rate': '50' has no unit: write 50/s\n"
		"f:7: option 'rate': '50/m' is not a rate: write a rate from 0/s to 1000000/s\n"
		"f:9: option 'rate': '1000001/s' is out of range: write a rate from 0/s to 1000000/s\n"
		"f:11: option 'rate': '/s' is not a rate: write a rate from 0/s to 1000000/s\n"},
	{PAIR "service s { listen = { 192.0.2.1:80 } pool = p bandwidth { up = 10mb\ndown = -1 } }\n"
	      "service t { listen = { 192.0.2.1:81 } pool = p bandwidth { up = m\ndown = 1025g } }\npool p { }\n",
		"f:3: option 'up': '10mb' is not a size: write a number of bytes from 0 to 1024g, with k, m or g "
		"behind it or nothing\n"
		"f:4: option 'down': '-1' is not a size: write a number of bytes from 0 to 1024g, with k, m or g "
		"behind it or nothing\n"
		"f:5: option 'up': 'm' is not a size: write a number of bytes from 0 to 1024g, with k, m or g behind "
		"it or nothing\n"
		"f:6: option 'down': '1025g' is out of range: write a number of bytes from 0 to 1024g, with k, m or g "
		"behind it or nothing\n"},
	{PAIR "service s { listen = { 192.0.2.1:80 } pool = p protocol = udp\nbandwidth { up = 1k } }\npool p { }\n",
		"f:4: section 'bandwidth' does not go with 'protocol = udp', whose datagrams would be lost: take it "
		"out\n"},
	{PAIR "pool p { balance = roundrobin }\npool q { balance = leastconn }\n",
		"f:3: option 'balance': 'roundrobin' is not known: did you mean 'round-robin'?\n"
		"f:4: option 'balance': 'leastconn' is not known: write round-robin, least-connections, "
		"random-two, source-hash or maglev\n"},
	{PAIR "pool p { slow-start = 30 }\npool q { slow-start = 25h }\n",
		"f:3: option 'slow-start': '30' has no unit: write 30s, or another of ms, s, m, h\n"
		"f:4: option 'slow-start': '25h' is out of range: write a time from 0s to 24h\n"},
	{PAIR "pool p { server s { address = 192.0.2.21:80 max-connections = -1 } }\n",
		"f:3: option 'max-connections': '-1' is not a number: write a number from 0 to 100000000\n"},
	{PAIR "pool p { queue { size = many\ntimeout = 5 } }\n",
		"f:3: option 'size': 'many' is not a number: write a number from 0 to 1000000\n"
		"f:4: option 'timeout': '5' has no unit: write 5s, or another of ms, s, m, h\n"},
	{PAIR "log { connections = some }\n", "f:3: option 'connections': 'some' is neither: write yes or no\n"},
	/* Routes. */
	{PAIR POOL "service s { listen = { 192.0.2.1:80 } }",
		"f:4: option 'pool' is missing in section 'service s': set it to the name of a pool\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 }\nroute r { server-names = { a.example } pool = q } }",
		"f:5: option 'pool': there is no pool 'q': did you mean 'p'?\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 }\nroute r { pool = p } }",
		"f:5: option 'server-names' is missing in section 'route r': set it to { ... } with 1 to 10000 names "
		"as shop.example.com, \"*.example.com\" for all that end so, or \"*\" for any\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 }\nroute r { server-names = { a.example } } }",
		"f:5: option 'pool' is missing in section 'route r': set it to the name of a pool\n"},
	{PAIR POOL
		"service s { listen = { 192.0.2.1:80 }\nroute r { server-names = { 192.0.2.7,\n\"a.*\" } pool = p } }",
		"f:5: option 'server-names': '192.0.2.7' is no name that a TLS client asks for: write { ... } with 1 "
		"to "
		"10000 names as shop.example.com, \"*.example.com\" for all that end so, or \"*\" for any\n"
		"f:6: option 'server-names': 'a.*' is no name that a TLS client asks for: write { ... } with 1 to "
		"10000 "
		"names as shop.example.com, \"*.example.com\" for all that end so, or \"*\" for any\n"},
	{PAIR POOL
		"service s { listen = { 192.0.2.1:80 }\nroute r { server-names = { a.example } alpn = { \"\" } pool = "
		"p } }",
		"f:5: option 'alpn': '' is empty: write { ... } with 0 to 64 texts of 1 to 255 characters\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 }\nroute r { server-names = { a.example,\nA.Example. } pool = "
		   "p } }",
		"f:6: option 'server-names': 'a.example' goes to 'route r' already, by line 5: take one out\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 }\nroute r { server-names = { \"*.a.example\" } pool = p }\n"
		   "route t { server-names = { \"*.a.example\" } alpn = { h2 } pool = p } }",
		"f:6: option 'server-names': '*.a.example' goes to 'route r' already, by line 5: take one out\n"},
	{PAIR POOL
		"service s { listen = { 192.0.2.1:80 }\nroute r { server-names = { a.example } pool = p alpn = { h2, x "
		"} }\nroute t { server-names = { a.example } alpn = { h2 } pool = p } }",
		"f:6: option 'server-names': 'a.example' goes to 'route r' already, by line 5: take one out\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 } pool = p\nroute r { server-names = { a.example } pool = p }\n"
		   "route r { server-names = { b.example } pool = p } }",
		"f:6: section 'route r' is there again: line 5 has one already, give this one another name\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 } pool = p protocol = udp\n"
		   "route r { server-names = { a.example } pool = p } }",
		"f:5: section 'route r' does not go with 'protocol = udp': take it out, or set 'protocol = tcp'\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 } pool = p\naccept-proxy = yes }",
		"f:5: option 'accept-proxy' without 'accept-proxy-from': whoever can connect could take any address "
		"for his own; write accept-proxy-from = { ... } with the addresses of the proxies in front\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 } pool = p\naccept-proxy-from = { 192.0.2.0/24 } }",
		"f:5: option 'accept-proxy-from' without 'accept-proxy': no header would be read, write accept-proxy = "
		"yes\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 } pool = p accept-proxy = yes\n"
		   "accept-proxy-from = { 192.0.2.0/24,\n proxy } }",
		"f:6: option 'accept-proxy-from': 'proxy' is not an address: write { ... } with 0 to 64 addresses as "
		"192.0.2.100/32\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 } pool = p protocol = udp\n"
		   "accept-proxy = yes accept-proxy-from = { 192.0.2.0/24 } }",
		"f:5: option 'accept-proxy' does not go with 'protocol = udp': the header stands before a connection's "
		"bytes; take it out\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 } pool = p timeouts {\nhello = 0s } }",
		"f:5: option 'hello': '0s' is out of range: write a time from 10ms to 1h\n"},
	{"pair {\n node a { address = 192.0.2.11\n heartbeat = { 192.0.2.11, lb } }\n node b { address = 192.0.2.12 } "
	 "}",
		"f:3: option 'heartbeat': 'lb' is not an address: write { ... } with 1 to 4 addresses as 192.0.2.1 or "
		"2001:db8::1\n"},
	{"pair {\n node a { address = 192.0.2.11\n heartbeat = { 192.0.2.11, 224.0.0.1 } }\n"
	 " node b { address = 192.0.2.12\n heartbeat = { 192.0.2.11, 2001:db8::1 } } }",
		"f:3: option 'heartbeat': 192.0.2.11 is there already: each path wants an address of its own\n"
		"f:3: option 'heartbeat': '224.0.0.1' is no address of a host: write a unicast address\n"
		"f:5: option 'heartbeat': 192.0.2.11 is there already: each path wants an address of its own\n"
		"f:5: option 'heartbeat': 2001:db8::1 is of another family than node 'a' has in its place\n"},
	{"pair {\n node a { address = 192.0.2.11\n heartbeat = { 192.0.2.21 } }\n node b { address = 192.0.2.12 } }",
		"f:4: option 'heartbeat': node 'a' has 1 and node 'b' has 0: they pair up in order, write as many for "
		"both\n"},
	/* How servers are reached. */
	{PAIR "pool p { server s {\naddress = unix:app.sock } server t {\naddress = unix:/"
	      "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
	      "0123456 } }",
		"f:4: option 'address': 'unix:app.sock' has a path that does not begin with '/': write an address or "
		"a name with its port as 192.0.2.1:80, [2001:db8::1]:80 or app1.example.com:80, or unix:/run/app.sock\n"
		"f:5: option 'address': 'unix:/0123456789012345678901234567890123456789012345678901234567...' has a "
		"path of 108 bytes: write one of at most 107, the kernel's limit\n"},
	{PAIR "pool p { check udp { send = x }\nserver s {\naddress = unix:/run/app.sock } }\n"
	      "pool q { check tcp { port = 80 } server s {\naddress = unix:/run/app.sock } }",
		"f:5: option 'address': 'check udp' does not reach a Unix socket: take another check, as 'check tcp'\n"
		"f:7: option 'address': a Unix socket has no host, on which the pool's check could go to port 80: move "
		"the server to a pool of its own\n"},
	{PAIR "pool p { send-proxy = yes\nsource = 192.0.2.300\n }\npool q {\nsource = 224.0.0.1 server s { address = "
	      "192.0.2.1:80\nsend-proxy = v3 source = \"0.0.0.0\" } }",
		"f:3: option 'send-proxy': 'yes' is not known: write none, v1 or v2\n"
		"f:4: option 'source': '192.0.2.300' is not an address: write an address as 192.0.2.1 or 2001:db8::1, "
		"or \"\"\n"
		"f:7: option 'source': '224.0.0.1' is no address of a host: write a unicast address\n"
		"f:8: option 'send-proxy': 'v3' is not known: did you mean 'v1'?\n"
		"f:8: option 'source': '0.0.0.0' is no address of a host: write a unicast address\n"},
	{PAIR "pool p { source = 192.0.2.1\nserver s { address = \"[2001:db8::1]:80\" }\n"
	      "server t { address = 192.0.2.21:80 source = 2001:db8::2 }\n"
	      "server u { address = \"[2001:db8::1]:80\" source = 2001:db8::2 } server v { address = unix:/a } }",
		"f:3: option 'source': server 's' is at an address of IPv6, which cannot be reached from one of IPv4: "
		"give it a source of its own\n"
		"f:5: option 'source': server 't' is at an address of IPv4, which cannot be reached from one of IPv6: "
		"give it a source of its own\n"},
	{PAIR "pool p { server s { address = \"[fe80::1]:80\"\nsource = fe80::2 } }\npool q {\nsource = febf::3 }\n"
	      "service s { listen = { 192.0.2.1:80,\n\"[fe80::4]:80\" } pool = p }",
		"f:3: option 'address': fe80::1 is link-local, and so an address with its interface alone, which "
		"cannot "
		"be written here: write a global or a unique local one\n"
		"f:4: option 'source': fe80::2 is link-local, and so an address with its interface alone, which cannot "
		"be written here: write a global or a unique local one\n"
		"f:6: option 'source': febf::3 is link-local, and so an address with its interface alone, which cannot "
		"be written here: write a global or a unique local one\n"
		"f:8: option 'listen': fe80::4 is link-local, and so an address with its interface alone, which cannot "
		"be written here: write a global or a unique local one\n"},
	{PAIR "pool p { send-proxy = v1 server s { address = 192.0.2.21:80 }\n"
	      "server t { address = unix:/run/app.sock send-proxy = none } }\n"
	      "service s { listen = { 192.0.2.1:80 } pool = p protocol = udp\nfast-open = yes\nkeepalive = 5s }\n",
		"f:5: option 'pool': server 's' of pool 'p' has 'send-proxy', which does not go with 'protocol = udp': "
		"the header stands before a connection's bytes; take it out\n"
		"f:5: option 'pool': server 't' of pool 'p' is a Unix socket, which does not go with 'protocol = udp': "
		"write an address with its port\n"
		"f:6: option 'fast-open' does not go with 'protocol = udp': it is a way to open connections; take it "
		"out\n"
		"f:7: option 'keepalive' does not go with 'protocol = udp': it probes connections; take it out\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 } pool = p\ntransparent = on\nfast-open = 1\n"
		   "keepalive = 1500ms }",
		"f:5: option 'transparent': 'on' is neither: write yes or no\n"
		"f:6: option 'fast-open': '1' is neither: write yes or no\n"
		"f:7: option 'keepalive': '1500ms' is between two steps: write a time from 0s to 9h in steps of 1s\n"},
	{PAIR "vip v { vrid = 1 interface = eth0 addresses = { 192.0.2.100/32 } authentication = none\n"
	      "rollout = permissive }",
		"f:4: option 'rollout': it goes with authentication = hmac only: take it out\n"},
	{PAIR "vip v { vrid = 1 interface = eth0 addresses = { 192.0.2.100/32 }\nrollout = permit }",
		"f:4: option 'rollout': 'permit' is not known: write enforce, permissive or receive-only\n"},
	/* Repeats. */
	{PAIR "log { level = info\nlevel = info }\n",
		"f:4: option 'level' is set again in section 'log': line 3 has it already, keep one\n"},
	{PAIR "log { }\nlog { }\n", "f:4: section 'log' is there again: line 3 has one already, keep one\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 }\nlisten = { 192.0.2.1:81 } pool = p }",
		"f:5: option 'listen' is set again in section 'service s': line 4 has it already, keep one\n"},
	{PAIR POOL "service s { listen = { 192.0.2.1:80 }\nlisten = { } pool = p }",
		"f:4: option 'listen' is set again in section 'service s': line 4 has it already, keep one\n"},
	{PAIR POOL "\n" POOL,
		"f:5: section 'pool p' is there again: line 3 has one already, give this one another name\n"},
	{PAIR "pool p { server s { address = 192.0.2.21:80 }\nserver s { address = 192.0.2.22:80 } }\n",
		"f:4: section 'server s' is there again: line 3 has one already, give this one another name\n"},
	{PAIR "pool p { check tcp { }\ncheck http { } }\n",
		"f:4: section 'check http' is there again: line 3 has one already, keep one\n"},
	/* What is missing. */
	{"", "f:1: section 'pair' is missing in the file: write pair { ... }\n"},
	{"\npair { }", "f:2: section 'node' is missing in section 'pair': write node NAME { ... }\n"},
	{PAIR "\nvip w { }\n",
		"f:4: option 'vrid' is missing in section 'vip w': set it to a number from 1 to 255\n"
		"f:4: option 'interface' is missing in section 'vip w': set it to a text of 1 to 15 characters\n"
		"f:4: option 'addresses' is missing in section 'vip w': set it to { ... } with 1 to 255 addresses as "
		"192.0.2.100/32\n"},
	{PAIR "pool p { server s { weight = 0 } }",
		"f:3: option 'address' is missing in section 'server s': set it to an address or a name with its port "
		"as 192.0.2.1:80, [2001:db8::1]:80 or app1.example.com:80, or unix:/run/app.sock\n"},
	{PAIR POOL "service s { listen = { }  pool = p }", "f:4: option 'listen': 0 values are too few: write { ... } "
							   "with 1 to 1024 addresses, each with its port "
							   "as 192.0.2.1:80 or [2001:db8::1]:80\n"},
	/* Values. */
	{"pair { key-id = 0\nstate-port = 65536\nkey-file = pair.key\n"
	 "node a { address = 192.0.2.1:80\npriority = -1 } node b { address = 192.0.2.2 } }",
		"f:1: option 'key-id': '0' is out of range: write a number from 1 to 255\n"
		"f:2: option 'state-port': '65536' is out of range: write a number from 1 to 65535\n"
		"f:3: option 'key-file': 'pair.key' does not begin with '/': write a path that begins with '/', of at "
		"most 4095 characters without blanks\n"
		"f:4: option 'address': '192.0.2.1:80' is not an address: write an address as 192.0.2.1 or "
		"2001:db8::1\n"
		"f:5: option 'priority': '-1' is not a number: write a number from 1 to 255\n"},
	{PAIR "vip w { vrid = 1  interface = interface0123456\n"
	      "advert-interval = 100\n lease = 2\n preempt-delay = 1.5s\n garp { refresh = 1d } preempt = true\n"
	      "authentication = hmca\n addresses = { 192.0.2.100/33,\n x } }",
		"f:3: option 'interface': 'interface0123456' is too long: write a text of 1 to 15 characters\n"
		"f:4: option 'advert-interval': '100' has no unit: write 100ms, or another of ms, s, m, h\n"
		"f:5: option 'lease': '2' has no unit: write 2s, or another of ms, s, m, h\n"
		"f:6: option 'preempt-delay': '1.5s' is not a time: write a time from 0s to 24h\n"
		"f:7: option 'preempt': 'true' is neither: write yes or no\n"
		"f:7: option 'refresh': '1d' is not a time: write a time from 0s to 24h\n"
		"f:8: option 'authentication': 'hmca' is not known: did you mean 'hmac'?\n"
		"f:9: option 'addresses': '192.0.2.100/33' has a prefix that is too long: write { ... } with 1 to 255 "
		"addresses as 192.0.2.100/32\n"
		"f:10: option 'addresses': 'x' is not an address: write { ... } with 1 to 255 addresses as "
		"192.0.2.100/32\n"},
	{PAIR "vip w { vrid = 1  interface = e  addresses = { 192.0.2.100 }\n"
	      "advert-interval = 9ms  lease = 0s }\n"
	      "vip x { vrid = 2  interface = e  addresses = { 192.0.2.101 }\n"
	      "advert-interval = 41s  lease = 1500ms }\n"
	      "vip y { vrid = 3  interface = e  addresses = { 192.0.2.102 }\n"
	      "advert-interval = 15ms  lease = 99999999999999999999h }\n",
		"f:4: option 'advert-interval': '9ms' is out of range: write a time from 10ms to 40s in steps of 10ms\n"
		"f:4: option 'lease': '0s' is out of range: write a time from 1s to 1h in steps of 1s\n"
		"f:6: option 'advert-interval': '41s' is out of range: write a time from 10ms to 40s in steps of 10ms\n"
		"f:6: option 'lease': '1500ms' is between two steps: write a time from 1s to 1h in steps of 1s\n"
		"f:8: option 'advert-interval': '15ms' is between two steps: write a time from 10ms to 40s in steps of "
		"10ms\n"
		"f:8: option 'lease': '99999999999999999999h' is out of range: write a time from 1s to 1h in steps of "
		"1s\n"},
	{PAIR "forwarder { threads = 64 }\n",
		"f:3: option 'threads': '64' is out of range: write auto, or a number from 1 to 63\n"},
	{PAIR "pool p { server s { address = 192.0.2.1  weight = 257 } }",
		"f:3: option 'address': '192.0.2.1' is neither an address nor a name with a port: write an address or "
		"a "
		"name with its port as 192.0.2.1:80, [2001:db8::1]:80 or app1.example.com:80, or unix:/run/app.sock\n"
		"f:3: option 'weight': '257' is out of range: write a number from 0 to 256\n"},
	{PAIR "pool p { check http { path = healthz\n expect-status = 399-200\nhost = \"a b\" } }",
		"f:3: option 'path': 'healthz' does not begin with '/': write a path that begins with '/', of at most "
		"1023 characters without blanks\n"
		"f:4: option 'expect-status': '399-200' runs backwards: write a status from 100 to 599, or a range as "
		"200-399\n"
		"f:5: option 'host': 'a b' cannot be a Host: write a name as www.example.com\n"},
	{PAIR "pool p { check http { expect-status = 99-200 } }",
		"f:3: option 'expect-status': '99-200' is not a status: write a status from 100 to 599, or a range as "
		"200-399\n"},
	{PAIR "pool p { check tcp { expect-status = 200\n rise = 0 } }",
		"f:3: option 'expect-status' does not go with 'check tcp': it is for 'check http'\n"
		"f:4: option 'rise': '0' is out of range: write a number from 1 to 1000\n"},
	{PAIR "pool p { check htpt { path = / } }\n pool q { check icmp { } }",
		"f:3: section 'check htpt' is not known: did you mean 'check http'?\n"
		"f:4: section 'check icmp' is not known: there are tcp, tls, http, script, udp, agent\n"},
	{PAIR "pool p { check tcp { host = x\n tls = yes } }",
		"f:3: option 'host' does not go with 'check tcp': it is for 'check http' or 'check tls'\n"
		"f:4: option 'tls' does not go with 'check tcp': it is for 'check http'\n"},
	{PAIR "pool p { check http {\n verify = yes } }\npool q { check tls { ca-file = /a } }",
		"f:3: option 'verify' without 'tls': there is no certificate to verify, write tls = yes\n"
		"f:5: option 'ca-file' without 'verify': nobody would be checked by it, write verify = yes\n"},
	{PAIR "pool p { check tls { verify = yes\n ca-file = a.pem } }",
		"f:4: option 'ca-file': 'a.pem' does not begin with '/': write a path, or \"\" for this system's\n"},
	{PAIR "pool p { check script { interval = 1s } }", "f:3: option 'command' is missing in section 'check "
							   "script': set it to a path that begins with '/', of at "
							   "most 4095 characters without blanks\n"},
	{PAIR "pool p { check udp { send = \"\\\\q\"\n expect = '\\\\x1' } }",
		"f:3: option 'send': '\\q' has a backslash that begins nothing: " BYTES(
			"1") "f:4: option 'expect': '\\x1' has a backslash that begins nothing: " BYTES("0")},
	{PAIR "pool p { check udp { send = \"\" } check agent { rise = 1 } }",
		"f:3: option 'send': '' is too short: " BYTES(
			"1") "f:3: option 'rise' does not go with 'check agent': it is for 'check tcp' or 'check tls' "
			     "or 'check http' or "
			     "'check script' or 'check udp'\n"
			     "f:3: option 'port' is missing in section 'check agent': set it to the agent's port, a "
			     "number from 1 to "
			     "65535\n"},
	{PAIR "pool p { server s { address = app1.example.com } }",
		"f:3: option 'address': 'app1.example.com' is neither an address nor a name with a port: write an "
		"address or a name with its port as 192.0.2.1:80, [2001:db8::1]:80 or app1.example.com:80, or "
		"unix:/run/app.sock\n"},
	{PAIR "pool p { server s { address = 192.0.2.300:80 } }",
		"f:3: option 'address': '192.0.2.300:80' is neither an address nor a name with a port: write an "
		"address or a name with its port as 192.0.2.1:80, [2001:db8::1]:80 or app1.example.com:80, or "
		"unix:/run/app.sock\n"},
	{PAIR "resolver { timeout = 5 }",
		"f:3: option 'timeout': '5' has no unit: write 5s, or another of ms, s, m, h\n"},
	{PAIR "resolver { tries = 0 }", "f:3: option 'tries': '0' is out of range: write a number from 1 to 10\n"},
	{PAIR "resolver { servers = { 192.0.2.1 } }",
		"f:3: option 'servers': '192.0.2.1' is not an address with a port: write { ... } with 0 to 8 "
		"addresses, each with its port as 192.0.2.1:80 or [2001:db8::1]:80\n"},
	{PAIR "admin { }",
		"f:3: option 'listen' is missing in section 'admin': set it to { ... } with 1 to 8 addresses, "
		"each with its port as 192.0.2.1:80 or [2001:db8::1]:80\n"},
	{PAIR "admin { listen = 8404 }",
		"f:3: option 'listen': '8404' is not an address with a port: write { ... } with 1 to 8 addresses, each "
		"with its port as 192.0.2.1:80 or [2001:db8::1]:80\n"},
	{PAIR "admin { listen = 127.0.0.1:80 }\nadmin { listen = 127.0.0.1:81 }",
		"f:4: section 'admin' is there again: line 3 has one already, keep one\n"},
	{PAIR "pool p { }\nadmin { listen = 127.0.0.1:80 }\nservice s { listen = 127.0.0.1:80 pool = p }",
		"f:5: option 'listen': 127.0.0.1:80 stands in line 4 already, for 'admin': take one out\n"},
	{PAIR "pool p { outlier { }\n outlier { } }",
		"f:4: section 'outlier' is there again: line 3 has one already, keep one\n"},
	{PAIR "pool p { on-down = pool\nserver s { address = 192.0.2.21:80 on-down = resett } }",
		"f:3: option 'on-down': 'pool' is not known: write keep or reset\n"
		"f:4: option 'on-down': 'resett' is not known: did you mean 'reset'?\n"},
	{PAIR "pool p { outlier { max-ejected = 101 } }",
		"f:3: option 'max-ejected': '101' is out of range: write a number from 0 to 100\n"},
	{PAIR "pool p { server \"a#2\" { address = 192.0.2.21:80 } }\n",
		"f:3: section 'server a#2': that is no name: write up to 63 letters, digits and '-_.', a letter or "
		"digit "
		"first\n"},
	{PAIR "pool -p { }\npool \"a b\" { }\npool p/q { }\n",
		"f:3: section 'pool -p': that is no name: write up to 63 letters, digits and '-_.', a letter or digit "
		"first\n"
		"f:4: section 'pool a b': that is no name: write up to 63 letters, digits and '-_.', a letter or digit "
		"first\n"
		"f:5: section 'pool p/q': that is no name: write up to 63 letters, digits and '-_.', a letter or digit "
		"first\n"},
	/* What does not go together. */
	{"pair { node a { address = 192.0.2.1 }\nnode b { address = 192.0.2.1 } }",
		"f:2: option 'address': node 'a' has 192.0.2.1 already: each node wants its own\n"},
	{"pair { node a { address = 192.0.2.1 } node b { address = 192.0.2.2 } }", ""},
	{"pair { node a { address = 192.0.2.1 priority = 255 }\nnode b { address = 192.0.2.2 priority = 255 } }",
		"f:2: option 'priority': node 'a' owns the addresses already (255): only one node can\n"},
	{PAIR "log { }", ""},
	{"pair { node a { address = 192.0.2.1 priority = 3 } node b { address = 192.0.2.2 }\n"
	 "node c { address = 192.0.2.3 } }",
		"f:2: section 'node c' is one too many: a pair has two nodes\n"},
	{"pair { node a { address = 192.0.2.1 } }\nvip w { vrid = 1 interface = e addresses = { 192.0.2.100 } }",
		"f:1: section 'pair' has one node only, and 'vip w' needs two to move between: write the other node\n"},
	{"pair { node a { address = 0.0.0.0 }\nnode b { address = ff02::12 priority = 1 } }",
		"f:1: option 'address': '0.0.0.0' is no address of a host: write a unicast address\n"
		"f:2: option 'address': 'ff02::12' is no address of a host: write a unicast address\n"},
	{PAIR "vip w { vrid = 1 interface = e addresses = { 192.0.2.100, 192.0.2.101,\n192.0.2.100 } }\n"
	      "vip x { vrid = 1 interface = e addresses = { 192.0.2.101 } }\n"
	      "vip y { vrid = 1 interface = f addresses = { 192.0.2.102 } }\n",
		"f:4: option 'addresses': 192.0.2.100 stands in line 3 already, for 'vip w': take one out\n"
		"f:5: option 'addresses': 192.0.2.101 stands in line 3 already, for 'vip w': take one out\n"
		"f:5: option 'vrid': 'vip w' has 1 on e already, in line 3: take another number\n"},
	{PAIR "vip w { vrid = 1 interface = e/f addresses = { 192.0.2.1,\n192.0.2.0/24,\n2001:db8::1/64,\n224.0.0.18 } "
	      "}\n",
		"f:3: option 'interface': 'e/f' cannot be an interface: write its name as `ip link` has it\n"
		"f:3: option 'addresses': 192.0.2.1 is the own address of node 'a': a VIP is an address of no node\n"
		"f:4: option 'addresses': 192.0.2.0/24: a VIP is a single address, so that its removal never takes the "
		"node's own with it: write 192.0.2.0/32\n"
		"f:5: option 'addresses': 2001:db8::1/64: a VIP is a single address, so that its removal never takes "
		"the "
		"node's own with it: write 2001:db8::1/128\n"
		"f:6: option 'addresses': '224.0.0.18' is no address of a host: write a unicast address\n"},
	{PAIR "vip w { vrid = 1 interface = e addresses = { 192.0.2.100 } version = 2 }\n",
		"f:3: option 'authentication': version 2 cannot carry hmac: write none or password\n"
		"f:3: option 'advert-interval': version 2 knows whole seconds only: write 1s or more\n"},
	{PAIR "vip w { vrid = 1 interface = e\naddresses = { 2001:db8::1 }\nversion = 2 authentication = password "
	      "checksum = rfc9568\nadvert-interval = 1500ms }\n",
		"f:4: option 'addresses': version 2 is for IPv4 alone: take the IPv6 addresses out, or write version = "
		"3\n"
		"f:5: option 'checksum': version 2 has one form only: write auto, or take it out\n"
		"f:5: option 'authentication': there is no password: write password = \"...\", 1 to 8 characters\n"
		"f:6: option 'advert-interval': version 2 knows whole seconds only: write 1s or more\n"},
	{PAIR "vip w { vrid = 1 interface = e addresses = { 192.0.2.100 }\nauthentication = password\npassword = x }\n"
	      "vip x { vrid = 2 interface = e addresses = { 192.0.2.101 }\npassword = x }\n",
		"f:4: option 'authentication': version 3 knows no password: write hmac or none, or version = 2\n"
		"f:7: option 'password': it goes with authentication = password only: take it out\n"},
	{PAIR "vip w { vrid = 1 interface = e addresses = { 192.0.2.100, 2001:db8::1 }\nunicast = yes }\n",
		"f:4: option 'unicast': the vip has IPv6 addresses and node 'a' has none to send its adverts to: write "
		"unicast = no, or make a vip of its own of them\n"},
	{PAIR "service s { listen = { 192.0.2.100:80, [::1]:80 } pool = blu }\n"
	      "service t { listen = { 192.0.2.100:81,\n[::1]:80 } pool = green }\npool blue { }\n",
		"f:3: option 'pool': there is no pool 'blu': did you mean 'blue'?\n"
		"f:5: option 'pool': there is no pool 'green': write a section 'pool green'\n"
		"f:5: option 'listen': [::1]:80 stands in line 3 already, for 'service s': take one out\n"},
	{PAIR "service s { listen = { 192.0.2.100:80 } pool = { p:90,\nq:1001,\np:10, :5, p:x, p: } }\npool p { }\n",
		"f:4: option 'pool': 'q:1001' has a share that is out of range: write the name of a pool, or { ... } "
		"with up to 16 pools, each with its share from 0 to 1000 as blue:90\n"
		"f:5: option 'pool': ':5' is no pool with its share: write the name of a pool, or { ... } with up to "
		"16 pools, each with its share from 0 to 1000 as blue:90\n"
		"f:5: option 'pool': 'p:x' is no pool with its share: write the name of a pool, or { ... } with up to "
		"16 pools, each with its share from 0 to 1000 as blue:90\n"
		"f:5: option 'pool': 'p:' is no pool with its share: write the name of a pool, or { ... } with up to "
		"16 pools, each with its share from 0 to 1000 as blue:90\n"},
	{PAIR "service s { listen = { 192.0.2.100:80 } pool = { p:90,\nq:10,\np:10 } }\n"
	      "service t { listen = { 192.0.2.100:81 } pool = { p:0 } }\n"
	      "service u { listen = { 192.0.2.100:82 } pool = { } }\n"
	      "service v { listen = { 192.0.2.100:83 } pool = { p:90, o:10 }\nbackup-pool = o }\n"
	      "pool p { } pool o { }\n",
		"f:4: option 'pool': there is no pool 'q': did you mean 'p'?\n"
		"f:5: option 'pool': 'p' has a share already: give it one, and other pools theirs\n"
		"f:6: option 'pool': no pool has a share that is above 0: give one of them 1 at least\n"
		"f:7: option 'pool': 0 values are too few: write the name of a pool, or { ... } with up to 16 pools, "
		"each with its share from 0 to 1000 as blue:90\n"
		"f:9: option 'backup-pool': 'o' is the service's pool already: name another, or take it out\n"},
	{PAIR "service s { listen = { 192.0.2.100:80 } pool = blue backup-pool = grene }\n"
	      "service t { listen = { 192.0.2.100:81 } pool = blue\nbackup-pool = blue }\n"
	      "pool blue { server s { address = 192.0.2.21:80 backup = maybe } }\npool green { }\n",
		"f:3: option 'backup-pool': there is no pool 'grene': did you mean 'green'?\n"
		"f:5: option 'backup-pool': 'blue' is the service's pool already: name another, or take it out\n"
		"f:6: option 'backup': 'maybe' is neither: write yes or no\n"},
	{PAIR POOL "service web { listen = { 192.0.2.100:80 } pool = p }\n"
		   "vip w { vrid = 1 interface = e addresses = { 192.0.2.101 }\n"
		   "track-interface eth0.10 { penalty = fault } track-interface e/f { }\n"
		   "track-gateway 192.0.2.1 { interval = 9ms } track-gateway 2001:db8::1 { } track-gateway gw { }\n"
		   "track-gateway 224.0.0.18 { penalty = 255 }\n"
		   "track-service web { penalty = 0 } track-service wbe { }\n"
		   "track-script /usr/bin/true { penalty = 10 timeout = 1 } track-script true { fall = 0 } }\n",
		"f:6: section 'track-interface e/f': that cannot be an interface: write its name as `ip link` has it\n"
		"f:7: option 'interval': '9ms' is out of range: write a time from 10ms to 1h\n"
		"f:7: section 'track-gateway gw': that is no address: write one as 192.0.2.1 or 2001:db8::1\n"
		"f:8: option 'penalty': '255' is out of range: write fault, or a number from 1 to 254\n"
		"f:8: option 'track-gateway': '224.0.0.18' is no address of a host: write a unicast address\n"
		"f:9: option 'penalty': '0' is out of range: write fault, or a number from 1 to 254\n"
		"f:9: section 'track-service wbe': there is no such service: did you mean 'web'?\n"
		"f:10: option 'timeout': '1' has no unit: write 1s, or another of ms, s, m, h\n"
		"f:10: section 'track-script true': that is no path: write one that begins with '/', of at most 255 "
		"characters without blanks\n"
		"f:10: option 'fall': '0' is out of range: write a number from 1 to 100\n"},
	{PAIR "pool p { server s { address = 0.0.0.0:80 } }\n",
		"f:3: option 'address': '0.0.0.0' is no address of a host: write a unicast address\n"},
	{PAIR POOL "service s { listen = { 192.0.2.100:53 } pool = p protocol = upd }",
		"f:4: option 'protocol': 'upd' is not known: did you mean 'udp'?\n"},
	{PAIR POOL "service s { listen = { 192.0.2.100:53 } pool = p protocol = udp\n"
		   "timeouts { connect = 1s\nhalf-close = 1s idle = 3s } udp { answers = 1000001 } }",
		"f:5: option 'connect' does not go with 'protocol = udp', whose sessions know 'idle' alone: take it "
		"out\n"
		"f:6: option 'answers': '1000001' is out of range: write a number from 0 to 1000000\n"
		"f:6: option 'half-close' does not go with 'protocol = udp', whose sessions know 'idle' alone: take it "
		"out\n"},
	{PAIR POOL "service s { listen = { 192.0.2.100:53 } pool = p\nudp { answers = 1 } }",
		"f:5: option 'answers' does not go with 'protocol = tcp': set 'protocol = udp', or take it out\n"},
	{PAIR POOL "service s { listen = { 192.0.2.100:53 } pool = p protocol = udp }\n"
		   "service t { listen = { 192.0.2.100:53 } pool = p protocol = udp }\n",
		"f:5: option 'listen': 192.0.2.100:53 stands in line 4 already, for 'service s': take one out\n"},
	/* The traps of the lexer: what it would drop or replace without a word. */
	{PAIR "pool p { check http { host = *.x } }\n", "f:3: '*.x': a value with '*' must be quoted: \"...\"\n"},
	{PAIR "log { level = ${HOME} }\n",
		"f:3: '${': variables are not replaced here: put the value in single quotes\n"},
	{PAIR "log { level = \"${HOME}\" }\n",
		"f:3: variables are not replaced here: write '${' as '\\${', or take single quotes\n"},
	{PAIR "pool p { check http { path = /a//b } }\n", "f:3: '/a//b': a value with '//' must be quoted: \"...\"\n"},
	{PAIR "pool p { check http { path = /a#b } }\n", "f:3: '/a#b': a value with '#' must be quoted: \"...\"\n"},
	{PAIR "// a comment\n", "f:3: '//': a comment begins with '#', a value like this wants quotes\n"},
	{PAIR "/* a comment */\n", "f:3: '/*': a comment begins with '#', a value like this wants quotes\n"
				   "f:3: '*/': a value with '*' must be quoted: \"...\"\n"},
	{PAIR "include(\"/etc/passwd\")\n", "f:3: 'include(': a value with '(' must be quoted: \"...\"\n"
					    "f:3: ')': a value with ')' must be quoted: \"...\"\n"},
	{PAIR POOL "service s { listen += { 192.0.2.1:80 } pool = p }\n",
		"f:4: '+': a value with '+' must be quoted: \"...\"\n"},
	{PAIR "pair|key-id = 3\n", "f:3: 'pair|key-id': a value with '|' must be quoted: \"...\"\n"},
	{PAIR "log { level = \"info\n }\n", "f:3: a quote is opened and not closed on this line: close it with \"\n"},
	{PAIR "log { level = \"in\\x66o\" }\n", "f:3: '\\x' means nothing here: write a backslash as '\\\\'\n"},
	{PAIR "log { level = in\vfo }\n", "f:3: a control character (0x0b) stands here: take it out\n"},
	/* A syntax error ends the list; what came before it is told too, and nothing is missed. */
	{PAIR "log { level = 3 }\nvip w {\nvrid 51 }\nlog { level = 4 }\n",
		"f:3: option 'level': '3' is not known: write error, warning, info or debug\n"
		"f:5: option 'vrid' has no '=' after it: write vrid = VALUE\n"},
	{PAIR "vip w { vrid = 51\n", "f:3: a '{' is opened here and never closed: a '}' is missing\n"},
	{PAIR "log {", "f:3: a '{' is opened here and never closed: a '}' is missing\n"},
	{PAIR "vip w {\nvrid =\n",
		"f:5: the file ends in the middle of a section or an option: something is missing\n"},
	{PAIR "vip w {\naddresses = {\n",
		"f:5: the file ends in the middle of a section or an option: something is missing\n"},
	{PAIR "}\n", "f:3: a '}' closes nothing: take it out\n"},
	{PAIR "vip { }\n", "f:3: section 'vip' has no name: write vip NAME { ... }\n"},
	{PAIR "\"pair|key-id\" = 3\n", "f:3: syntax error: no sub-section title/index for 'pair'\n"},
	{PAIR "log level = info\n", "f:3: section 'log' has no '{' where it should begin\n"},
	{PAIR "log { level = info=b }\n", "f:3: '=' does not belong here: a value with blanks or '=' must be quoted, "
					  "those of a list stand between { "
					  "and } with commas\n"},
	{PAIR "log { level = { info } }\n", "f:3: '{' does not belong here: a value with blanks or '=' must be quoted, "
					    "those of a list stand between { "
					    "and } with commas\n"},
};

static void mistakes_are_told_with_their_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct conf *conf = NULL;
		AUTO_TEXT errors = {0};
		int r = parse(bad[i].content, &conf, &errors);

		assert_string_equal(text_get(&errors), bad[i].errors);
		assert_int_equal(r, *bad[i].errors != '\0' ? -EINVAL : 0);
		assert_int_equal(conf != NULL, r == 0);
		conf_free(conf);
	}
}

static const char *const good[] = {
	PAIR,
	"pair { node only { address = 2001:db8::1 } }",
	"pair{key-id=7 state-port=1 node a{address=192.0.2.1 priority=255}node b{address=192.0.2.2 priority=1}}",
	PAIR "pool empty { }\nservice s { listen = { 0.0.0.0:80, [::]:80 }  pool = empty  retries = 0 }\n",
	PAIR
	"# \xc3\xa9 * ${x} \" '\r\npool p { check http { expect-body = \"*\\\"\\\\\\${a}(=)#|//\"\r\n host = 'x' } }",
	PAIR "pool p { check http { path = \"/a//b\"  host = \"\" } }",
	PAIR "pool p { check http { expect-body = '${HOME}'  expect-status = 204 } }",
	PAIR "pool p { check tls { verify = yes ca-file = /a host = x } } pool q { check http { tls = yes } }",
	PAIR "service s { listen = { 0.0.0.0:80 }  pool = p  backup-pool = q }\nservice t { listen = { 0.0.0.0:81 }  "
	     "pool = p backup-pool = \"\" }\npool p { server s { address = 192.0.2.21:80 backup = yes } }\npool q { "
	     "}\n",
	PAIR
	"service s { listen = { 0.0.0.0:80 } pool = { p:90, q:10 } }\nservice t { listen = { 0.0.0.0:81 } pool = { "
	"p } }\n"
	"service u { listen = { 0.0.0.0:82 } pool = p:7 }\nservice v { listen = { 0.0.0.0:83 } pool = { q, p:0 } "
	"}\n"
	"pool p { } pool q { }",
	PAIR "pool p { on-down = reset server s { address = 192.0.2.21:80 on-down = keep } }",
	PAIR "pool p { check script { command = /bin/true argument = \"a b\" } }",
	PAIR "pool p { check udp { send = \"\\\\x00a\\\\\\\\ \\\\n\" expect = \"\\\\xfF\" } check agent { port = 1 } }",
	PAIR POOL
	"service s { listen = 192.0.2.1:80 pool = p allow = { 0.0.0.0/0, ::/0, 10.1.2.3 } deny = 203.0.113.0/24 "
	"per-source { connections = 100 rate = 50/s } }\nservice t { listen = 192.0.2.1:81 pool = p "
	"per-source { rate = 0 } bandwidth { up = 1536 down = 10m } }",
	PAIR "pool p { outlier { } } pool q { outlier { failures = 1 max-ejected = 100 } }",
	PAIR "vip w { vrid = 255 interface = e addresses = { 192.0.2.100, } lease = 60m advert-interval = 40s }",
	PAIR
	"vip w { vrid = 1 interface = e addresses = { 192.0.2.100, 2001:db8::1 } }\n"
	"vip x { vrid = 2 interface = e addresses = { 2001:db8::2, fe80::2, 192.0.2.101 } checksum = pseudo-header }\n"
	"vip y { vrid = 3 interface = e addresses = { 192.0.2.102 } version = 2 advert-interval = 2s\n"
	"authentication = password password = \"a b\" unicast = yes }",
	PAIR POOL
	"service s { listen = 192.0.2.1:80  pool = p }\n"
	"vip w { vrid = 1 interface = e addresses = 192.0.2.100 track-interface eth0.1@x { penalty = fault }\n"
	"track-gateway 2001:db8::1 { } track-gateway 192.0.2.9 { fall = 1 } track-service s { }\n"
	"track-script /a/b-c { } track-script \"/a+b(c)\" { penalty = 1 } }",
	PAIR "admin { listen = { 127.0.0.1:8404, [::1]:8404 } }",
	PAIR "pool p { server s { address = app1.example.com:80 } server t { address = \"_a-b.:1\" } }",
	PAIR "resolver { servers = { 192.0.2.1:53, [::1]:5353 } timeout = 100ms tries = 10 }",
	PAIR "log\n{\nlevel\n=\ndebug\n}\nforwarder { threads = 2 }",
	PAIR POOL "service s { listen = 192.0.2.1:80  pool = p  timeouts { idle = 0 connect = 0s } }",
	PAIR POOL "service s { listen = 192.0.2.1:53  pool = p  protocol = udp  udp { answers = 1 } }\n"
		  "service t { listen = 192.0.2.1:53  pool = p  protocol = tcp }",
};

static void good_ones_show_as_the_same_configuration(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct conf *conf = NULL, *again = NULL;
		AUTO_TEXT errors = {0};
		AUTO_TEXT shown = {0};
		AUTO_TEXT shown_again = {0};

		assert_int_equal(parse(good[i], &conf, &errors), 0);
		assert_string_equal(text_get(&errors), "");
		conf_show(conf, &shown);
		assert_int_equal(parse(text_get(&shown), &again, &errors), 0);
		conf_show(again, &shown_again);
		assert_string_equal(text_get(&shown), text_get(&shown_again));
		assert_int_equal(strlen(conf->hash), CONF_HASH_SIZE - 1);
		assert_string_equal(conf->hash, again->hash);
		conf_free(conf);
		conf_free(again);
	}
}

/* RFC 9568 5.2.9: the first IPv6 address of an advert is link-local. */
static void ipv6_begins_with_a_link_local_address(void **state)
{
	static const char *const expected[][4] = {
		{"192.0.2.100/32", "fe80::200:5eff:fe00:233/128", "2001:db8::1/128", NULL},
		{"192.0.2.101/32", "fe80::2/128", "2001:db8::2/128", NULL},
		{"192.0.2.102/32", NULL},
	};
	struct conf *conf = NULL;
	AUTO_TEXT errors = {0};

	(void)state;
	assert_int_equal(
		parse(PAIR "vip a { vrid = 51 interface = e addresses = { 192.0.2.100, 2001:db8::1 } }\n"
			   "vip b { vrid = 52 interface = e addresses = { 2001:db8::2, fe80::2, 192.0.2.101 } }\n"
			   "vip c { vrid = 53 interface = e addresses = { 192.0.2.102 } }\n",
			&conf, &errors),
		0);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		const struct vip_conf *vip = &conf->vips[i];
		char text[PREFIX_TEXT_MAX];

		for (size_t k = 0; k < vip->address_count; k++) {
			assert_non_null(expected[i][k]);
			assert_string_equal(prefix_text(&vip->addresses[k], text), expected[i][k]);
		}
		assert_null(expected[i][vip->address_count]);
		assert_int_equal(vip->has_ipv6, i < 2);
		assert_true(vip->has_ipv4);
	}
	conf_free(conf);
}

static void defaults_fill_what_is_not_there(void **state)
{
	struct conf *conf = NULL;
	AUTO_TEXT errors = {0};
	const struct vip_conf *vip;
	const struct pool_conf *pool;

	(void)state;
	assert_int_equal(parse(PAIR "vip w { vrid = 51 interface = eth0 addresses = { 192.0.2.100 } }\n"
				    "service s { listen = { 192.0.2.100:80 } pool = p }\n"
				    "service u { listen = { 192.0.2.100:80 } pool = p protocol = udp\n"
				    "timeouts { connect = 3s } }\n"
				    "service v { listen = { 192.0.2.100:81 } pool = p protocol = udp timeouts { idle = "
				    "10m } }\n"
				    "pool p { check http { } server x { address = [2001:db8::1]:8080 } } pool q { }",
				 &conf, &errors),
		0);
	assert_string_equal(conf->pair.key_file, "/etc/lbpair/pair.key");
	assert_int_equal(conf->pair.key_id, 1);
	assert_int_equal(conf->pair.state_port, 3780);
	assert_int_equal(conf->pair.nodes[1].priority, 100);
	assert_int_equal(conf->log.level, LOG_LEVEL_INFO);
	assert_int_equal(conf->forwarder.threads, 0);
	assert_int_equal(conf->forwarder.max_connections, 100000);
	assert_int_equal(conf->services[0].max_connections, 0);
	vip = conf_find_vip(conf, "w");
	assert_non_null(vip);
	assert_int_equal(vip->addresses[0].length, 32);
	assert_int_equal(vip->advert_interval_ns, 100 * NS_PER_MS);
	assert_int_equal(vip->authentication, VIP_AUTHENTICATION_HMAC);
	assert_true(vip->preempt);
	assert_int_equal(vip->preempt_delay_ns, 0);
	assert_int_equal(vip->lease_ns, 2 * NS_PER_S);
	assert_int_equal(vip->garp.count, 5);
	assert_int_equal(vip->garp.interval_ns, 200 * NS_PER_MS);
	assert_int_equal(vip->garp.refresh_ns, 60 * NS_PER_S);
	assert_int_equal(conf->services[0].timeouts.connect_ns, 3 * NS_PER_S);
	assert_int_equal(conf->services[0].timeouts.idle_ns, 600 * NS_PER_S);
	assert_int_equal(conf->services[0].timeouts.half_close_ns, 30 * NS_PER_S);
	assert_int_equal(conf->services[0].retries, 2);
	assert_int_equal(conf->services[1].timeouts.idle_ns, 60 * NS_PER_S);
	assert_int_equal(conf->services[1].udp.answers, 0);
	assert_int_equal(conf->services[2].timeouts.idle_ns, 600 * NS_PER_S);
	pool = conf_find_pool(conf, "p");
	assert_int_equal(conf->services[0].pool_count, 1);
	assert_ptr_equal(conf->services[0].pools[0].pool, pool);
	assert_int_equal(conf->services[0].pools[0].parts, 100);
	assert_int_equal(pool->balance, BALANCE_ROUND_ROBIN);
	assert_int_equal(pool->slow_start_ns, 0);
	assert_int_equal(pool->queue.size, 0);
	assert_int_equal(pool->queue.timeout_ns, 5 * NS_PER_S);
	assert_int_equal(pool->check.kind, CHECK_HTTP);
	assert_string_equal(pool->check.path, "/healthz");
	assert_int_equal(pool->check.interval_ns, NS_PER_S);
	assert_int_equal(pool->check.timeout_ns, NS_PER_S);
	assert_int_equal(pool->check.rise, 2);
	assert_int_equal(pool->check.fall, 3);
	assert_int_equal(pool->check.expect_status_min, 200);
	assert_int_equal(pool->check.expect_status_max, 399);
	assert_string_equal(pool->check.expect_body, "");
	assert_string_equal(pool->check.host, "");
	assert_int_equal(pool->check.port, 0);
	assert_int_equal(pool->servers[0].weight, 100);
	assert_false(pool->servers[0].backup);
	assert_int_equal(pool->servers[0].max_connections, 0);
	assert_null(conf->services[0].backup_pool);
	assert_int_equal(conf_find_pool(conf, "q")->check.kind, CHECK_NONE);
	assert_null(conf_find_pool(conf, "r"));
	assert_null(conf_find_node(conf, "c"));
	assert_ptr_equal(conf_find_node(conf, "b"), &conf->pair.nodes[1]);
	conf_free(conf);
}

static void hash_of(const char *content, char hash[static CONF_HASH_SIZE])
{
	struct conf *conf = NULL;
	AUTO_TEXT errors = {0};

	assert_int_equal(parse(content, &conf, &errors), 0);
	memcpy(hash, conf->hash, CONF_HASH_SIZE);
	conf_free(conf);
}

static void the_hash_is_of_what_is_meant(void **state)
{
	char plain[CONF_HASH_SIZE], other[CONF_HASH_SIZE];

	(void)state;
	hash_of(PAIR POOL, plain);
	hash_of("# comment\n" POOL "\n\n" PAIR "log { level = \"info\" }", other);
	assert_string_equal(plain, other);
	hash_of(PAIR "pool p { server s { address = 192.0.2.21:80  weight = 99 } }", other);
	assert_string_not_equal(plain, other);
}

/* They are nothing that is written: neither shown, nor in the hash. */
static void a_name_has_places_for_more_addresses(void **state)
{
	static const char content[] = PAIR "pool p { server a { address = 10.0.0.1:80 } server b { address = b.test:80 "
					   "weight = 7 } server c { address = 10.0.0.3:80 } } pool q {}";
	static const char *const names[] = {"a", "b", "b#2", "b#3", "b#4", "b#5", "b#6", "b#7", "b#8", "c"};
	const struct pool_conf *pool;
	AUTO_TEXT errors = {0};
	AUTO_TEXT shown = {0};
	struct conf *conf;

	(void)state;
	assert_int_equal(conf_parse("f", content, strlen(content), &conf, &errors), 0);
	pool = conf_find_pool(conf, "p");
	assert_int_equal(pool->server_count, 3);
	assert_int_equal(pool->place_count, ARRAY_LEN(names));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct server_conf *place = &pool->places[i];
		bool named = *names[i] == 'b';

		assert_string_equal(place->name, names[i]);
		assert_int_equal(place->further, named ? i - 1 : 0);
		assert_int_equal(place->weight, named ? 7 : 100);
		assert_int_equal(place->host != NULL, named);
	}
	assert_int_equal(conf_find_pool(conf, "q")->place_count, 0);
	conf_show(conf, &shown);
	assert_null(strchr(text_get(&shown), '#'));
	conf_free(conf);
}

static void at_most_a_hundred_errors_are_shown(void **state)
{
	struct conf *conf = NULL;
	AUTO_TEXT content = {0};
	AUTO_TEXT errors = {0};
	size_t lines = 0;

	(void)state;
	text_add(&content, PAIR);
	for (unsigned i = 0; i < 150; i++)
		text_addf(&content, "pool p%u { balance = x }\n", i);
	assert_int_equal(parse(text_get(&content), &conf, &errors), -EINVAL);
	for (const char *at = text_get(&errors); *at != '\0'; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 101);
	assert_non_null(strstr(text_get(&errors), "f:102: option 'balance'"));
	assert_null(strstr(text_get(&errors), "f:103:"));
	assert_non_null(strstr(text_get(&errors), "f: 50 more errors are not shown\n"));
}

/* Vip i stands in line 3 + i and has so many addresses. */
static int parse_vips(unsigned vips, unsigned addresses, struct text *errors)
{
	struct conf *conf = NULL;
	AUTO_TEXT content = {0};
	int r;

	text_add(&content, PAIR);
	for (unsigned i = 0; i < vips; i++) {
		text_addf(&content, "vip v%u { vrid = %u interface = e%u addresses = { ", i, i % 255 + 1, i / 255);
		for (unsigned k = 0; k < addresses; k++)
			text_addf(&content, "%s10.%u.%u.%u", k > 0 ? ", " : "", i / 255, i % 255, k + 1);
		text_add(&content, " } }\n");
	}
	r = parse(text_get(&content), &conf, errors);
	conf_free(conf);
	return r;
}

/* The guardian has room for no more, and would not remove what it does not know. */
static void more_vips_than_the_guardian_knows_are_refused(void **state)
{
	AUTO_TEXT none = {0};
	AUTO_TEXT errors = {0};

	(void)state;
	assert_int_equal(parse_vips(CONF_VIPS_MAX, CONF_VIP_ADDRESSES_MAX / CONF_VIPS_MAX, &none), 0);
	assert_string_equal(text_get(&none), "");
	assert_int_equal(parse_vips(CONF_VIPS_MAX + 1, 1, &errors), -EINVAL);
	assert_string_equal(
		text_get(&errors), "f:1027: section 'vip v1024' is one too many: a pair has 1024 vips at most\n");
}

static void more_addresses_than_the_guardian_knows_are_refused(void **state)
{
	AUTO_TEXT errors = {0};

	(void)state;
	assert_int_equal(parse_vips(40, 250, &errors), -EINVAL);
	assert_string_equal(text_get(&errors),
		"f:35: section 'vip v32': with its addresses there are more than 8192, the link-local ones that are "
		"added among them: take some out\n");
}

/* Each unknown name costs a further attempt; the end of them is a syntax error, not a loop. */
static void many_unknown_names_come_to_an_end(void **state)
{
	struct conf *conf = NULL;
	AUTO_TEXT content = {0};
	AUTO_TEXT errors = {0};

	(void)state;
	text_add(&content, PAIR);
	for (unsigned i = 0; i < 1000; i++)
		text_addf(&content, "x%u { y%u z { } }\n", i, i);
	assert_int_equal(parse(text_get(&content), &conf, &errors), -EINVAL);
	assert_non_null(strstr(text_get(&errors), "f:3: section 'x0' is not known in the file"));
}

static void a_nul_byte_is_an_error(void **state)
{
	static const char content[] = PAIR "log { level = info }\0pool p { }";
	struct conf *conf = NULL;
	AUTO_TEXT errors = {0};

	(void)state;
	assert_int_equal(conf_parse("f", content, sizeof content - 1, &conf, &errors), -EINVAL);
	assert_string_equal(text_get(&errors), "f:3: a control character (0x00) stands here: take it out\n");
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
	struct conf *conf = NULL;
	AUTO_TEXT errors = {0};

	(void)state;
	assert_int_equal(conf_load("/nonexistent/lbpair.conf", &conf, &errors), -ENOENT);
	assert_string_equal(text_get(&errors), "/nonexistent/lbpair.conf: cannot be read: No such file or directory\n");
	assert_int_equal(conf_load("/tmp", &conf, &errors), -EISDIR);
	assert_null(conf);
}

static void the_shipped_example_is_good(void **state)
{
	const char *source = getenv("srcdir");
	char path[4096];
	struct conf *conf = NULL;
	AUTO_TEXT errors = {0};

	(void)state;
	snprintf(path, sizeof path, "%s/packaging/examples/lbpair.conf", source != NULL ? source : ".");
	assert_int_equal(conf_load(path, &conf, &errors), 0);
	assert_string_equal(text_get(&errors), "");
	assert_int_equal(conf->pair.node_count, 2);
	assert_int_equal(conf->vip_count, 1);
	assert_int_equal(conf->services[0].pools[0].pool->check.kind, CHECK_HTTP);
	assert_true(conf->services[0].pools[0].pool->server_count >= 2);
	conf_free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_told_with_their_lines),
		cmocka_unit_test(good_ones_show_as_the_same_configuration),
		cmocka_unit_test(ipv6_begins_with_a_link_local_address),
		cmocka_unit_test(defaults_fill_what_is_not_there),
		cmocka_unit_test(the_hash_is_of_what_is_meant),
		cmocka_unit_test(a_name_has_places_for_more_addresses),
		cmocka_unit_test(at_most_a_hundred_errors_are_shown),
		cmocka_unit_test(more_vips_than_the_guardian_knows_are_refused),
		cmocka_unit_test(more_addresses_than_the_guardian_knows_are_refused),
		cmocka_unit_test(many_unknown_names_come_to_an_end),
		cmocka_unit_test(a_nul_byte_is_an_error),
		cmocka_unit_test(a_file_that_cannot_be_read_is_named),
		cmocka_unit_test(the_shipped_example_is_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
