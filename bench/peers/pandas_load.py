"""The usual Python way: read the file, hash each row, append what is new. Connects by the PG* variables."""

import hashlib
import sys

import pandas
import sqlalchemy

path, table = sys.argv[1:]
engine = sqlalchemy.create_engine("postgresql+psycopg2://")
rows = pandas.read_csv(path, parse_dates=["placed_on", "updated_at"])
rows["row_hash"] = [
    hashlib.sha256("|".join(map(str, row)).encode()).hexdigest() for row in rows.itertuples(index=False)
]
with engine.begin() as connection:
    if sqlalchemy.inspect(connection).has_table(table):
        known = pandas.read_sql(f"SELECT row_hash FROM {table}", connection)["row_hash"]
        rows = rows[~rows["row_hash"].isin(known)]
    rows.drop_duplicates("row_hash").to_sql(
        table, connection, if_exists="append", index=False, method="multi", chunksize=1000
    )
