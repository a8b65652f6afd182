IRONCALC: dict[str, str] = {
    'IF(REGEXTEST("Alfalfa","^al",1),2,3)': "it has no case that is ignored",
    'ARRAYTOTEXT(REGEXEXTRACT("x=12","(\\w)=(\\d+)",2))&REGEXEXTRACT(12,"2")': "it extracts no groups",
    'REGEXEXTRACT("abC","c",0,1)&REGEXEXTRACT(12,"2")': "it has no case that is ignored",
    'REGEXREPLACE("a1b22","[0-9]+","#",2)&REGEXREPLACE(12,"2",3,-1)': "it replaces all occurrences",
    'REGEXREPLACE("aBb","b","-",0,1)&REGEXREPLACE(12,"2",3)': "it has no case that is ignored",
}
LIBREOFFICE: dict[str, str] = {}
DOCUMENTED: dict[str, object] = {  # by PCRE2's pages, to which Microsoft's refer
    'IF(REGEXTEST("alfalfa","a.f"),2,3)': 2.0,
    'IF(REGEXTEST(12,"^\\d+$"),2,3)': 2.0,
    'IF(REGEXTEST("Alfalfa","^al",1),2,3)': 2.0,
    'REGEXEXTRACT("a12b3","[0-9]+")&REGEXEXTRACT(12,"2")': "122",
    'ARRAYTOTEXT(REGEXEXTRACT("DylanWilliams","[A-Z][a-z]+",1))&REGEXEXTRACT(12,"2")': "Dylan, Williams2",
    'ARRAYTOTEXT(REGEXEXTRACT("x=12","(\\w)=(\\d+)",2))&REGEXEXTRACT(12,"2")': "x, 122",
    'REGEXEXTRACT("abC","c",0,1)&REGEXEXTRACT(12,"2")': "C2",
    'REGEXREPLACE("a1b22","[0-9]+","#")&REGEXREPLACE(12,"2",3)': "a#b#13",
    'REGEXREPLACE("a1b22","[0-9]+","#",2)&REGEXREPLACE(12,"2",3,-1)': "a1b#13",
    'REGEXREPLACE("Sonia Ray","(\\w+) (\\w+)","$2, $1")&REGEXREPLACE(12,"2",3)': "Ray, Sonia13",
    'REGEXREPLACE("aBb","b","-",0,1)&REGEXREPLACE(12,"2",3)': "a--13",
}
