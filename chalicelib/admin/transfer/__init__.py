"""Moving in and out: whole accounts as JSON:API resource objects, one a line (`python -m chalicelib.admin import`).

`import_resources` creates and patches with ids, keys and timestamps as they are; `export_resources` gives all of it
back, in an order that can be imported. Both work through conditional writes and pages, so that an account of any size
takes little memory and may be used meanwhile. An export holds the private keys and the secret of the account.
"""

from __future__ import annotations

from chalicelib.admin.transfer.exporting import export_resources
from chalicelib.admin.transfer.importing import import_resources
from chalicelib.admin.transfer.pace import Pace
from chalicelib.admin.transfer.report import Rejection, Report

__all__ = ["Pace", "Rejection", "Report", "export_resources", "import_resources"]
