#include "front/site.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/random.h"
#include "base/text.h"
#include "front/qr.h"

#define SITE_QR_MAX (16 * 1024)

/* "127.0.0.1:8480" or "[::1]:8480"; nothing for a Unix socket, which has no name of its own. */
static void
address_of(int listener, char out[static SITE_ADDRESS])
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof ss;
	char ip[INET6_ADDRSTRLEN];

	if (getsockname(listener, (struct sockaddr *)&ss, &len) == -1)
		return;
	if (ss.ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)&ss;

		inet_ntop(AF_INET, &in->sin_addr, ip, sizeof ip);
		snprintf(out, SITE_ADDRESS, "%s:%u", ip, ntohs(in->sin_port));
	} else if (ss.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)&ss;

		inet_ntop(AF_INET6, &in->sin6_addr, ip, sizeof ip);
		snprintf(out, SITE_ADDRESS, "[%s]:%u", ip, ntohs(in->sin6_port));
	}
}

enum err
site_init(struct site *s, const struct conf *conf, const struct minisign_key *root, int listener)
{
	enum err e;
	size_t i;

	*s = (struct site){.conf = conf};
	random_bytes(s->form_key, sizeof s->form_key);
	buf_init(&s->keys, LIMIT_SCHEDULE);
	buf_init(&s->signature, LIMIT_SIGNATURE);
	buf_init(&s->root_qr, SITE_QR_MAX);
	minisign_key_format(s->root_key, root);
	fingerprint_words(s->root_words, root);
	if ((e = qr_png(&s->root_qr, s->root_key)) != ERR_OK)
		return e;
	address_of(listener, s->address);
	for (i = 0; i < conf->n_languages; i++)
		if (!lang_add(&s->languages, conf->languages[i]))
			return ERR_USAGE;
	if (s->languages.n == 0 && !lang_add(&s->languages, "en"))
		return ERR_USAGE;
	if ((e = circuits_new(LIMIT_HTTP_CONNECTIONS, &s->uploads)) != ERR_OK)
		return e;
	if ((e = receipts_new(&s->receipts)) != ERR_OK)
		return e;
	return endings_new(&s->endings);
}

void
site_wipe(struct site *s)
{
	site_drop_schedule(s);
	circuits_free(s->uploads);
	receipts_free(s->receipts);
	endings_free(s->endings);
	buf_wipe(&s->root_qr);
	explicit_bzero(s, sizeof *s);
}

void
site_drop_schedule(struct site *s)
{
	schedule_ref_drop(s->schedule);
	s->schedule = NULL;
	buf_wipe(&s->keys);
	buf_wipe(&s->signature);
}

/* A copy of our own: uploads keep the keys that they began with. It was verified by store_client.
 */
void
site_take_schedule(struct site *s, const struct buf *text, const struct buf *sig, int32_t today)
{
	struct schedule_fault fault;
	struct schedule *copy = NULL;

	site_drop_schedule(s);
	s->today = today;
	if (buf_add(&s->keys, text->p, text->len) != ERR_OK ||
	    buf_add(&s->signature, sig->p, sig->len) != ERR_OK ||
	    schedule_parse(text->p, text->len, &copy, &fault) != ERR_OK ||
	    (s->schedule = schedule_ref_new(copy)) == NULL) {
		schedule_free(copy);
		site_drop_schedule(s);
	}
}

static bool
has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
site_is_host(const struct site *s, const char *host)
{
	size_t len = strlen(s->conf->instance);
	uint64_t port;

	if (s->address[0] != '\0' && strcmp(host, s->address) == 0)
		return true;
	if (!has_prefix(host, s->conf->instance))
		return false;
	return host[len] == '\0' ||
	       (host[len] == ':' &&
		   text_number(host + len + 1, strlen(host + len + 1), 65535, &port) == ERR_OK);
}

bool
site_has_key(const struct site *s)
{
	struct schedule_seal seal;
	size_t i;

	if (s->schedule == NULL)
		return false;
	for (i = 0; i < s->schedule->s->n_inboxes; i++)
		if (schedule_current(s->schedule->s, i, s->today, &seal) == ERR_OK)
			return true;
	return false;
}
