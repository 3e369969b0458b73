#include "front/sealer_threads.h"

#include <errno.h>
#include <signal.h>

#define STACK ((size_t)256 * 1024) /* bytes of a worker's stack */

/* Signals are the event thread's. (A blocked SIGXFSZ makes write say EFBIG instead.) */
static int
start_worker(pthread_t *t, struct sealer *s)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int r;

	if ((r = pthread_attr_init(&attr)) != 0)
		return r;
	sigfillset(&all);
	if ((r = pthread_attr_setstacksize(&attr, STACK)) == 0 &&
	    (r = pthread_sigmask(SIG_SETMASK, &all, &before)) == 0) {
		r = pthread_create(t, &attr, sealer_work, s);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	pthread_attr_destroy(&attr);
	return r;
}

enum err
sealer_threads_start(struct sealer *s, unsigned n)
{
	int r;

	for (; s->workers < n; s->workers++)
		if ((r = start_worker(&s->thread[s->workers], s)) != 0) {
			errno = r;
			return ERR_SYS;
		}
	return ERR_OK;
}

void
sealer_threads_stop(struct sealer *s)
{
	pthread_mutex_lock(&s->lock);
	s->is_stopping = true;
	pthread_cond_broadcast(&s->work);
	pthread_mutex_unlock(&s->lock);
	while (s->workers > 0)
		pthread_join(s->thread[--s->workers], NULL);
}
