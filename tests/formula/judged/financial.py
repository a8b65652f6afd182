_FIRST_ROW_ONLY = "it takes the first number of an array alone"
_LESS_PRECISE = "its root is right to ten digits only"
_LAST_PERIOD = "it compounds interest in the last coupon period too, where Microsoft's formula has it simple"
_FROM_0 = "it counts periods of depreciation from 0 on also where one begins within a period"
_YEARS = "it counts the periods by YEARFRAC and not by days of the coupon period"
_NO_ODD_FIRST = "it has no bonds with an odd first period"

IRONCALC: dict[str, str] = {
    "VDB(2400,300,10,2.5,7.25)": _FROM_0,
    "RATE(10,-100,1000)+1": _LESS_PRECISE,
    "RATE(5,-100,300,80,1,0.2)": "it cannot compute it",
    "NPV(0.08,{-3,1;2.5,3},1)": _FIRST_ROW_ONLY,
    "SUMPRODUCT(NPV({0.1,0.2},B1:B3))": "it has no arrays of rates",
    "IRR({-70,12,15},-0.1)": _LESS_PRECISE,
    "XIRR({-10,2,3},{39448,39508,39751})": _LESS_PRECISE,
    "ACCRINT(39508,39691,39569,0.1,,2)": "it knows no par of 1000 where none is given",
    "ACCRINTM(39539,39614,0.1,,1)": "it knows no par of 1000 where none is given",
}
LIBREOFFICE: dict[str, str] = {
    "ODDFPRICE(39763,44256,39736,39873,0.0785,0.0625,100,2,1)": _NO_ODD_FIRST,
    "ODDFPRICE(39763,44256,39114,39873,0.0785,0.0625,100,2,0)": _NO_ODD_FIRST,
    "ODDFYIELD(39763,44256,39736,39873,0.0575,84.5,100,2,0)": _NO_ODD_FIRST,
    "ODDFYIELD(39763,44256,39114,39873,0.0575,84.5,100,2,1)": _NO_ODD_FIRST,
    "ODDLPRICE(39763,44256,39736,0.0785,0.0625,100,2,1)": _YEARS,
    "ODDLPRICE(40181,40216,39873,0.0785,0.0625,100,2,2)": _YEARS,
    "ODDLYIELD(39763,44256,39736,0.0575,84.5,100,2,1)": _YEARS,
    "VDB(2400,300,10,2.5,7.25)": _FROM_0,
    "CUMPRINC(0.1,30.34,8000,1.9,8.53,1)": "it begins with the whole of a period of which a part is left out",
    "CUMIPMT(0.1,29.9,8000,2.7,9.667,1)": "it begins with the whole of a period of which a part is left out",
    "RATE(10,-100,1000)+1": _LESS_PRECISE,
    "NPV(0.08,{-3,1;2.5,3},1)": "it takes an array column by column",
    "IRR({-3,9;-3,8})": "it takes an array column by column",
    "PRICE(39493,39600,0.0575,0.065,100,2,1)": _LAST_PERIOD,
    "YIELD(39493,39600,0.0575,99,100,2,1)": _LAST_PERIOD,
    "DURATION(43282,54058,0.08,0.09,2,1)": _YEARS,
    "MDURATION(39448,42370,0.08,0.09,2,1)": _YEARS,
    "ACCRINT(39512,39691,39569,0.1,1000,2,0,FALSE)": "it has no method",
    "ACCRINT(39543,39691,39569,0.1,1000,2,0,TRUE)": "it has no method",
    "ACCRINT(39508,39691,39869,0.1,1000,2,1,FALSE)": "it has no method",
    "ACCRINT(39508,39691,39869,0.1,1000,$B$1,1)": "it counts years and not parts of coupon periods",
    "TBILLEQ(39538,39800,0.0914)": "it has simple interest beyond half a year too",
}
_V = 1.08
_LEFT = 2400 * 0.9 * 0.8**2
DOCUMENTED: dict[str, object] = {
    # from 2.5 on what 2.5 periods leave of 2400 declines by a fifth a period, four times and a part of a fifth
    "VDB(2400,300,10,2.5,7.25)": _LEFT * (1 - 0.8**4 + 0.75 * 0.2 * 0.8**4),
    "RATE(10,-100,1000)+1": 1.0,  # what is paid is what was lent
    "NPV(0.08,{-3,1;2.5,3},1)": -3 / _V + 1 / _V**2 + 2.5 / _V**3 + 3 / _V**4 + 1 / _V**5,  # row by row
    # parts of the quasi-coupon periods that end on 31 May, 31 August, 30 November and 28 February, the last one
    # of which Excel takes to be as long as the one that ends on 31 August
    "ACCRINT(39508,39691,39869,0.1,1000,$B$1,1)": 25 * (91 / 92 + 1 + 1 + 87 / 92),
}
