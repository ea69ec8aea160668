"""The synthetic patients: nobody in here exists, and nobody shall be added who does.

Rule: every patient is here for a reason; the first one is the one the README shows.
"""

from dicom_qr_gateway.sandbox.patients import Patient, Series, Study, ct, mr, pet_ct, plain

_JOHN_DOE = Patient(
    "1112223333",
    "DOE^JOHN",
    "19700101",
    "M",
    (
        Study(
            "20240101",
            "120000",
            "CT ABDOMEN",
            (Series("CT", "PORTAL VENOUS", 4, "ABDOMEN"), Series("CT", "LUNG BASES", 2, "ABDOMEN")),
            accession_number="ACC-1",
        ),
        Study(
            "20230615",
            "093000",
            "MR BRAIN",
            (Series("MR", "T1", 2, "BRAIN"), Series("MR", "T2 FLAIR", 2, "BRAIN")),
            accession_number="ACC-2",
        ),
        Study(
            "20190920",
            "141500",
            "CR CHEST",
            (Series("CR", "PA", 1, "CHEST"), Series("CR", "LATERAL", 1, "CHEST")),
            accession_number="ACC-3",
        ),
    ),
)

_PLAIN = (
    Patient(
        "SB-0002",
        "DOE^JANE",
        "19720315",
        "F",
        (
            ct(5, "081500", "CT THORAX", "CHEST", 3),
            Study(40, "101000", "MAMMOGRAPHY", (Series("MG", "CC", 2), Series("MG", "MLO", 2))),
            plain("US", 400, "110500", "US ABDOMEN", "ABDOMEN"),
        ),
    ),
    # The same name and another identifier: a patient is found by the identifier alone.
    Patient("SB-0003", "DOE^JANE", "19910730", "F", (mr(90, "150000", "MR KNEE", "KNEE"),)),
    # Identifiers that differ in case, and one with spaces in it.
    Patient("SB-0004", "UPPER^CASE", "19660606", "M", (ct(30, "070000", "CT SINUS", "HEAD"),)),
    Patient("sb-0004", "lower^case", "19660607", "M", (mr(31, "070000", "MR SINUS", "HEAD"),)),
    Patient(
        "A B 26", "SPACE^IDA", "19800808", "F", (plain("DX", 12, "163000", "DX HAND", "HAND"),)
    ),
    Patient(
        "SB-0007",
        "Adams^John Robert Quincy^^Rev.^B.A. M.Div.",
        "19350711",
        "M",
        (plain("XA", "20180228", "101500", "CORONARY ANGIOGRAPHY"), ct(700, "1200", "CT", "")),
    ),
    Patient("SB-0008", "UNKNOWN^EMERGENCY", "", "O", (ct(0, "000102", "CT TRAUMA", "HEAD"),)),
    Patient(
        "SB-0009",
        "FOLLOWUP^FRIEDA",
        "19510102",
        "F",
        tuple(ct(days, "094500", "CT FOLLOW UP", "CHEST") for days in range(20, 3700, 365)),
    ),
    Patient(
        "SB-0010",
        "UNDATED^URSULA",
        "19590404",
        "F",
        (ct("", "", "CT OF UNKNOWN DATE", "ABDOMEN"), ct("20210505", "101010", "CT SPINE", "")),
    ),
    Patient(
        "SB-0011",
        "ARCHIVE^ALBERT",
        "19280229",
        "M",
        (
            plain("OT", "19610417", "", "DIGITISED FILM CHEST", "CHEST"),
            plain("CR", "19990228", "235959.999999", "CR CHEST", "CHEST"),
            plain("NM", "20040229", "080000", "BONE SCINTIGRAPHY"),
        ),
    ),
    Patient(
        "SB-0012",
        "NOCT^NORA",
        "19770520",
        "F",
        (
            mr("20220202", "133000", "MR PELVIS", "PELVIS"),
            plain("US", 60, "090000", "US THYROID", "THYROID"),
        ),
    ),
    Patient(
        "SB-0013",
        "ONCO^OLIVER",
        "19630913",
        "M",
        (
            pet_ct(14, "080000", "PET/CT WHOLE BODY"),
            pet_ct(196, "081500", "PET/CT WHOLE BODY"),
            ct(380, "111500", "CT STAGING", "WHOLEBODY"),
        ),
    ),
)

_BY_AGE = (
    Patient("SB-0014", "NEWBORN^OF ROE", 3, "F", (plain("US", 1, "023000", "US HEAD", "HEAD"),)),
    Patient("SB-0015", "INFANT^IVO", 240, "M", (plain("DX", 20, "113000", "DX HIP", "HIP"),)),
    Patient(
        "SB-0016",
        "CHILD^CHARLIE",
        2300,
        "O",
        (plain("CR", 9, "170000", "CR FOREARM", "ARM"), plain("CR", 50, "090000", "CR FOREARM")),
    ),
    Patient("SB-0017", "TEEN^TESSA", 5500, "F", (mr(75, "143000", "MR KNEE", "KNEE"),)),
    Patient(
        "SB-0018",
        "NINETY^NICHOLAS",
        32900,
        "M",
        (ct(2, "221500", "CT HEAD", "HEAD"), plain("XA", 1100, "100000", "ANGIOGRAPHY LEG")),
    ),
)

_BY_CHARACTER_SET = (
    Patient(
        "SB-0019",
        "Müller^Jürgen",
        "19480229",
        "M",
        (
            ct("20200229", "120000", "CT Schädel", "HEAD"),
            mr(45, "083000", "MRT Wirbelsäule", "SPINE"),
        ),
        "ISO_IR 100",
    ),
    Patient(
        "SB-0020",
        "Buc^Jérôme",
        "19850525",
        "M",
        (plain("CR", "20230714", "101500", "Radiographie thorax", "CHEST"),),
        "ISO_IR 100",
    ),
    Patient(
        "SB-0021",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "19550503",
        "M",
        (pet_ct(33, "090000", "PET/CT 全身"), ct("20211103", "150000", "CT", "CHEST")),
        "\\ISO 2022 IR 87",
    ),
    Patient(
        "SB-0022",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
        "19550504",
        "M",
        (plain("US", 18, "160000", "US ABDOMEN", "ABDOMEN"),),
        "ISO_IR 13\\ISO 2022 IR 87",
    ),
    Patient(
        "SB-0023",
        "Wang^XiaoDong=王^小东",
        "19790130",
        "M",
        (ct(25, "143000", "CT 胸部", "CHEST"), plain("DX", 26, "140000", "DX 胸部", "CHEST")),
        "GB18030",
    ),
    Patient(
        "SB-0024",
        "Wang^XiaoDong=王^小東",
        "19790131",
        "M",
        (mr(28, "113000", "MR 頭部", "HEAD"),),
        "ISO_IR 192",
    ),
    Patient(
        "SB-0025",
        "Nguyễn^Văn An",
        "20010902",
        "M",
        (ct(7, "101500", "CT bụng", "ABDOMEN"),),
        "ISO_IR 192",
    ),
    Patient(
        "SB-0026",
        "Hong^Gildong=洪^吉洞=홍^길동",
        "19691009",
        "M",
        (mr(120, "153000", "MR BRAIN", "BRAIN"),),
        "\\ISO 2022 IR 149",
    ),
    Patient(
        "SB-0027",
        "Петров^Иван^Сергеевич",
        "19600412",
        "M",
        (ct("20210412", "090700", "КТ головы", "HEAD"),),
        "ISO_IR 144",
    ),
    Patient(
        "SB-0028",
        "Διονυσιος",
        "19400325",
        "M",
        (plain("NM", "20170325", "100000", "BONE SCINTIGRAPHY"),),
        "ISO_IR 126",
    ),
    Patient(
        "SB-0029",
        "Dvořáková^Lucie",
        "19931117",
        "F",
        (plain("US", 3, "131500", "Ultrazvuk břicha", "ABDOMEN"),),
        "ISO_IR 101",
    ),
    Patient(
        "SB-0030",
        "שרון^דבורה",
        "19830514",
        "F",
        (plain("MG", 200, "121500", "MAMMOGRAPHY", "BREAST"),),
        "ISO_IR 138",
    ),
    Patient(
        "SB-0031",
        "قباني^لنزار",
        "19430321",
        "M",
        (ct(333, "203000", "CT ABDOMEN", "ABDOMEN"),),
        "ISO_IR 127",
    ),
)

PATIENTS: tuple[Patient, ...] = (_JOHN_DOE, *_PLAIN, *_BY_AGE, *_BY_CHARACTER_SET)
