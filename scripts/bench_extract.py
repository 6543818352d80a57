"""Asks DuckDB the three questions of release/examples/extract_bench.rs on the same files, with two threads, and holds
answers and CPU seconds beside each other. Usage: bench_extract.py FOLDER OURS (the lines our program printed)."""

import datetime
import json
import resource
import sys

import duckdb

folder, ours = sys.argv[1], sys.argv[2]


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def day(text):
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


def table(name):
    return f"read_parquet('{folder}/{name}/*.parquet')"


CHAPTERS = (
    "A00B99 C00D48 D50D89 E00E90 F00F99 G00G99 H00H59 H60H95 I00I99 J00J99 K00K93 "
    "L00L99 M00M99 N00N99 O00O99 P00P96 Q00Q99 R00R99 S00T98 V01Y98 Z00Z99 U00U99"
).split()
CASES = " ".join(f"WHEN substr(code,1,3) BETWEEN '{c[:3]}' AND '{c[3:]}' THEN {n}" for n, c in enumerate(CHAPTERS))
FROM, TO = day("2024-01-01"), day("2026-12-31")
YEAR_FROM, YEAR_TO = day("2025-01-01"), day("2025-12-31")
SURE = "coalesce(qualifiers, '') <> '8002'"

COHORT = f"""
WITH first AS (
  SELECT identity_id, min(start_days) AS day FROM {table('condition_occurrence')}
  WHERE standard_code LIKE 'E11%' AND {SURE} AND start_days BETWEEN {FROM} AND {TO} GROUP BY 1)
SELECT count(DISTINCT d.identity_id) FROM first f JOIN {table('drug_exposure')} d USING (identity_id)
WHERE d.standard_code LIKE '3969%' AND d.start_days BETWEEN f.day AND f.day + 90"""

TABLE = f"""
WITH c AS (
  SELECT identity_id, standard_code AS code, greatest(start_days, {YEAR_FROM}) AS day
  FROM {table('condition_occurrence')}
  WHERE start_days <= {YEAR_TO} AND end_days >= {YEAR_FROM} AND {SURE}),
chapters AS (SELECT code, CASE {CASES} ELSE 22 END AS chapter FROM (SELECT DISTINCT code FROM c)),
first AS (SELECT identity_id, min(day) AS day FROM c GROUP BY 1),
who AS (
  SELECT p.identity_id, p.status AS sex, p.source_code AS area,
    least(date_diff('month', DATE '1970-01-01' + p.start_days, date_trunc('month', DATE '1970-01-01' + f.day)) // 60, 18)
    AS age
  FROM first f JOIN {table('person')} p USING (identity_id)),
cells AS (
  SELECT chapter, sex, age, area, count(DISTINCT identity_id) AS n
  FROM c JOIN chapters USING (code) JOIN who USING (identity_id) GROUP BY ALL)
SELECT count(*), sum(n), sum(n * n) FROM cells"""


def events(name, value, condition="true"):
    return f"""SELECT identity_id, f.day AS index_day, '{name}' AS event, coalesce(standard_system, source_system) AS system,
      coalesce(standard_code, source_code) AS code, start_days - f.day AS day, times, {value} AS value,
      value_unit AS unit FROM {table(name)} JOIN first f USING (identity_id)
      WHERE start_days BETWEEN {FROM} AND {TO} AND {condition}"""


EXTRACT = f"""
CREATE OR REPLACE TEMP TABLE extract AS
WITH first AS (
  SELECT identity_id, min(start_days) AS day FROM {table('condition_occurrence')}
  WHERE standard_code LIKE 'E11%' AND {SURE} AND start_days BETWEEN {FROM} AND {TO} GROUP BY 1),
e AS ({events('visit_occurrence', 'NULL')}
  UNION ALL {events('condition_occurrence', 'NULL', SURE)}
  UNION ALL {events('drug_exposure', 'CAST(quantity AS DECIMAL(18,4))')}
  UNION ALL {events('measurement', 'CAST(value_number AS DECIMAL(18,4))')})
SELECT p.status AS sex, p.source_code AS area, p.start_days AS birth, e.* FROM e JOIN {table('person')} p USING (identity_id)
ORDER BY identity_id, day, event, code"""
EXTRACTED = "SELECT count(DISTINCT identity_id), count(*), sum(day), sum(value) FROM extract"


def ask(question):
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    if question == "extract":
        since = cpu()
        connection.execute(EXTRACT)
        used = cpu() - since
        answer = connection.execute(EXTRACTED).fetchone()
    else:
        since = cpu()
        answer = connection.execute({"cohort": COHORT, "table": TABLE}[question]).fetchone()
        used = cpu() - since
    connection.close()
    return used, [float(a) for a in answer]


wrong = False
print(f"{'question':10} {'musubi CPU s':>13} {'DuckDB CPU s':>13} {'ratio':>6}  answers (DuckDB {duckdb.__version__})")
for line in open(ours):
    mine = json.loads(line)
    used, answer = ask(mine["question"])
    same = answer == [float(a) for a in mine["answer"]]
    wrong |= not same
    told = "equal" if same else f"DIFFERENT {mine['answer']} {answer}"
    print(f"{mine['question']:10} {mine['cpu']:13.2f} {used:13.2f} {used / mine['cpu']:6.2f}  {told}")
sys.exit(wrong)
