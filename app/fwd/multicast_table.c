/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_hash.h>

#include "fwd.h"
#include "multicast.h"
#include "text.h"

/** Most groups of a table. */
#define MAX_GROUPS 4096

struct multicast_table {
	struct rte_hash *hash;
	struct multicast_group *any; /* "*", NULL: none */
	unsigned int nb;
	struct multicast_group *groups[MAX_GROUPS];
};

/** Where in the file it is, for messages. */
struct place {
	const struct fwd *fwd;
	const char *path;
	unsigned int line;
};

/** Of a line, with room for more than any has. */
#define LINE_SIZE 1024

#define WRONG(place, fmt, ...) FWD_ERROR("%s:%u: " fmt, (place)->path, (place)->line, ##__VA_ARGS__)

static int
parse_group(const struct place *p, const char *word, struct multicast_address *address)
{
	rte_be32_t ip;

	if (inet_pton(AF_INET, word, &ip) == 1 && RTE_IS_IPV4_MCAST(rte_be_to_cpu_32(ip))) {
		*address = multicast_ipv4(ip);
		return 0;
	}
	if (inet_pton(AF_INET6, word, address->bytes) == 1 && address->bytes[0] == 0xff)
		return 0;
	WRONG(p,
			"'%s': a line begins with a group's address, 224.0.0.0 to 239.255.255.255 or ff00::/8, or "
			"with * for all other groups",
			word);
	return -1;
}

/** A number behind "name=". @return 0; 1: the word is another one; -1: said what is wrong. */
static int
parse_number(const struct place *p, const char *word, const char *name, unsigned long min,
		unsigned long max, uint16_t *value)
{
	const size_t len = strlen(name);
	unsigned long number;
	char *end;

	if (strncmp(word, name, len) != 0 || word[len] != '=')
		return 1;
	word += len + 1;
	errno = 0;
	number = strtoul(word, &end, 10);
	if (errno == 0 && *word >= '0' && *word <= '9' && *end == '\0' && number >= min &&
			number <= max) {
		*value = number;
		return 0;
	}
	WRONG(p, "%s=%s: allowed is %lu to %lu", name, word, min, max);
	return -1;
}

/** What follows the group: "port=PORT [vlan=ID]". */
static int
parse_member(const struct place *p, char **rest, struct multicast_member *member)
{
	bool has_port = false, has_vlan = false, again;
	const char *word;
	int ret;

	*member = (struct multicast_member){ 0 };
	while ((word = strtok_r(NULL, " \t\r\n", rest)) != NULL) {
		ret = parse_number(p, word, "port", 0, RTE_MAX_ETHPORTS - 1, &member->port);
		again = ret == 0 && has_port;
		has_port |= ret == 0;
		if (ret > 0) {
			ret = parse_number(p, word, "vlan", 1, RTE_ETHER_MAX_VLAN_ID - 1,
					&member->vlan);
			again = ret == 0 && has_vlan;
			has_vlan |= ret == 0;
		}
		if (again) {
			WRONG(p, "'%s': %.4s= stands there twice, a line is one member", word,
					word);
			return -1;
		}
		if (ret > 0)
			WRONG(p, "'%s': behind the group are allowed port=PORT and vlan=ID", word);
		if (ret != 0)
			return -1;
	}
	if (!has_port) {
		WRONG(p, "port=PORT is missing: the port of the member");
		return -1;
	}
	while (member->out < p->fwd->nb_ports && p->fwd->ports[member->out].id != member->port)
		member->out++;
	if (member->out < p->fwd->nb_ports)
		return 0;
	WRONG(p, "port=%u is not one of the %u ports in use, see --portmask", member->port,
			p->fwd->nb_ports);
	return -1;
}

static struct multicast_group *
find(const struct multicast_table *table, const struct multicast_address *address)
{
	void *group;

	return rte_hash_lookup_data(table->hash, address, &group) < 0 ? NULL : group;
}

/** The group of that address, made if there is none yet. */
static struct multicast_group *
get_group(const struct place *p, struct multicast_table *table,
		const struct multicast_address *address)
{
	struct multicast_group *group = address != NULL ? find(table, address) : table->any;

	if (group != NULL)
		return group;
	if (table->nb == MAX_GROUPS) {
		WRONG(p, "more than %u groups", MAX_GROUPS);
		return NULL;
	}
	group = calloc(1, sizeof(*group));
	if (group == NULL || (address != NULL && rte_hash_add_key_data(table->hash, address,
								 group) < 0)) {
		WRONG(p, "no memory for another group");
		free(group);
		return NULL;
	}
	table->groups[table->nb++] = group;
	if (address == NULL)
		table->any = group;
	return group;
}

static int
add_member(const struct place *p, struct multicast_group *group,
		const struct multicast_member *member)
{
	unsigned int i;

	for (i = 0; i < group->nb; i++) {
		if (group->members[i].port == member->port &&
				group->members[i].vlan == member->vlan) {
			WRONG(p, "the group has this member already: the same port and VLAN");
			return -1;
		}
	}
	if (group->nb == MULTICAST_MAX_MEMBERS) {
		WRONG(p, "the group has %u members already, more are not possible",
				MULTICAST_MAX_MEMBERS);
		return -1;
	}
	group->members[group->nb++] = *member;
	return 0;
}

static int
take_line(const struct place *p, char *line, struct multicast_table *table)
{
	struct multicast_address address;
	struct multicast_member member;
	struct multicast_group *group;
	const char *word;
	char *rest;
	bool any;

	line[strcspn(line, "#")] = '\0';
	word = strtok_r(line, " \t\r\n", &rest);
	if (word == NULL)
		return 0;
	any = strcmp(word, "*") == 0;
	if ((!any && parse_group(p, word, &address) < 0) || parse_member(p, &rest, &member) < 0)
		return -1;
	group = get_group(p, table, any ? NULL : &address);
	return group != NULL ? add_member(p, group, &member) : -1;
}

static int
read_lines(const struct fwd *fwd, const char *path, FILE *file, struct multicast_table *table)
{
	struct place p = { .fwd = fwd, .path = path };
	char line[LINE_SIZE];
	int ret = 0, len;

	while (ret == 0 && (len = text_line(file, line, sizeof(line))) >= 0) {
		p.line++;
		ret = len < LINE_SIZE ? take_line(&p, line, table) : -1;
		if (len == LINE_SIZE)
			WRONG(&p, "a line has no more than %u bytes", LINE_SIZE - 1);
	}
	if (ret == 0 && ferror(file)) {
		FWD_ERROR("--multicast-groups=%s: it can't be read: %s", path, strerror(errno));
		return -1;
	}
	if (ret == 0 && table->nb == 0) {
		FWD_ERROR("--multicast-groups=%s: there is no group in it; a line is, for example, "
			  "239.1.1.1 port=1 vlan=10",
				path);
		return -1;
	}
	return ret;
}

int
multicast_table_read(const struct fwd *fwd, const char *path, struct multicast_table **table)
{
	const struct rte_hash_parameters parameters = {
		.name = "multicast",
		.entries = MAX_GROUPS,
		.key_len = sizeof(struct multicast_address),
		.socket_id = SOCKET_ID_ANY,
	};
	struct multicast_table *t;
	FILE *file;
	int ret;

	file = text_open(path, O_RDONLY);
	if (file == NULL) {
		FWD_ERROR("--multicast-groups=%s: %s", path, strerror(errno));
		return -1;
	}
	t = calloc(1, sizeof(*t));
	if (t != NULL)
		t->hash = rte_hash_create(&parameters);
	if (t == NULL || t->hash == NULL) {
		FWD_ERROR("no memory for the table of groups, raise EAL's -m");
		ret = -1;
	} else {
		ret = read_lines(fwd, path, file, t);
	}
	fclose(file);
	if (ret < 0)
		multicast_table_free(t);
	else
		*table = t;
	return ret;
}

void
multicast_table_free(struct multicast_table *table)
{
	unsigned int i;

	if (table == NULL)
		return;
	for (i = 0; i < table->nb; i++)
		free(table->groups[i]);
	rte_hash_free(table->hash);
	free(table);
}

const struct multicast_group *
multicast_table_find(const struct multicast_table *table, const struct multicast_address *address)
{
	const struct multicast_group *group = find(table, address);

	return group != NULL ? group : table->any;
}
