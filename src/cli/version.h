/* What this build calls itself; the man pages carry the date. */
#ifndef TRUEUP_CLI_VERSION_H
#define TRUEUP_CLI_VERSION_H

#define TRUEUP_VERSION "0.1.0"
#define TRUEUP_DATE    "November 22, 2026"

#endif
