"""Jinja templates of the report (a package, so that they ship with the wheel)."""
