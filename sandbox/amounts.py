"""Money of the sandbox: whole cents, shares in basis points, and their texts. No floats."""


def share(cents: int, basis_points: int) -> int:
    """Return a share of a non-negative amount in cents, rounded half up to the cent."""
    return (cents * basis_points + 5_000) // 10_000


def decimal_text(cents: int) -> str:
    """Write cents as a decimal with two places: -150 is "-1.50"."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02d}"


def x12_text(cents: int) -> str:
    """Write cents as X12 does: no trailing zeros, no decimal point for whole dollars."""
    return decimal_text(cents).rstrip("0").rstrip(".")
