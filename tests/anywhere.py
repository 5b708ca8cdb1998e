"""What a graph may reach that is no file's, and whose tools lie wherever a test puts them."""

from pathlib import Path

from agraph.runtime.permissions import Permissions

ANYWHERE = Permissions(Path(Path.cwd().anchor))
