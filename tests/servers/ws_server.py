#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A WebSocket server to test against. It prints its port, then "closed CODE" for each connection.

What it does is in the path: /echo, /fragments (echo in pieces of 7 bytes), /close/CODE,
/send/SIZE/COUNT (binary messages of zeros), /ping (says "pong" once its ping was answered),
/headers (sends the request's headers), /refuse/STATUS (with Retry-After: 7), /silent.
"""
import argparse
import asyncio
import http
import ssl

import websockets


async def serve(ws):
    action, *arguments = ws.path.strip("/").split("/")
    if action == "close":
        await ws.close(int(arguments[0]), "as asked")
    elif action == "send":
        for _ in range(int(arguments[1])):
            await ws.send(bytes(int(arguments[0])))
        await ws.wait_closed()
    elif action == "ping":
        await (await ws.ping(b"are you there"))
        await ws.send("pong")
        await ws.wait_closed()
    elif action == "headers":
        await ws.send("".join(f"{k}: {v}\n" for k, v in ws.request_headers.raw_items()))
        await ws.wait_closed()
    elif action == "silent":
        await ws.wait_closed()
    else:
        async for message in ws:
            if action == "fragments":
                await ws.send(message[i : i + 7] for i in range(0, len(message), 7))
            else:
                await ws.send(message)


async def handle(ws):
    try:
        await serve(ws)
    except websockets.ConnectionClosed:
        pass
    print("closed", ws.close_code, flush=True)


async def refuse(path, headers):
    if path.startswith("/refuse/"):
        return http.HTTPStatus(int(path.split("/")[2])), [("Retry-After", "7")], b"no\n"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", metavar="PEM", help="certificate and key")
    parser.add_argument("--tls12", action="store_true", help="nothing newer than TLS 1.2")
    parser.add_argument("--subprotocol", action="append")
    options = parser.parse_args()
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls)
        if options.tls12:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
    server = await websockets.serve(
        handle,
        "127.0.0.1",
        options.port,
        ssl=context,
        subprotocols=options.subprotocol,
        process_request=refuse,
        compression=None,
        max_size=None,
        max_queue=None,
        ping_interval=None,
        close_timeout=2,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()


asyncio.run(main())
