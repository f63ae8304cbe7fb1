/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include <rte_log.h>

#include "capture.h"

static FILE *stream;
static char *text;
static size_t len;

void
capture_start(void)
{
	free(text);
	text = NULL;
	stream = open_memstream(&text, &len);
	if (stream == NULL)
		abort();
	rte_openlog_stream(stream);
}

const char *
capture_stop(void)
{
	rte_openlog_stream(NULL);
	fclose(stream);
	return text;
}
