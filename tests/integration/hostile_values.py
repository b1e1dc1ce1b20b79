# ruff: noqa: SIM905  words are easier to read than a page of quotes
"""What hostile messages are made of. Numbers, wrong types and surrogates are the text of JSON, the others are bare."""

# Some of these no JSON parser takes, some only a lax one, and some only one that keeps numbers as text.
HUGE = "1e400 -1e400 1e-400 1e999999999 1e20 1E+30 1.0000001e30 -0 -0.0".split()
HUGE += ["2147483648", "-2147483649", "9223372036854775808", "1" + "0" * 30]
HUGE += ["9" * 400, "-" + "9" * 400, "9" * 5_000, "0." + "0" * 500 + "1"]
NOT_NUMBERS = "NaN Infinity -Infinity +INF nan 007 +5 .5 5. 0x10 1_000 1,5 --1 1e".split()
WRONG = 'null true false [] {} "" "text" 5 -1.5 [1,"2"] "NaN" "1.5" "0" [[[[]]]]'.split()
WRONG += ['{"price": 5, "coin_id": "x"}', '{"a": 1, "a": 2}', '{"x": {"a": 1, "a": 2}, "price": 7}']
SURROGATES = r'"\ud800" "\udc00\ud800" "a\udfffb" "\ud83d" "\ud83d\ude00" "😀"'.split()

FRAGMENTS = (
    r"../../../etc/passwd $(reboot) `id` ${jndi:ldap://x/a} {{7*7}} %00%s%n landed_hour=2020-01-01T00/../x".split()
)
FRAGMENTS += r'" \ \. \N \copy , null $1 __HIVE_DEFAULT_PARTITION__'.split()
FRAGMENTS += ["'; drop table landing.crypto_prices; --", "a\tb\nc\rd", "\x7f", "\u202e", " ", "\u00a0", "\ufeff"]
FRAGMENTS += ["x" * 255, "x" * 256, "☂" * 255]

TIMESTAMPS = """2026
2026-11-22
2026-11-22 10:00:00Z
 2026-11-22T10:00:00Z
2026-11-22T10:00:00
2026-11-22T10:00:00z
2026-11-22T24:00:00Z
2026-11-22T23:59:60Z
2026-11-22T10:00:00+18:00
2026-11-22T10:00:00+18:01
2026-11-22T10:00:00-23:59
2026-11-22T10:00:00+01:60
2026-11-22T10:00:00.123456789Z
2026-11-22T10:01:00.005Z
2026-02-29T00:00:00Z
+2026-11-22T10:00:00Z
12026-11-22T10:00:00Z
٢٠٢٦-11-22T10:00:00Z
0000-01-01T00:00:00Z
0001-01-01T00:00:00Z
0001-01-01T00:00:00+00:01
1582-10-10T00:00:00Z
1883-11-18T12:00:00Z
9999-12-31T23:59:59.999Z
9999-12-31T23:59:59-00:01""".splitlines()
TIMESTAMPS += ["", "2026-11-22T10:00:00Z\n"]

TOP_LEVEL = [*b'null true 12 "text" [] [1] {} [{}] { } ] " , {}{}'.split(), b"", b" ", b"\n", b"[] []"]
VERSIONS = [*b"2.0 10 1 1. 1.99999999999999999999 v1 \xff\xfe 1.\xff".split(), b"", b" 1.0", b"1\x00"]
VERSIONS += [b"1." + b"9" * 998, b"1." + b"9" * 999]
AFTER = [*b"x {} ] } , ,0 //x [ \x00".split(), b"] {}", b" \n\t ", b"\n{}\n", b'{"coin_id": "other"}']
