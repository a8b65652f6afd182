import math

_FEW_DIGITS = "its error function has 11 digits"

IRONCALC: dict[str, str] = {
    "NORM.DIST(42,40,1.5,TRUE)": _FEW_DIGITS,
    "NORMDIST(42,40,1.5,TRUE)": _FEW_DIGITS,
    "NORM.S.DIST(1.3,TRUE)": _FEW_DIGITS,
    "NORMSDIST(1.3)": _FEW_DIGITS,
    "GAUSS(2)": _FEW_DIGITS,
    "LOGNORM.DIST(4,3.5,1.2,TRUE)": _FEW_DIGITS,
    "LOGNORMDIST(4,3.5,1.2)": _FEW_DIGITS,
    "BINOM.DIST.RANGE(60,0.2,45,50)*10^20": "it takes the difference of two numbers near 1",
}
LIBREOFFICE: dict[str, str] = {}
DOCUMENTED: dict[str, object] = {  # closed forms of what Microsoft's pages give to a few digits
    "BINOM.DIST(6,10,0.5,FALSE)": 210 / 1024,
    "BINOM.DIST.RANGE(60,0.2,45,50)*10^20": 7.164797105216203,  # summed up in whole numbers
    "CHISQ.INV(0.6,2)": -2 * math.log(0.4),
    "EXPON.DIST(0.2,10,TRUE)": 1 - math.exp(-2),
    "EXPON.DIST(0.2,10,FALSE)": 10 * math.exp(-2),
    "FISHER(0.75)": math.atanh(0.75),
    "GAMMA(2.5)": 0.75 * math.sqrt(math.pi),
    "GAMMALN(4)": math.log(6),
    "HYPGEOM.DIST(1,4,8,20,FALSE)": 8 * 220 / 4845,
    "HYPGEOM.DIST(1,4,8,20,TRUE)": (495 + 8 * 220) / 4845,
    "NEGBINOM.DIST(10,5,0.25,FALSE)": 1001 * 0.25**5 * 0.75**10,
    "PERMUT(100,3)": 970200.0,
    "POISSON.DIST(2,5,FALSE)": 12.5 * math.exp(-5),
    "POISSON.DIST(2,5,TRUE)": 18.5 * math.exp(-5),
    "T.DIST(60,1,TRUE)": 0.5 + math.atan(60) / math.pi,
    "T.INV(0.75,2)": math.sqrt(2 / 3),
}
