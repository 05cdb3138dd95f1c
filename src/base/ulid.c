#include "base/ulid.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

const char *ulid_new(int64_t now_ms, char ret[ULID_SIZE])
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	unsigned char noise[16];
	while (getrandom(noise, sizeof noise, 0) != (ssize_t)sizeof noise)
		if (errno != EINTR)
			abort();
	uint64_t t = (uint64_t)now_ms & UINT64_C(0xffffffffffff);
	for (int i = 9; i >= 0; i--, t >>= 5)
		ret[i] = alphabet[t & 31];
	/* 5 bits of each of 16 random bytes are the 80 random bits. */
	for (int i = 0; i < 16; i++)
		ret[10 + i] = alphabet[noise[i] & 31];
	ret[26] = '\0';
	return ret;
}
