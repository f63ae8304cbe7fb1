/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "fwd.h"
#include "packet_socket.h"

/** Whether a file is a socket as the driver makes them, on an interface. */
static bool
is_of(int fd, unsigned int interface)
{
	struct sockaddr_ll address = { 0 };
	socklen_t size = sizeof(int);
	int value;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &size) < 0 || value != AF_PACKET)
		return false;
	size = sizeof(address);
	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0 ||
			address.sll_ifindex != (int)interface)
		return false;
	/* Most others that there may be are of version 3, or of none. */
	size = sizeof(int);
	return getsockopt(fd, SOL_PACKET, PACKET_VERSION, &value, &size) == 0 &&
	       value == TPACKET_V2;
}

bool
packet_sockets_lost(const struct fwd_port *port, uint64_t *lost)
{
	DIR *files = opendir("/proc/self/fd");
	unsigned int found = 0;
	struct dirent *file;

	while (files != NULL && (file = readdir(files)) != NULL) {
		const int fd = file->d_name[0] == '.' ? -1 : atoi(file->d_name);
		struct tpacket_stats stats;
		socklen_t size = sizeof(stats);

		if (!is_of(fd, port->info.if_index) ||
				getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) < 0)
			continue;
		*lost += stats.tp_drops;
		found++;
	}
	if (files != NULL)
		closedir(files);
	return found >= port->info.max_rx_queues;
}
