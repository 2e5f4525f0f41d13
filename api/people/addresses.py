"""
Which addresses are one place: whoever has one of IPv6 has as many as they like, so there the network (/64) counts.

Otherwise nobody who guesses would be stopped by their address, and a stolen credential could make an entry for each of them.
"""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

_PREFIX = 64


def place_of(address: str) -> str:
    """Return what of *address* is counted; what is no address is a place of its own. Pure."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((int(found), _PREFIX), strict=False))
