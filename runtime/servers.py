"""The servers that a file names by `base_url`, and which of them anybody may ask."""

import re
from urllib.parse import urlsplit

import attrs

from agraph.compiler.ir import Model

SERVICE = "https://api.anthropic.com"

LOOPBACK = re.compile(r"https?://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?(?:/[\w./~-]*)?", re.A)
"""This machine, in a form that no two readers of addresses can take for different hosts."""


@attrs.frozen
class Server:
    """A server, and what it would get.

    Attributes:
        address: As `address_of` gives it.
        key: The environment variable whose value it is sent as a key, or `None`.
    """

    address: str
    key: str | None = None

    def __str__(self) -> str:
        # What no address holds could make a terminal show another one.
        shown = ascii(self.address)[1:-1]
        return f"`{shown}`" + (
            f", with the value of {ascii(self.key)[1:-1]} as the key," if self.key else ","
        )


def server_of(model: Model) -> Server | None:
    """The server that a model's declaration names, or `None` where the user's environment decides."""
    options = dict(model.options)
    written, key = options.get("base_url"), options.get("api_key_env")
    if not isinstance(written, str):
        return None
    return Server(address_of(written), key if isinstance(key, str) else None)


def address_of(written: str) -> str:
    """One spelling of an address: scheme and host in small letters, without `/v1` and a slash at the end."""
    address = written.strip().rstrip("/").removesuffix("/v1").rstrip("/")
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower()).geturl()


def is_open(server: Server) -> bool:
    """Whether it is the service itself or on this machine."""
    return server.address == SERVICE or LOOPBACK.fullmatch(server.address) is not None
