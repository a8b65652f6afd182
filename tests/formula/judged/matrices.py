IRONCALC: dict[str, str] = {}
LIBREOFFICE: dict[str, str] = {}
DOCUMENTED: dict[str, object] = {  # Microsoft's pages
    "MDETERM({1,3,8,5;1,3,6,1;1,1,1,0;7,3,10,2})": 88.0,
    "MDETERM({3,6,1;1,1,0;3,10,2})": 1.0,
    "MDETERM({3,6;1,1})": -3.0,
    "INDEX(MINVERSE({4,-1;2,0}),1,2)": 0.5,
    "INDEX(MINVERSE({1,2,1;3,4,-1;0,2,0}),3,1)": 0.75,
}
