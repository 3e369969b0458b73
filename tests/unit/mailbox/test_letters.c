#include "harness.h"

#include "base/limits.h"
#include "mailbox/letters.h"
#include "open/identity.h"

#define DAY 20517

static struct codename_keys
keys_of(const struct identity *id)
{
	struct codename_keys k;

	memset(&k, 0, sizeof k);
	memcpy(k.reply_sk, id->sk, sizeof k.reply_sk);
	memcpy(k.reply_pk, id->pk, sizeof k.reply_pk);
	return k;
}

static void
add_item(struct buf *items, const char *id, const void *sealed, size_t n)
{
	struct op_reply_item head;

	memset(&head, 0, sizeof head);
	strcpy(head.id, id);
	head.size = (uint32_t)n;
	assert_ok(buf_add(items, &head, sizeof head));
	assert_ok(buf_add(items, sealed, n));
}

static void
add_reply(struct buf *items, const char *id, const uint8_t pk[static AGE_KEY], const char *text,
    size_t len)
{
	const struct reply r = {DAY, text, len};
	uint8_t to[1][AGE_KEY];
	struct buf plain, sealed;

	buf_init(&plain, LIMIT_REPLY);
	buf_init(&sealed, LIMIT_REPLY);
	assert_ok(reply_format(&r, &plain));
	memcpy(to[0], pk, AGE_KEY);
	assert_ok(identity_seal((const uint8_t(*)[AGE_KEY])to, 1, plain.p, plain.len, &sealed));
	add_item(items, id, sealed.p, sealed.len);
	buf_wipe(&plain);
	buf_wipe(&sealed);
}

static void
make_id(char id[static RANDOM_ID_LEN + 1], char c)
{
	memset(id, c, RANDOM_ID_LEN);
	id[RANDOM_ID_LEN] = '\0';
}

static void
replies_come_in_pieces_and_in_order(void **state)
{
	char id[RANDOM_ID_LEN + 1];
	struct identity *me = NULL, *other = NULL;
	struct letters *l = NULL;
	struct codename_keys k;
	struct op_text head;
	struct buf items, got;
	char *text;
	uint8_t piece[512];
	size_t i, n;

	(void)state;
	assert_ok(identity_new(&me));
	assert_ok(identity_new(&other));
	buf_init(&items, 1 << 20);
	buf_init(&got, 1 << 20);
	text = malloc(9000);
	assert_non_null(text);
	for (i = 0; i < 9000; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	make_id(id, 'a');
	add_reply(&items, id, me->pk, "Bonjour", 7);
	make_id(id, 'b');
	add_reply(&items, id, other->pk, "for somebody else", 17);
	make_id(id, 'c');
	add_item(&items, id, "not an age file", 15);
	make_id(id, 'd');
	add_reply(&items, id, me->pk, text, 9000);
	k = keys_of(me);
	assert_ok(letters_new(items.p, items.len, &k, &l));
	assert_ok(letters_next(l, &head, piece, sizeof piece, &n));
	assert_int_equal(head.id[0], 'a');
	assert_int_equal(head.day, DAY);
	assert_int_equal(head.left, 0);
	assert_memory_equal(piece, "Bonjour", 7);
	do {
		assert_ok(letters_next(l, &head, piece, sizeof piece, &n));
		assert_int_equal(head.id[0], 'd');
		assert_true(n % 3 == 0 && n > 0);
		assert_ok(buf_add(&got, piece, n));
	} while (head.left > 0);
	assert_int_equal(got.len, 9000);
	assert_memory_equal(got.p, text, 9000);
	assert_err(letters_next(l, &head, piece, sizeof piece, &n), ERR_NOTFOUND);
	letters_free(l);
	letters_free(NULL);
	buf_wipe(&items);
	buf_wipe(&got);
	free(text);
	secret_free(me);
	secret_free(other);
}

static void
a_lying_size_ends_the_list(void **state)
{
	char id[RANDOM_ID_LEN + 1];
	struct identity *me = NULL;
	struct letters *l = NULL;
	struct codename_keys k;
	struct op_text head;
	struct buf items;
	uint8_t piece[64];
	uint32_t size = UINT32_MAX;
	size_t n, whole, i;

	(void)state;
	assert_ok(identity_new(&me));
	k = keys_of(me);
	buf_init(&items, 1 << 20);
	make_id(id, 'a');
	add_reply(&items, id, me->pk, "Bonjour", 7);
	whole = items.len;
	for (i = 0; i < whole; i += 97) {
		assert_ok(letters_new(items.p, i, &k, &l));
		assert_err(letters_next(l, &head, piece, sizeof piece, &n), ERR_NOTFOUND);
		letters_free(l);
	}
	memcpy(items.p + offsetof(struct op_reply_item, size), &size, sizeof size);
	assert_ok(letters_new(items.p, items.len, &k, &l));
	assert_err(letters_next(l, &head, piece, sizeof piece, &n), ERR_NOTFOUND);
	letters_free(l);
	buf_wipe(&items);
	secret_free(me);
}

/* Reads to the end; how many replies began. */
static size_t
read_all(const struct buf *items, const struct identity *me, enum err want, size_t *bytes)
{
	struct codename_keys k = keys_of(me);
	struct letters *l = NULL;
	uint8_t piece[4000];
	struct op_text head = {.left = 0};
	size_t n = 0, len;
	enum err e;

	*bytes = 0;
	assert_ok(letters_new(items->p, items->len, &k, &l));
	for (;;) {
		bool is_new = head.left == 0;

		if ((e = letters_next(l, &head, piece, sizeof piece, &len)) != ERR_OK)
			break;
		n += is_new;
		*bytes += len;
	}
	assert_err(e, want);
	letters_free(l);
	return n;
}

/* Store had more than it gave, and what doesn't open has taken their place: that is told, too. */
static void
what_does_not_open_hides_no_others(void **state)
{
	char id[RANDOM_ID_LEN + 1];
	struct identity *me = NULL;
	struct buf items;
	size_t i, bytes;

	(void)state;
	assert_ok(identity_new(&me));
	buf_init(&items, 1 << 20);
	make_id(id, 'a');
	add_item(&items, id, "not an age file", 15);
	for (i = 1; i < LIMIT_REPLIES; i++)
		add_reply(&items, id, me->pk, "x", 1);
	assert_int_equal(read_all(&items, me, ERR_NOTFOUND, &bytes), LIMIT_REPLIES - 1);
	add_item(&items, id, "nor is this", 11);
	assert_int_equal(read_all(&items, me, ERR_LIMIT, &bytes), LIMIT_REPLIES - 1);
	buf_wipe(&items);
	secret_free(me);
}

/* What a page can't hold isn't sent, and that there is more is told. */
static void
a_page_has_an_end(void **state)
{
	char id[RANDOM_ID_LEN + 1];
	struct identity *me = NULL;
	struct buf items;
	size_t i, bytes;
	char *text;

	(void)state;
	assert_ok(identity_new(&me));
	buf_init(&items, 1 << 20);
	make_id(id, 'a');
	for (i = 0; i < LIMIT_REPLIES; i++)
		add_reply(&items, id, me->pk, "x", 1);
	assert_int_equal(read_all(&items, me, ERR_NOTFOUND, &bytes), LIMIT_REPLIES);
	add_reply(&items, id, me->pk, "x", 1);
	assert_int_equal(read_all(&items, me, ERR_LIMIT, &bytes), LIMIT_REPLIES);
	buf_wipe(&items);
	assert_non_null(text = malloc(50000));
	memset(text, 'x', 50000);
	for (i = 0; i < 5; i++)
		add_reply(&items, id, me->pk, text, 50000);
	assert_int_equal(read_all(&items, me, ERR_NOTFOUND, &bytes), 5);
	add_reply(&items, id, me->pk, text, 50000);
	assert_int_equal(read_all(&items, me, ERR_LIMIT, &bytes), 6);
	assert_in_range(bytes, 250000, LIMIT_PAGE_TEXT - LIMIT_REPLIES);
	buf_wipe(&items);
	free(text);
	secret_free(me);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies_come_in_pieces_and_in_order),
	    cmocka_unit_test(a_page_has_an_end),
	    cmocka_unit_test(what_does_not_open_hides_no_others),
	    cmocka_unit_test(a_lying_size_ends_the_list),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests_name("mailbox/letters", tests, NULL, NULL);
}
