# SPDX-License-Identifier: LGPL-2.1-or-later
"""The server of the demo: a WebSocket server that processes each UUID once.

A message is "UUID TEXT". Prints a JSON line for each connection and message, with the time of
CLOCK_BOOTTIME in microseconds, and echoes what it has processed.
"""

import asyncio
import json
import sys
import time

import websockets

known = set()


def tell(event, **facts):
    usec = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
    print(json.dumps({"usec": usec, "event": event, **facts}), flush=True)


async def serve(connection):
    tell("connected", peer=connection.remote_address[0])
    try:
        async for message in connection:
            uuid = message.decode().split(" ", 1)[0]
            repeat = uuid in known
            known.add(uuid)
            tell("message", uuid=uuid, repeat=repeat, peer=connection.remote_address[0])
            if not repeat:
                await connection.send(message)
    except websockets.ConnectionClosed:
        pass


async def main():
    async with websockets.serve(serve, None, int(sys.argv[1])):
        tell("listening")
        await asyncio.Future()


asyncio.run(main())
