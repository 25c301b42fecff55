#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A WebSocket server that tells what happens to it, one JSON object a line, with the time of
CLOCK_BOOTTIME in microseconds: "listening", then "open", "message" and "close" for each connection,
"request" when it leaves an upgrade without an answer.

What it does is in the path: /echo, /sink, /close/CODE (at once), /poison/CODE (closes over a
message that begins with "poison", before it reads on), /send/SIZE (one message), /raw/HEX (these bytes in place of a
frame), /never (no answer to the upgrade), /refuse/STATUS.

It reads commands, one a line: "send TEXT", "burst COUNT SIZE" (numbered messages of that size),
"bytes SIZE", each to every open connection; "close CODE".

Beside it, on the next port, a server greets with what is no HTTP.
"""
import argparse
import asyncio
import http
import json
import os
import ssl
import sys
import time

import websockets

connections = {}


def tell(event, connection=0, **facts):
    now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
    line = json.dumps({"event": event, "connection": connection, "usec": now, **facts})
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def tell_message(number, message):
    data = message.encode() if isinstance(message, str) else message
    tell(
        "message",
        number,
        size=len(data),
        binary=not isinstance(message, str),
        text=data[:60].decode("latin-1"),
    )


class Protocol(websockets.WebSocketServerProtocol):
    async def read_message(self):
        message = await super().read_message()
        if self.path.startswith("/poison/") and message[:6] in (b"poison", "poison"):
            self.fail_connection(int(self.path.split("/")[2]))
            return None
        return message


async def serve(number, ws):
    action, *arguments = ws.path.strip("/").split("/")
    if action == "close":
        await ws.close(int(arguments[0]))
    elif action == "send":
        await ws.send(bytes(int(arguments[0])))
    elif action == "raw":
        ws.transport.write(bytes.fromhex(arguments[0]))
    async for message in ws:
        tell_message(number, message)
        if action == "echo":
            await ws.send(message)


async def handle(ws):
    number = handle.count = handle.count + 1
    connections[number] = ws
    tell("open", number, peer=ws.remote_address[0], text=ws.path)
    try:
        await serve(number, ws)
    except websockets.ConnectionClosed:
        pass
    await ws.wait_closed()
    del connections[number]
    tell("close", number, code=ws.close_code)


handle.count = 0


async def before(path, headers):
    if path == "/never":
        tell("request")
        await asyncio.Future()
    if path.startswith("/refuse/"):
        tell("request")
        return http.HTTPStatus(int(path.split("/")[2])), [], b"no\n"


async def greet(reader, writer):
    tell("request")
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n" + bytes(range(256)))
    try:
        await reader.read()
    except ConnectionError:
        pass
    writer.close()


async def obey(command):
    verb, *arguments = command.split(" ", 2)
    for ws in list(connections.values()):
        if verb == "send":
            await ws.send(" ".join(arguments))
        elif verb == "burst":
            size = int(arguments[1])
            for i in range(int(arguments[0])):
                await ws.send(b"%06d" % i + bytes(size - 6))
        elif verb == "bytes":
            await ws.send(bytes(int(arguments[0])))
        elif verb == "close":
            await ws.close(int(arguments[0]))


async def read_commands():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        try:
            await obey(line.decode().rstrip("\n"))
        except websockets.ConnectionClosed:
            pass
    os._exit(0)  # the test has ended


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tls", metavar="PEM", help="certificate and key")
    options = parser.parse_args()
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls)
    await asyncio.start_server(greet, None, options.port + 1)
    await websockets.serve(
        handle,
        None,
        options.port,
        create_protocol=Protocol,
        ssl=context,
        process_request=before,
        compression=None,
        max_size=None,
        max_queue=None,
        ping_interval=None,
        close_timeout=1,
    )
    tell("listening")
    await read_commands()


asyncio.run(main())
