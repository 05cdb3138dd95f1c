#include "base/digest.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

struct digest {
	EVP_MD_CTX *ctx;
};

static void to_hex(const unsigned char *bytes, size_t len, char *ret)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		ret[2 * i] = digits[bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret[2 * len] = '\0';
}

/*
 * Looking the algorithm up costs libcrypto more than digesting a short text does, so it is done
 * once; what was found is constant and lives as long as the process.
 */
static const EVP_MD *sha256;
static pthread_once_t sha256_found = PTHREAD_ONCE_INIT;

static void find_sha256(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!sha256)
		abort();
}

struct digest *digest_begin(void)
{
	(void)pthread_once(&sha256_found, find_sha256);
	struct digest *d = xcalloc(1, sizeof *d);
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx || !EVP_DigestInit_ex(d->ctx, sha256, NULL))
		abort();
	return d;
}

void digest_add(struct digest *d, const void *data, size_t len)
{
	if (!EVP_DigestUpdate(d->ctx, data, len))
		abort();
}

void digest_add_text(struct digest *d, const char *text)
{
	if (text)
		digest_add(d, text, strlen(text) + 1);
	else
		digest_add(d, "\1", 1);
}

void digest_end(struct digest *d, char ret[DIGEST_HEX])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	if (!EVP_DigestFinal_ex(d->ctx, bytes, NULL))
		abort();
	EVP_MD_CTX_free(d->ctx);
	free(d);
	to_hex(bytes, 32, ret);
}

void digest_hex(const void *data, size_t len, char ret[DIGEST_HEX])
{
	struct digest *d = digest_begin();
	digest_add(d, data, len);
	digest_end(d, ret);
}

int digest_fd(int fd, const char *path, char ret[DIGEST_HEX], struct err **err)
{
	struct digest *d = digest_begin();
	char buf[65536];
	ssize_t n;
	while ((n = read(fd, buf, sizeof buf)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		digest_add(d, buf, (size_t)n);
	}
	const int failed = n < 0 ? errno : 0;
	digest_end(d, ret);
	return failed ? err_errno(err, failed, "read %s", path) : 0;
}

int digest_file(const char *path, char ret[DIGEST_HEX], struct err **err)
{
	AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	return digest_fd(fd, path, ret, err);
}

void random_hex(size_t len, char *ret)
{
	unsigned char bytes[64];
	if (len > sizeof bytes)
		abort();
	for (size_t got = 0; got < len;) {
		const ssize_t n = getrandom(bytes + got, len - got, 0);
		if (n < 0 && errno != EINTR)
			abort();
		if (n > 0)
			got += (size_t)n;
	}
	to_hex(bytes, len, ret);
}
