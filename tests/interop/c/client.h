/* The parts of the program in C; each works below the path that it is given. */
#ifndef SYNOD_INTEROP_CLIENT_H
#define SYNOD_INTEROP_CLIENT_H

void check_watches(const char *servers, const char *top);
void check_failover(const char *servers, const char *top);

#endif
