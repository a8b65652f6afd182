FALSE_LEAP_DAY = "it has no 29 February 1900"
BEFORE_1900 = "it has no day 0 of January 1900"
OF_THE_END = (
    "it takes the year of the end, where Excel takes that of the start (C. Pearson, The DATEDIF Function)"
)

IRONCALC: dict[str, str] = {
    "DAY(60)": FALSE_LEAP_DAY,
    "DAY(0.5)": BEFORE_1900,
    "SECOND(45306.7123)": "it cuts seconds off where Excel rounds them",
    "YEARFRAC(46000,45306,1)": "it wants the earlier date first",
    'DATEDIF(45306,46000,"YD")': OF_THE_END,
    "WORKDAY.INTL(45306,-30.9,17)": "it rounds days down where Excel cuts them off",
}
LIBREOFFICE: dict[str, str] = {
    "DAY(60)": FALSE_LEAP_DAY,
    "DAY(0.5)": BEFORE_1900,
    "DATE(124,1,1)": "it has years below 1900",
    "DAYS(45306.9,45000.2)": "it counts parts of days",
    'DATEDIF(45306,46000,"YD")': OF_THE_END,
    "TIME(26,-10,3.9)": "it rounds seconds where Excel cuts them off",
    'IFERROR(TIMEVALUE(1),TIMEVALUE("15-Jan-2024 1:45 PM"))': "it takes the day off a sum of day and time",
}
DOCUMENTED: dict[str, object] = {
    "DAY(60)": 29.0,  # Microsoft: Excel incorrectly assumes that the year 1900 is a leap year
    "DAY(0.5)": 0.0,
    'DATEDIF(45306,46000,"YD")': 329.0,  # 15 January to 9 December of 2024
}
