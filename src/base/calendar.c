/*
 * Years are counted from March, so that the leap day is the last one of its year, in eras of 400
 * years, which all have the same number of days. Within such a year a month's first day is a
 * straight line rounded down: months repeat in groups of five with 153 days.
 */
#include "base/calendar.h"

enum { DAYS_OF_ERA = 146097, DAYS_TO_1970 = 719468 /* since 0000-03-01 */ };

int64_t floor_div(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

int64_t calendar_day(struct calendar_date date)
{
	const int64_t year = date.year - (date.month <= 2);
	const int64_t era = floor_div(year, 400);
	const int64_t of_era = year - era * 400;
	const int64_t month = (date.month + 9) % 12;
	const int64_t of_year = (153 * month + 2) / 5 + date.day - 1;
	return era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
	       DAYS_TO_1970;
}

struct calendar_date calendar_date(int64_t day)
{
	const int64_t shifted = day + DAYS_TO_1970;
	const int64_t era = floor_div(shifted, DAYS_OF_ERA);
	const int64_t rest = shifted - era * DAYS_OF_ERA;
	/* Takes the leap days out, so that every year has 365. */
	const int64_t year = (rest - rest / 1460 + rest / 36524 - rest / (DAYS_OF_ERA - 1)) / 365;
	const int64_t of_year = rest - (year * 365 + year / 4 - year / 100);
	const int64_t month = (5 * of_year + 2) / 153;
	struct calendar_date date = {
		.year = era * 400 + year + (month >= 10),
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)(of_year - (153 * month + 2) / 5 + 1),
	};
	return date;
}

int calendar_weekday(int64_t day)
{
	const int64_t since_thursday = day - floor_div(day, 7) * 7;
	return (int)((since_thursday + 4) % 7);
}

bool calendar_is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int calendar_days_in_month(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return days[month - 1] + (month == 2 && calendar_is_leap(year));
}
