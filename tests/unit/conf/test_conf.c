#include "harness.h"

#include "conf/conf.h"
#include "conf/conf_local.h"

#define ONION "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion"
#define LEAST                                                                                      \
	"[server]\ninstance = " ONION "\n[store]\npath = /srv/s\n[keys]\nroot = /etc/root.pub\n"

static struct conf_fault fault;

static enum err
parse(const char *text, struct conf **out)
{
	memset(&fault, 0, sizeof fault);
	return conf_parse(text, strlen(text), out, &fault);
}

/* Is a text refused, on this line, with these words in the message? */
static void
assert_refused(const char *text, size_t line, const char *words)
{
	struct conf *c = NULL;

	assert_err(parse(text, &c), ERR_FORMAT);
	assert_null(c);
	if (line != fault.line || strstr(fault.why, words) == NULL)
		fail_msg("line %zu: %s", fault.line, fault.why);
}

static void
defaults_are_what_the_manual_says(void **state)
{
	struct conf *c = NULL;

	(void)state;
	assert_ok(parse(LEAST, &c));
	assert_string_equal(c->instance, ONION);
	assert_string_equal(c->user, "");
	assert_string_equal(c->listen, "127.0.0.1:8480");
	assert_int_equal(c->n_languages, 1);
	assert_string_equal(c->languages[0], "en");
	assert_string_equal(c->name, "Sealslot");
	assert_false(c->proxy_protocol);
	assert_int_equal(c->drain_sec, 60);
	assert_string_equal(c->store_path, "/srv/s");
	assert_int_equal(c->max_upload, LIMIT_UPLOAD_DEFAULT);
	assert_int_equal(c->reserve, LIMIT_RESERVE_DEFAULT);
	assert_int_equal(c->max_in_flight, LIMIT_IN_FLIGHT_DEFAULT);
	assert_true(c->max_day == LIMIT_DAY_DEFAULT);
	assert_int_equal(c->retention_days, LIMIT_RETENTION_DEFAULT);
	assert_int_equal(c->max_upload_hours, LIMIT_HOURS_DEFAULT);
	/* Whoever sends 10 kB a second can send all that may be sent. */
	assert_in_range(conf_slow_hours(c), 119, c->max_upload_hours);
	assert_string_equal(c->root_path, "/etc/root.pub");
	assert_int_equal(c->n_topics, 0);
	conf_free(c);
}

static void
every_key_is_read(void **state)
{
	struct conf *c = NULL;

	(void)state;
	assert_ok(parse(
	    "# comment\n"
	    "[server]\r\n"
	    "instance=" ONION "\n"
	    "  user = sealslot  \n"
	    "listen = unix:/run/sealslot/http.sock\n"
	    "languages = fr en\n"
	    "name = Technopolice # not a comment ; nor this\n"
	    "proxy_protocol = yes\n"
	    "drain_seconds = 5\n"
	    "\n; comment\n"
	    "[store]\npath = /var/lib/seal slot\nmax_upload = 64G\nreserve = 0\n"
	    "max_upload_hours = 168\nmax_in_flight = 1024\nmax_day = 200G\nretention_days = 1\n"
	    "[keys]\nroot = /etc/root.pub\n"
	    "[topics]\n"
	    "city = Marseille | Nice|Saint-\xc3\x89tienne\n"
	    "technology = drones",
	    &c));
	assert_string_equal(c->user, "sealslot");
	assert_string_equal(c->listen, "unix:/run/sealslot/http.sock");
	assert_int_equal(c->n_languages, 2);
	assert_string_equal(c->languages[1], "en");
	assert_string_equal(c->name, "Technopolice # not a comment ; nor this");
	assert_true(c->proxy_protocol);
	assert_int_equal(c->drain_sec, 5);
	assert_string_equal(c->store_path, "/var/lib/seal slot");
	assert_int_equal(c->max_upload, 64 * LIMIT_GIB);
	assert_int_equal(c->reserve, 0);
	assert_int_equal(c->max_in_flight, 1024);
	assert_true(c->max_day == 200 * LIMIT_GIB);
	assert_int_equal(c->retention_days, 1);
	assert_int_equal(c->max_upload_hours, 168);
	assert_int_equal(c->n_topics, 2);
	assert_string_equal(c->topics[0].name, "city");
	assert_int_equal(c->topics[0].n, 3);
	assert_memory_equal(c->topics[0].values, "Marseille\0Nice\0Saint-\xc3\x89tienne", 30);
	assert_int_equal(c->topics[1].n, 1);
	assert_string_equal(c->topics[1].values, "drones");
	conf_free(c);
}

static void
faults_name_line_and_key(void **state)
{
	(void)state;
	assert_refused(LEAST "colour = red\n", 7, "colour is not a key");
	assert_refused(
	    LEAST "[server]\nname = a\nname = b\n", 9, "name stands here for the second");
	assert_refused(LEAST "[shop]\nopen = yes\n", 8, "open is not a key");
	assert_refused("loose = 1\n" LEAST, 1, "loose is not a key");
	assert_refused(LEAST "[topics]\na = x\na = y\n", 9, "a stands in [topics] twice");
	assert_refused(LEAST "just words\n", 7, "neither");
	assert_refused(LEAST "[server\n", 7, "neither");
	assert_refused("[store]\npath = /s\n[keys]\nroot = /r\n", 0, "instance is missing");
	assert_refused("[server]\ninstance = " ONION "\n[keys]\nroot = /r\n", 0, "path is missing");
	assert_refused(
	    "[server]\ninstance = " ONION "\n[store]\npath = /r\n", 0, "root is missing");
	assert_refused("", 0, "is missing");
	assert_refused(LEAST "[server]\nlanguages = en de\n", 8,
	    "languages names de, but there are no pages in de; there are: en fr");
	/* A key that could trick a terminal isn't repeated. */
	assert_refused(LEAST "\033[2J = 1\n", 7, "a key is not a key");
	/* A value doesn't run on in the next line. */
	assert_refused(LEAST "[server]\nname = a\n  b\n", 9, "neither");
}

/* One bad value after another for the same key of a section. */
static void
assert_bad(const char *section, const char *key, const char *const *values)
{
	char text[2048];

	for (; *values != NULL; values++) {
		snprintf(text, sizeof text, "[%s]\n%s = %s\n", section, key, *values);
		assert_refused(text, 2, key);
	}
}

static void
bad_values_are_refused(void **state)
{
	static const char *const instance[] = {"", "x.onion", ONION "x",
	    "Abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion",
	    "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwe.onion",
	    "1bcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion", NULL};
	static const char *const listen[] = {"", "8480", "0.0.0.0:8480", "192.168.1.1:80",
	    "128.0.0.1:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:080",
	    "[::]:80", "[::1]80", "unix:", "unix:relative", "localhost:80",
	    "127.0.0.1:80:", "127.000.000.0000000001:80", NULL};
	static const char *const languages[] = {"", "f", "fr fr", "de", "en fr de", "en-fr", "e",
	    "enf", "FR", "fr,en", "francais", "aa bb cc dd ee ff gg hh ii", NULL};
	static const char *const path[] = {"", "relative", "/a\001b", NULL};
	static const char *const upload[] = {"", "0", "1", "1048575", "65G", "4g", "4 G", "4GB",
	    "-1", "1e9", "18446744073709551616", NULL};
	static const char *const reserve[] = {"", "G", "9999999T", "x", NULL};
	static const char *const flight[] = {"", "0", "1025", "064", "1.5", NULL};
	static const char *const days[] = {"", "0", "3651", NULL};
	static const char *const user[] = {"", "a b", "Root", "r\xc3\xa9", NULL};
	static const char *const name[] = {"",
	    "a\xe2\x80\xae"
	    "b",
	    NULL};
	static const char *const yes[] = {"", "true", "1", "Yes", NULL};
	static const char *const topic[] = {"", "|", "a|", "|a", "a||b", "a|b|a", "a\001", NULL};

	(void)state;
	assert_bad("server", "instance", instance);
	assert_bad("server", "listen", listen);
	assert_bad("server", "languages", languages);
	assert_bad("server", "user", user);
	assert_bad("server", "name", name);
	assert_bad("server", "proxy_protocol", yes);
	assert_bad("server", "drain_seconds", (const char *const[]){"", "-1", "86401", NULL});
	assert_bad("store", "path", path);
	assert_bad("store", "max_upload", upload);
	assert_bad("store", "reserve", reserve);
	assert_bad("store", "max_in_flight", flight);
	assert_bad("store", "max_day", (const char *const[]){"", "0", "63M", "x", NULL});
	assert_bad("store", "retention_days", days);
	assert_bad(
	    "store", "max_upload_hours", (const char *const[]){"", "0", "169", "2.5", "x", NULL});
	assert_bad("keys", "root", path);
	assert_bad("topics", "city", topic);
}

/* ---- what is said in one language */

#define LANGUAGES "[server]\nlanguages = fr en\n"

static void
languages_have_texts_of_their_own(void **state)
{
	const struct conf_local *topic;
	struct conf *c = NULL;

	(void)state;
	assert_ok(parse(LEAST
	    "[server]\nintro.fr = Bonjour <b>\nlanguages = fr en\nlogo = /etc/logo.png\n"
	    "contact.en = On paper: 1, Main Street\n"
	    "[topics]\ncity = Nice | Paris\nkind = drones | facial recognition\n"
	    "kind.fr = Technologie :  drones | reconnaissance faciale: tout\n"
	    "[inboxes]\ntips.fr = Cellule enqu\xc3\xaate\npress-2.fr = Presse\n",
	    &c));
	assert_string_equal(c->logo_path, "/etc/logo.png");
	assert_string_equal(conf_local_text(c, CONF_LOCAL_INTRO, "intro", "fr"), "Bonjour <b>");
	assert_null(conf_local_text(c, CONF_LOCAL_INTRO, "intro", "en"));
	assert_string_equal(
	    conf_local_text(c, CONF_LOCAL_CONTACT, "contact", "en"), "On paper: 1, Main Street");
	assert_string_equal(
	    conf_local_text(c, CONF_LOCAL_INBOX, "tips", "fr"), "Cellule enqu\xc3\xaate");
	assert_null(conf_local_text(c, CONF_LOCAL_INBOX, "tips", "en"));
	assert_null(conf_local_text(c, CONF_LOCAL_TOPIC, "city", "fr"));
	assert_non_null(topic = conf_local_find(c, CONF_LOCAL_TOPIC, "kind", "fr"));
	assert_string_equal(topic->text, "Technologie");
	assert_memory_equal(topic->values, "drones\0reconnaissance faciale: tout", 36);
	assert_int_equal(c->n_topics, 2);
	conf_free(c);
}

static void
texts_of_a_language_are_checked(void **state)
{
	static const char topics[] = LEAST LANGUAGES "[topics]\na = x | y\n";
	static const struct {
		const char *more, *words;
	} all[] = {
	    {"a.fr = T: x\n", "a.fr must have as many values"},
	    {"a.fr = T: x | y | z\n", "a.fr must have as many values"},
	    {"a.fr = x | y\n", "a.fr must be a title"},
	    {"a.fr = : x | y\n", "a.fr must be a title"},
	    {"a.fr = T: x | \n", "a.fr must be values"},
	    {"a.fr =  \xe2\x80\xae: x | y\n", "a.fr must be a title"},
	    {"b.fr = T: x | y\n", "b.fr must stand below the topic"},
	    {"a.fr = T: x | y\na.fr = T: x | y\n", "a.fr stands here for the second time"},
	    {"a. = T: x | y\n", "a. must be a name, a point and a language"},
	    {"[inboxes]\ntips = Tips\n", "tips must be a name, a point and a language"},
	    {"[inboxes]\nTips.fr = Tips\n", "Tips.fr must be the name of an inbox"},
	    {"[inboxes]\ntips.fr = \n", "tips.fr must be 1 to 120"},
	    {"[server]\nlogo = logo.png\n", "logo must be an absolute path"},
	    {"[server]\nname.fr = Nom\n", "name.fr is not a key of this section"},
	    {"[store]\nintro.fr = a\n", "intro.fr is not a key of this section"},
	    {"[server]\nintro.fr = \n", "intro.fr must be one line"},
	    {"[server]\nintro.fr = a\001b\n", "intro.fr must be one line"},
	    {"[server]\nintro.de = Guten Tag\n",
		"intro.de is in a language that [server] languages"},
	    {"[inboxes]\ntips.pt = Dicas\n", "tips.pt is in a language that [server] languages"},
	};
	char text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct conf *c = NULL;

		snprintf(text, sizeof text, "%s%s", topics, all[i].more);
		assert_err(parse(text, &c), ERR_FORMAT);
		if (strstr(fault.why, all[i].words) == NULL)
			fail_msg("%zu: %s", i, fault.why);
	}
}

/* The last byte that fits, and one more. */
static void
texts_of_a_language_are_bounded(void **state)
{
	static const struct {
		const char *key;
		int max;
	} all[] = {{"[server]\nintro.fr", LIMIT_INTRO}, {"[server]\ncontact.fr", LIMIT_CONTACT},
	    {"[inboxes]\ntips.fr", LIMIT_INBOX_TITLE}};
	char value[LIMIT_INTRO + 2], text[2048];
	struct conf *c;
	size_t i, n;

	(void)state;
	memset(value, 'a', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	for (i = 0; i < sizeof all / sizeof all[0]; i++) {
		c = NULL;
		snprintf(text, sizeof text, LEAST LANGUAGES "%s = %.*s\n", all[i].key, all[i].max,
		    value);
		assert_ok(parse(text, &c));
		conf_free(c);
		c = NULL;
		snprintf(text, sizeof text, LEAST LANGUAGES "%s = %.*s\n", all[i].key,
		    all[i].max + 1, value);
		assert_err(parse(text, &c), ERR_FORMAT);
	}
	/* As many inboxes as there is room for, and one more. */
	char *many = malloc(CONF_LOCALS_MAX * 32 + sizeof text);

	assert_non_null(many);
	n = (size_t)sprintf(many, LEAST LANGUAGES "[inboxes]\n");
	for (i = 0; i < CONF_LOCALS_MAX; i++)
		n += (size_t)sprintf(many + n, "i%zu.fr = x\n", i);
	c = NULL;
	assert_ok(parse(many, &c));
	conf_free(c);
	sprintf(many + n, "more.fr = x\n");
	c = NULL;
	assert_err(parse(many, &c), ERR_FORMAT);
	assert_non_null(strstr(fault.why, "more.fr is one more than there may be"));
	free(many);
}

static void
limits_hold_to_the_last_byte(void **state)
{
	char text[LIMIT_CONF + 2], value[300];
	struct conf *c = NULL;
	size_t i, n;

	(void)state;
	/* A file of exactly LIMIT_CONF bytes, and one more. */
	strcpy(text, LEAST);
	for (n = strlen(text); n < LIMIT_CONF; n++)
		text[n] = n % 100 == 99 ? '\n' : '#';
	for (i = strlen(LEAST); i < n && text[i] != '\n'; i++)
		;
	for (; i + 1 < n; i++)
		if (text[i] == '\n')
			text[i + 1] = '#';
	text[strlen(LEAST)] = '#';
	assert_ok(conf_parse(text, LIMIT_CONF, &c, &fault));
	conf_free(c);
	text[LIMIT_CONF] = '\n';
	c = NULL;
	assert_err(conf_parse(text, LIMIT_CONF + 1, &c, &fault), ERR_LIMIT);
	assert_null(c);

	/* A line longer than LIMIT_CONF_LINE isn't cut. */
	memset(text, 'a', sizeof text);
	memcpy(text, "[topics]\na=", 11);
	text[9 + LIMIT_CONF_LINE] = '\0';
	assert_refused(text, 2, "too long");

	/* Names of 31, unix paths of 107, texts of 255 bytes. */
	memset(value, 'a', sizeof value);
	snprintf(text, sizeof text,
	    LEAST "[topics]\n%.31s = %.120s\n[server]\nname = %.255s\n"
		  "listen = unix:/%.106s\n",
	    value, value, value, value);
	assert_ok(parse(text, &c));
	conf_free(c);
	c = NULL;
	snprintf(text, sizeof text, LEAST "[topics]\n%.32s = a\n", value);
	assert_refused(text, 8, "31 characters");
	snprintf(text, sizeof text, LEAST "[topics]\na = %.121s\n", value);
	assert_refused(text, 8, "120 bytes");
	snprintf(text, sizeof text, LEAST "[server]\nname = %.256s\n", value);
	assert_refused(text, 8, "255 bytes");
	snprintf(text, sizeof text, LEAST "[server]\nlisten = unix:/%.107s\n", value);
	assert_refused(text, 8, "107 bytes");
}

static void
topics_are_bounded(void **state)
{
	char text[20000];
	struct conf *c = NULL;
	size_t i, n;

	(void)state;
	n = (size_t)sprintf(text, LEAST "[topics]\ncity = v0");
	for (i = 1; i < LIMIT_TOPIC_VALUES; i++)
		n += (size_t)sprintf(text + n, " | v%zu", i);
	for (i = 1; i < LIMIT_TOPICS; i++)
		n += (size_t)sprintf(text + n, "\nt%zu = a", i);
	assert_ok(parse(text, &c));
	assert_int_equal(c->n_topics, LIMIT_TOPICS);
	assert_int_equal(c->topics[0].n, LIMIT_TOPIC_VALUES);
	conf_free(c);
	strcpy(text + n, "\nmore = a");
	assert_refused(text, 16, "one topic more");
	n = (size_t)sprintf(text, LEAST "[topics]\ncity = v0");
	for (i = 0; i < LIMIT_TOPIC_VALUES; i++)
		n += (size_t)sprintf(text + n, " | w%zu", i);
	assert_refused(text, 8, "128 values");
}

static void
garbage_is_refused_without_harm(void **state)
{
	uint8_t text[sizeof LEAST + 1];
	struct conf *c = NULL;
	size_t n, bit;

	(void)state;
	c = NULL;
	memcpy(text, LEAST, sizeof LEAST);
	assert_err(conf_parse(LEAST, sizeof LEAST, &c, &fault), ERR_FORMAT); /* the NUL */
	for (n = 0; n < sizeof LEAST - 1; n++) {
		char *copy = malloc(n + 1);

		assert_non_null(copy);
		memcpy(copy, LEAST, n);
		if (conf_parse(copy, n, &c, &fault) == ERR_OK)
			conf_free(c);
		free(copy);
	}
	for (bit = 0; bit < 8 * (sizeof LEAST - 1); bit++) {
		text[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (conf_parse((char *)text, sizeof LEAST - 1, &c, &fault) == ERR_OK)
			conf_free(c);
		text[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void
files_are_read(void **state)
{
	const char *dir = harness_mkdir();
	struct conf *c = NULL;
	struct buf text;
	char path[128];

	(void)state;
	buf_init(&text, LIMIT_CONF);
	snprintf(path, sizeof path, "%s/conf", dir);
	assert_err(conf_read(path, &text, &c, &fault), ERR_NOTFOUND);
	assert_err(conf_read(dir, &text, &c, &fault), ERR_MODE);
	assert_ok(io_write_new(AT_FDCWD, path, LEAST, strlen(LEAST), 0600));
	assert_ok(conf_read(path, &text, &c, &fault));
	assert_int_equal(text.len, strlen(LEAST));
	conf_free(c);
	assert_ok(conf_read(path, NULL, &c, &fault));
	conf_free(c);
	buf_wipe(&text);
	harness_rmdir(dir);
}

static void
sizes_are_exact(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_ok(conf_size("1000", &v));
	assert_int_equal(v, 1000);
	assert_ok(conf_size("64K", &v));
	assert_int_equal(v, 65536);
	assert_ok(conf_size("512M", &v));
	assert_int_equal(v, 512 * LIMIT_MIB);
	assert_ok(conf_size("8388607T", &v));
	assert_int_equal(v, 8388607ULL << 40);
	assert_err(conf_size("8388608T", &v), ERR_LIMIT);
	assert_ok(conf_size("9223372036854775807", &v));
	assert_err(conf_size("9223372036854775808", &v), ERR_LIMIT);
	assert_err(conf_size("", &v), ERR_FORMAT);
	assert_err(conf_size("K", &v), ERR_FORMAT);
	assert_err(conf_size("1KK", &v), ERR_FORMAT);
	assert_err(conf_size("+1", &v), ERR_FORMAT);
	assert_int_equal(v, 9223372036854775807ULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_are_what_the_manual_says),
	    cmocka_unit_test(every_key_is_read),
	    cmocka_unit_test(faults_name_line_and_key),
	    cmocka_unit_test(bad_values_are_refused),
	    cmocka_unit_test(languages_have_texts_of_their_own),
	    cmocka_unit_test(texts_of_a_language_are_checked),
	    cmocka_unit_test(texts_of_a_language_are_bounded),
	    cmocka_unit_test(limits_hold_to_the_last_byte),
	    cmocka_unit_test(topics_are_bounded),
	    cmocka_unit_test(garbage_is_refused_without_harm),
	    cmocka_unit_test(files_are_read),
	    cmocka_unit_test(sizes_are_exact),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
