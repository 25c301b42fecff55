#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An HTTP proxy that knows CONNECT only. It prints its port, then "connect HOST:PORT" for each
request. Every host is 127.0.0.1 to it. With --status it refuses with that status."""
import argparse
import asyncio


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except (ConnectionError, RuntimeError, OSError):
        writer.close()


async def handle(options, reader, writer):
    request = await reader.readuntil(b"\r\n\r\n")
    method, target, _ = request.split(b"\r\n")[0].decode().split(" ")
    print("connect" if method == "CONNECT" else method, target, flush=True)
    if options.status:
        writer.write(f"HTTP/1.1 {options.status} no\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()
        return
    port = int(target.rsplit(":", 1)[1])
    server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.gather(copy(reader, server_writer), copy(server_reader, writer))


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--status", type=int)
    options = parser.parse_args()
    server = await asyncio.start_server(lambda r, w: handle(options, r, w), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()


asyncio.run(main())
