"""Proxies that really pass on what they are asked for, and TLS in front of a server that has none."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.images.proxies import Talk, listening


@dataclass
class Proxy:
    """A running proxy: its host and port, and the targets that it was asked for."""

    host: str = ""
    asked: list[str] = field(default_factory=list)


@asynccontextmanager
async def http_proxy(leads: Mapping[str, str]) -> AsyncIterator[Proxy]:
    """A proxy for plain HTTP (absolute addresses) and for tunnels (CONNECT); `leads` says where names lead.

    Each connection serves one client's requests to one target, which is what clients do.
    """
    proxy = Proxy()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b" ", 2)
        if method == b"CONNECT":
            proxy.asked.append(target.decode())
            there = leads[target.decode()]
            far_reader, far_writer = await _open(there)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            address = urlsplit(target.decode())
            proxy.asked.append(address.netloc)
            far_reader, far_writer = await _open(leads[address.netloc])
            far_writer.write(_once(head))
        await _join(reader, writer, far_reader, far_writer)

    async with listening(talk) as proxy.host:
        yield proxy


@asynccontextmanager
async def socks_proxy(leads: Mapping[str, str]) -> AsyncIterator[Proxy]:
    """SOCKS5 without a password (RFC 1928), asked by name or IPv4 address; `leads` says where names lead."""
    proxy = Proxy()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        *_, kind = await reader.readexactly(4)
        if kind == 3:
            [length] = await reader.readexactly(1)
            name = (await reader.readexactly(length)).decode()
        else:
            name = ".".join(map(str, await reader.readexactly(4)))
        port = int.from_bytes(await reader.readexactly(2), "big")
        proxy.asked.append(f"{name}:{port}")
        far_reader, far_writer = await _open(leads[f"{name}:{port}"])
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        await _join(reader, writer, far_reader, far_writer)

    async with listening(talk) as proxy.host:
        yield proxy


@asynccontextmanager
async def tls_front(context: ssl.SSLContext, target: str) -> AsyncIterator[str]:
    """TLS in front of `target` (host:port); yields the front's host and port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _join(reader, writer, *await _open(target))

    async with _listening(talk, context) as host:
        yield host


@asynccontextmanager
async def _listening(talk: Talk, context: ssl.SSLContext) -> AsyncIterator[str]:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(once, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _once(head: bytes) -> bytes:
    """A request's head with its target as servers want it, told to be the connection's only one."""
    line, _, rest = head.partition(b"\r\n")
    method, target, version = line.split(b" ")
    address = urlsplit(target.decode())
    path = address.path + (f"?{address.query}" if address.query else "")
    return b" ".join((method, path.encode(), version)) + b"\r\nConnection: close\r\n" + rest


async def _open(target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = target.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def _join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
) -> None:
    """Pass on both ways until either side has ended."""
    ways = [asyncio.create_task(_pump(reader, far_writer)), asyncio.create_task(_pump(far_reader, writer))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        far_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(2**16):
        writer.write(chunk)
        await writer.drain()
