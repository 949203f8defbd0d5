"""Where an auditor's pack is written: a folder and a .tar beside it, never over anything."""

from pathlib import Path


def refuse_what_is_there(folder: Path) -> Path:
    """Return the place of the .tar beside a folder. Raises FileExistsError where either is taken.

    A pack is never written over.
    """
    tar = folder.with_name(f"{folder.name}.tar")
    for one in (folder, tar):
        if one.exists():
            raise FileExistsError(f"there is already something at {one}")
    return tar
