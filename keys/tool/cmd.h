#ifndef SEALSLOT_TOOL_CMD_H
#define SEALSLOT_TOOL_CMD_H

/* One verb each: argv[0] is the verb. Returns the exit code (enum tool_exit). */
int cmd_init(int argc, char **argv);
int cmd_schedule(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_new_root(int argc, char **argv);
int cmd_offer(int argc, char **argv);
int cmd_retire(int argc, char **argv);
int cmd_revoke(int argc, char **argv);
int cmd_reviewer_copy(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_restore(int argc, char **argv);

#endif
