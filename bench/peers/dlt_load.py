"""A CSV file through dlt: pages of a DataFrame, appended."""

import sys

import dlt
import pandas

path, table, url, folder = sys.argv[1:]


@dlt.resource(name=table, write_disposition="append")
def orders():
    yield from pandas.read_csv(path, parse_dates=["placed_on", "updated_at"], chunksize=50_000)


pipeline = dlt.pipeline(
    pipeline_name=table,
    pipelines_dir=folder,
    destination=dlt.destinations.postgres(url),
    dataset_name="bench_dlt",
)
pipeline.run(orders())
