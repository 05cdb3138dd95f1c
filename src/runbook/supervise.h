/*
 * The supervisor of one run on this machine: `trueup internal-run DIR`, started by execute.c only.
 * It starts the script shut in (isolate.h), reads, masks and limits what it prints, keeps the time
 * and disk limits, stops it in order (SIGTERM, grace, kill of everything), removes its folder and
 * writes the result. If it is killed the script dies with it.
 */
#ifndef TRUEUP_RUNBOOK_SUPERVISE_H
#define TRUEUP_RUNBOOK_SUPERVISE_H

/* The hidden command that main() has to pass on to supervise_main(). */
#define RUN_COMMAND "internal-run"

/* Returns the exit code of the process. */
int supervise_main(const char *dir);

#endif
