/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <sys/stat.h>

#include <rte_errno.h>

#include "fwd.h"
#include "serve.h"

/** Say why a file is not served. @return -1 */
static int
refuse(const char *path, int reason)
{
	struct stat st = { 0 };

	if (reason == -EINVAL)
		FWD_ERROR("--serve-file=%s: allowed is a regular file of 1 byte or more", path);
	else if (reason == -ENOMEM && stat(path, &st) == 0)
		FWD_ERROR("--serve-file=%s: no memory for its %" PRIu64 " bytes: all of it is "
			  "loaded; free as much, reserve hugepages, or serve less",
				path, (uint64_t)st.st_size);
	else
		FWD_ERROR("--serve-file=%s can't be loaded: %s", path, rte_strerror(-reason));
	return -1;
}

/** A spread over a region: what any number of packets of all lcores send from. */
static int
spread_over(struct mext_pool *pool, struct mext_region *region, struct mext_spread **spread)
{
	const struct mext_wrap wrap = {
		.addr = mext_region_data(region),
		.len = mext_region_len(region),
	};
	struct mext_storage *storage;
	int ret;

	ret = mext_storage_wrap(pool, &wrap, &storage);
	if (ret < 0)
		return ret;
	ret = mext_spread_create(pool, storage, spread);
	if (ret < 0)
		mext_storage_release(storage, 1);
	return ret;
}

int
serve_load(const struct fwd *fwd, const char *path, struct serve_object *object)
{
	struct mext_region *region;
	int ret;

	ret = mext_region_load(path, 0, fwd->ports[0].socket, &region);
	if (ret < 0)
		return refuse(path, ret);
	ret = spread_over(fwd->pool, region, &object->spread);
	if (ret < 0) {
		mext_region_remove(region);
		return refuse(path, ret);
	}
	object->region = region;
	object->size = mext_region_len(region);
	return 0;
}

void
serve_unload(struct serve_object *object)
{
	mext_spread_release(object->spread, 1);
	mext_region_remove(object->region);
	*object = (struct serve_object){ 0 };
}
