#include "passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/words.h"

#define TERMINAL      "/dev/tty"
#define TERMINAL_LINE 4096 /* bytes that the terminal gives of one line at most */
#define AGAIN         "Once more: "
#define SUGGEST_WORDS 6

/*
 * A terminal whose echo is off. The signals that would end or stop the process
 * meanwhile are blocked; a signalfd says that one is waiting, and it is
 * delivered, as if nothing had been, once the echo is back. So there are no
 * handlers, and no way out that leaves the terminal mute.
 */
struct terminal {
	int fd;
	int signals;
	sigset_t old_mask;
	struct termios old;
};

static void
held_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGQUIT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGTSTP);
}

/* In the background it waits for its turn (SIGTTOU). */
static enum err
set_terminal(int fd, int when, const struct termios *mode)
{
	while (tcsetattr(fd, when, mode) == -1)
		if (errno != EINTR)
			return ERR_SYS;
	return ERR_OK;
}

/* A passphrase typed by half must not become the shell's next command: it is thrown away, too. */
static void
terminal_show(struct terminal *t)
{
	(void)!set_terminal(t->fd, TCSAFLUSH, &t->old);
	io_close(&t->signals);
	sigprocmask(SIG_SETMASK, &t->old_mask, NULL);
}

/* What was typed before the prompt is thrown away. */
static enum err
terminal_hide(struct terminal *t)
{
	struct termios quiet;
	sigset_t held;
	enum err e;

	held_signals(&held);
	if (tcgetattr(t->fd, &t->old) == -1)
		return ERR_STATE;
	quiet = t->old;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	quiet.c_lflag |= ICANON | ISIG | ECHONL;
	quiet.c_iflag |= ICRNL;
	if (sigprocmask(SIG_BLOCK, &held, &t->old_mask) == -1)
		return ERR_SYS;
	if ((t->signals = signalfd(-1, &held, SFD_CLOEXEC)) == -1)
		e = io_errno();
	else
		e = set_terminal(t->fd, TCSAFLUSH, &quiet);
	if (e != ERR_OK)
		terminal_show(t);
	return e;
}

/* ERR_OK when the terminal has something to read, ERR_AGAIN when a signal waits. */
static enum err
terminal_wait(const struct terminal *t)
{
	struct pollfd fds[] = {
	    {.fd = t->signals, .events = POLLIN}, {.fd = t->fd, .events = POLLIN}};

	while (poll(fds, sizeof fds / sizeof fds[0], -1) == -1)
		if (errno != EINTR)
			return ERR_SYS;
	return fds[0].revents != 0 ? ERR_AGAIN : ERR_OK;
}

/* A line, without its end: 1 to LIMIT_PASSPHRASE bytes. */
static enum err
check_line(const struct secret_text *line)
{
	if (line->len == 0)
		return ERR_TRUNCATED;
	if (line->len > LIMIT_PASSPHRASE)
		return ERR_LIMIT;
	return memchr(line->p, '\0', line->len) != NULL ? ERR_FORMAT : ERR_OK;
}

/* The terminal gives whole lines, or with ^D pieces of one. */
static enum err
read_terminal(const struct terminal *t, struct secret_text *line)
{
	enum err e;
	ssize_t r;

	for (;;) {
		if ((e = terminal_wait(t)) != ERR_OK)
			return e;
		if (line->len == line->max)
			return ERR_LIMIT;
		r = read(t->fd, line->p + line->len, line->max - line->len);
		if (r == -1 && errno != EINTR)
			return ERR_CLOSED;
		if (r == 0)
			return line->len == 0 ? ERR_CLOSED : check_line(line);
		if (r > 0)
			line->len += (size_t)r;
		if (line->len > 0 && line->p[line->len - 1] == '\n') {
			line->p[--line->len] = '\0';
			return check_line(line);
		}
	}
}

/* Is a stop all that waits? Then it is asked again when the process goes on. */
static bool
is_only_stop(void)
{
	sigset_t waiting, held;
	int i;

	held_signals(&held);
	sigdelset(&held, SIGTSTP);
	if (sigpending(&waiting) == -1)
		return false;
	for (i = 1; i < NSIG; i++)
		if (sigismember(&held, i) == 1 && sigismember(&waiting, i) == 1)
			return false;
	return true;
}

/* Asks once, from prompt to echo. ERR_AGAIN: the process was stopped meanwhile. */
static enum err
ask_once(struct terminal *t, const char *prompt, struct secret_text *line)
{
	enum err e;

	line->len = 0;
	if ((e = terminal_hide(t)) != ERR_OK)
		return e;
	if ((e = io_write_all(t->fd, prompt, strlen(prompt))) == ERR_OK)
		e = read_terminal(t, line);
	if (e == ERR_AGAIN && !is_only_stop())
		e = ERR_CLOSED;
	terminal_show(t); /* a waiting signal takes effect here */
	return e;
}

enum err
passphrase_ask(const char *prompt, struct secret_text *out)
{
	struct terminal t = {.fd = -1, .signals = -1};
	struct secret_text line = {0};
	enum err e;

	if ((t.fd = open(TERMINAL, O_RDWR | O_NOCTTY | O_CLOEXEC)) == -1)
		return ERR_STATE;
	if ((e = secret_text_new(&line, TERMINAL_LINE)) != ERR_OK)
		goto done;
	do {
		e = ask_once(&t, prompt, &line);
	} while (e == ERR_AGAIN);
	if (e == ERR_OK) {
		*out = line;
		line = (struct secret_text){0};
	}
done:
	secret_text_wipe(&line);
	io_close(&t.fd);
	return e;
}

enum err
passphrase_ask_new(const char *prompt, struct secret_text *out)
{
	struct secret_text first = {0}, second = {0};
	enum err e;

	if ((e = passphrase_ask(prompt, &first)) != ERR_OK ||
	    (e = passphrase_ask(AGAIN, &second)) != ERR_OK)
		goto done;
	if (first.len != second.len || sodium_memcmp(first.p, second.p, first.len) != 0) {
		e = ERR_PASSPHRASE;
		goto done;
	}
	*out = first;
	first = (struct secret_text){0};
done:
	secret_text_wipe(&first);
	secret_text_wipe(&second);
	return e;
}

/* A private file, or a pipe. Never a terminal: it would show what is typed. */
static enum err
check_source(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return io_errno();
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
		return ERR_OK;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return ERR_MODE;
	return ERR_OK;
}

/* Byte by byte: what follows the line on a pipe belongs to somebody else. */
static enum err
read_first_line(int fd, struct secret_text *line)
{
	size_t got = 0;
	enum err e;

	for (;;) {
		if (line->len == line->max)
			return ERR_LIMIT;
		if ((e = io_read_full(fd, line->p + line->len, 1, &got)) != ERR_OK)
			return e;
		if (got == 0 || line->p[line->len] == '\n')
			break;
		line->len++;
	}
	/* A line end from Windows; no terminal could type it. */
	if (line->len > 0 && line->p[line->len - 1] == '\r')
		line->len--;
	line->p[line->len] = '\0';
	return check_line(line);
}

enum err
passphrase_from_file(const char *path, struct secret_text *out)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct secret_text line = {0};
	int fd = -1, from;
	enum err e;

	if (!is_stdin && (fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		return io_errno();
	from = is_stdin ? STDIN_FILENO : fd;
	if ((e = check_source(from)) != ERR_OK ||
	    (e = secret_text_new(&line, LIMIT_PASSPHRASE + 2)) != ERR_OK ||
	    (e = read_first_line(from, &line)) != ERR_OK)
		goto done;
	*out = line;
	line = (struct secret_text){0};
done:
	secret_text_wipe(&line);
	io_close(&fd);
	return e;
}

enum err
passphrase_suggest(struct secret_text *out)
{
	struct secret_text text = {0};
	const char *word;
	enum err e;
	int i;

	if ((e = secret_text_new(&text, SUGGEST_WORDS * (WORDS_MAX + 1))) != ERR_OK)
		return e;
	for (i = 0; i < SUGGEST_WORDS && e == ERR_OK; i++) {
		word = words_get(random_below(WORDS_COUNT));
		if (i > 0)
			e = secret_text_add(&text, "-", 1);
		if (e == ERR_OK)
			e = secret_text_add(&text, word, strlen(word));
	}
	if (e == ERR_OK)
		*out = text;
	else
		secret_text_wipe(&text);
	return e;
}
