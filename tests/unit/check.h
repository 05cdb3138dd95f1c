/* What every unit test includes: cmocka with the headers it wants, in its order. */
#ifndef TRUEUP_TESTS_CHECK_H
#define TRUEUP_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
