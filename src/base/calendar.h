/*
 * Days of the proleptic Gregorian calendar as numbers, in pure arithmetic: no time zone, no C
 * library state. Day 0 is 1970-01-01, a Thursday.
 */
#ifndef TRUEUP_BASE_CALENDAR_H
#define TRUEUP_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

struct calendar_date {
	int64_t year;
	int month; /* 1 to 12 */
	int day; /* 1 to 31 */
};

enum { SECONDS_OF_DAY = 86400 };

/* The day's number; month and day must be in range. */
int64_t calendar_day(struct calendar_date date);
struct calendar_date calendar_date(int64_t day);
/* 0 is Sunday. */
int calendar_weekday(int64_t day);
bool calendar_is_leap(int64_t year);
int calendar_days_in_month(int64_t year, int month);
/* Rounds towards minus infinity; by must be positive. */
int64_t floor_div(int64_t value, int64_t by);

#endif
