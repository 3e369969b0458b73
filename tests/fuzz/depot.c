#include "depot.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "carry/schedule.h"
#include "fuzz.h"

#define DAYS 300

static char folder[] = "/dev/shm/sealslot-fuzz-XXXXXX";

static void
clean_up(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf -- %s", folder);
	(void)!system(command);
}

void
fuzz_depot_new(struct depot *d, struct conf *conf, struct sign_key *root)
{
	struct reason why;
	int cwd;

	signal(SIGPIPE, SIG_IGN);
	FUZZ_CHECK(random_start() == 0);
	if (mkdtemp(folder) == NULL)
		FUZZ_CHECK(mkdtemp(strcpy(folder, "/tmp/sealslot-fuzz-XXXXXX")) != NULL);
	atexit(clean_up);
	strcpy(conf->instance, FUZZ_ONION);
	strcpy(conf->store_path, folder);
	sign_key_new(root);
	FUZZ_CHECK((cwd = open(".", O_RDONLY | O_DIRECTORY)) != -1);
	FUZZ_CHECK(depot_create(conf, &root->public, &why) == ERR_OK);
	FUZZ_CHECK(depot_open(d, conf, &root->public, &why) == ERR_OK);
	/* The store works in its folder, the fuzzer in its own. */
	FUZZ_CHECK(fchdir(cwd) == 0);
	close(cwd);
}

void
fuzz_depot_publish(struct depot *d, const struct sign_key *root, int32_t start,
    const struct minisign_key *reply, struct buf *text, struct buf *sig)
{
	struct schedule_epoch epoch = {
	    .number = 1, .start = start, .end = start + DAYS, .recipient = {9}};
	struct schedule s = {
	    .serial = 1, .issued = start, .n_inboxes = 1, .epochs = &epoch, .n_epochs = 1};
	char comment[200];
	struct reason why;

	strcpy(s.instance, FUZZ_ONION);
	strcpy(s.inboxes[0].name, "tips");
	strcpy(s.inboxes[0].title, "Tips");
	if (reply != NULL)
		s.reply_keys[s.n_reply_keys++] = *reply;
	buf_init(text, LIMIT_SCHEDULE);
	buf_init(sig, LIMIT_SIGNATURE);
	FUZZ_CHECK(schedule_format(&s, text) == ERR_OK);
	FUZZ_CHECK(schedule_comment(&s, comment, sizeof comment) == ERR_OK);
	FUZZ_CHECK(sign_message(root, text->p, text->len, comment, sig) == ERR_OK);
	FUZZ_CHECK(depot_publish(d, text, sig, &why) == ERR_OK);
}
