#include "parent/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "parent/logo.h"

/* A file that decides where submissions go isn't for everybody to write. */
static enum err
check_writers(const char *path, struct reason *why)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return ERR_OK; /* whoever opens it finds out */
	if ((st.st_mode & 022) != 0)
		return reason_set(why, ERR_MODE,
		    "Others than its owner may write %s (mode %03o): say chmod go-w, and look at what "
		    "is in it.",
		    path, st.st_mode & 0777u);
	return ERR_OK;
}

static enum err
read_conf(const char *path, struct setup *s, struct reason *why)
{
	struct conf_fault fault = {0};
	enum err e;

	if ((e = check_writers(path, why)) != ERR_OK)
		return e;
	if ((e = conf_read(path, &s->text, &s->conf, &fault)) == ERR_OK)
		return ERR_OK;
	if (e == ERR_NOTFOUND)
		return reason_set(why, e,
		    "Can't read the configuration %s: there is no such file. Copy "
		    "sealslotd.conf.example there, and fill it in; sealslotd.conf(5) explains it.",
		    path);
	if (fault.why[0] == '\0')
		return reason_sys(why, e, "Can't read the configuration %s", path);
	if (fault.line == 0)
		return reason_set(why, e, "%s: %s.", path, fault.why);
	return reason_set(why, e, "%s, line %zu: %s.", path, fault.line, fault.why);
}

static enum err
read_root(struct setup *s, struct reason *why)
{
	const char *path = s->conf->root_path;
	struct buf text;
	enum err e;

	if ((e = check_writers(path, why)) != ERR_OK)
		return e;
	buf_init(&text, LIMIT_KEY_FILE);
	if ((e = io_read_file(AT_FDCWD, path, &text)) == ERR_NOTFOUND)
		reason_set(why, e,
		    "There is no root key %s: copy KEYS/root.pub there from the air-gapped machine.",
		    path);
	else if (e != ERR_OK)
		reason_sys(why, e, "Can't read the root key %s", path);
	else if ((e = minisign_key_parse_file(&s->root, text.p, text.len)) != ERR_OK)
		reason_set(why, e, "%s isn't a minisign public key.", path);
	buf_wipe(&text);
	return e;
}

static enum err
find_user(struct setup *s, struct reason *why)
{
	const struct passwd *pw;

	s->uid = geteuid();
	s->gid = getegid();
	if (s->conf->user[0] == '\0') {
		if (s->uid == 0)
			return reason_set(why, ERR_USAGE,
			    "The store must not belong to root: make a system user and name it in the "
			    "configuration, [server] user.");
		return ERR_OK;
	}
	if ((pw = getpwnam(s->conf->user)) == NULL)
		return reason_set(why, ERR_USAGE,
		    "There is no user %s (configuration, [server] user): make it with adduser "
		    "--system --group %s.",
		    s->conf->user, s->conf->user);
	if (pw->pw_uid == 0)
		return reason_set(why, ERR_USAGE, "[server] user must not be root.");
	if (s->uid != 0 && s->uid != pw->pw_uid)
		return reason_set(why, ERR_USAGE,
		    "The store belongs to user %s: run this as root, or as that user.",
		    s->conf->user);
	s->uid = pw->pw_uid;
	s->gid = pw->pw_gid;
	return ERR_OK;
}

enum err
setup_read(const char *conf_path, struct setup *s, struct reason *why)
{
	enum err e;

	*s = (struct setup){.uid = (uid_t)-1};
	buf_init(&s->text, LIMIT_CONF);
	buf_init(&s->logo, LIMIT_LOGO);
	if ((e = read_conf(conf_path, s, why)) != ERR_OK || (e = read_root(s, why)) != ERR_OK ||
	    (e = find_user(s, why)) != ERR_OK)
		setup_wipe(s);
	return e;
}

enum err
setup_read_logo(struct setup *s, struct reason *why)
{
	const char *path = s->conf->logo_path, *what = "";
	enum err e;

	if (path[0] == '\0')
		return ERR_OK;
	if ((e = check_writers(path, why)) != ERR_OK)
		return e;
	if ((e = io_read_file(AT_FDCWD, path, &s->logo)) == ERR_NOTFOUND)
		return reason_set(why, e,
		    "There is no logo %s: copy it there, or take [server] logo out of the "
		    "configuration.",
		    path);
	if (e != ERR_OK && e != ERR_LIMIT)
		return reason_sys(why, e, "Can't read the logo %s", path);
	if (e == ERR_LIMIT) /* too large to be read at all */
		e = logo_check(NULL, LIMIT_LOGO + 1, &what);
	else
		e = logo_check(s->logo.p, s->logo.len, &what);
	if (e == ERR_OK)
		return ERR_OK;
	return reason_set(why, e, "The logo %s ([server] logo) %s.", path, what);
}

void
setup_wipe(struct setup *s)
{
	buf_wipe(&s->logo);
	conf_free(s->conf);
	s->conf = NULL;
	buf_wipe(&s->text);
}

/* What is left of a run that was killed before the folder had its user: empty, and root's alone. */
static bool
remove_begun(const char *path)
{
	struct stat st;

	return geteuid() == 0 && lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0 &&
	       (st.st_mode & 07777) == 0700 && rmdir(path) == 0;
}

enum err
setup_make_store(const struct setup *s, bool *is_new, struct reason *why)
{
	const char *path = s->conf->store_path;
	bool is_made;

	*is_new = false;
	if (!(is_made = mkdir(path, 0700) == 0) && errno == EEXIST) {
		if (!remove_begun(path))
			return ERR_OK;
		is_made = mkdir(path, 0700) == 0;
	}
	if (!is_made && errno == ENOENT)
		return reason_set(
		    why, ERR_NOTFOUND, "The folder above %s doesn't exist: make it first.", path);
	if (!is_made)
		return reason_sys(why, io_errno(), "Can't make %s", path);
	*is_new = true;
	if (geteuid() == 0 && lchown(path, s->uid, s->gid) == -1)
		return reason_sys(why, ERR_SYS, "Can't give %s to its user", path);
	return ERR_OK;
}

enum err
setup_drop_root(const struct setup *s)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	if (geteuid() != 0)
		return ERR_OK;
	/* The last moment at which the processes can be permitted to lock all their memory; they
	 * say so themselves if they can't. */
	(void)setrlimit(RLIMIT_MEMLOCK, &all);
	if (setgroups(1, &s->gid) == -1 || setresgid(s->gid, s->gid, s->gid) == -1 ||
	    setresuid(s->uid, s->uid, s->uid) == -1)
		return ERR_SYS;
	/* There must be no way back. */
	if (setuid(0) == 0 || geteuid() == 0)
		return ERR_STATE;
	errno = 0;
	return ERR_OK;
}
