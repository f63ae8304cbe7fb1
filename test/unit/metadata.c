/* SPDX-License-Identifier: BSD-3-Clause */
#include "metadata.h"

struct field {
	const char *name;
	size_t offset;
	size_t size;
};

#define FIELD(f) #f, offsetof(struct rte_mbuf, f), sizeof(((struct rte_mbuf *)NULL)->f)

static const struct field fields[] = {
	{ FIELD(port) },
	{ FIELD(packet_type) },
	{ FIELD(vlan_tci) },
	{ FIELD(vlan_tci_outer) },
	{ FIELD(tx_offload) },
	{ FIELD(hash) },
	{ FIELD(dynfield1) },
#if defined(RTE_IOVA_AS_PA) && !RTE_IOVA_AS_PA
	{ FIELD(dynfield2) },
#endif
};

void
metadata_paint(struct rte_mbuf *m, unsigned int with)
{
	const struct field *field;
	uint64_t ol_flags = 0;
	size_t i;

	for (field = fields; field < &fields[RTE_DIM(fields)]; field++)
		for (i = 0; i < field->size; i++)
			*((uint8_t *)m + field->offset + i) = ++with;
	for (i = 0; i < sizeof(ol_flags); i++)
		ol_flags = ol_flags << 8 | (uint8_t)++with;
	m->ol_flags = (m->ol_flags & METADATA_KIND_FLAGS) | (ol_flags & ~METADATA_KIND_FLAGS);
}

void
metadata_same(const struct rte_mbuf *m, const struct rte_mbuf *expected)
{
	const struct field *field;

	for (field = fields; field < &fields[RTE_DIM(fields)]; field++)
		if (memcmp((const char *)m + field->offset, (const char *)expected + field->offset,
				    field->size) != 0)
			fail_msg("%s is another one", field->name);
	assert_int_equal(m->ol_flags & ~METADATA_KIND_FLAGS,
			expected->ol_flags & ~METADATA_KIND_FLAGS);
}

/** A segment of a kind that has bytes, if the kind can have any. */
static struct rte_mbuf *
segment(struct world *w, const struct kind_row *kind)
{
	struct rte_mbuf *m = kind->make(w);

	if (m->data_len == 0 && m->buf_len >= METADATA_LEN) {
		m->data_len = METADATA_LEN;
		m->pkt_len = METADATA_LEN;
	}
	return m;
}

void
metadata_append(struct rte_mbuf *head, struct rte_mbuf *m, unsigned int with)
{
	metadata_paint(m, with);
	assert_int_equal(rte_pktmbuf_chain(head, m), 0);
}

struct rte_mbuf *
metadata_packet(struct world *w, const struct kind_row *kind)
{
	struct rte_mbuf *head = segment(w, kind != NULL ? kind : kind_rows);
	unsigned int i;

	metadata_paint(head, 100);
	for (i = 1; kind == NULL && i < nb_kind_rows; i++)
		metadata_append(head, segment(w, &kind_rows[i]), i);
	return head;
}
