# SPDX-License-Identifier: Apache-2.0
"""Many mail sessions at once, most of them pipelined (RFC 2920), with refused recipients among the allowed ones.

Usage: sessions.py COUNT SEED: prints a line of JSON for each: what was sent, and every reply that was not as it should be.
"""

import asyncio
import base64
import hashlib
import json
import random
import sys

SERVER = ("198.51.100.25", 25)
AT_ONCE = 40
SESSION_S = 120


async def reply(reader):
    """(code, text) of one reply, which may have several lines."""
    while True:
        line = (await reader.readline()).decode(errors="replace")
        if not line:
            raise ConnectionError("the connection ended")
        if line[3:4] != "-":
            return line[:3], line.strip()


def message(chance, number):
    body = base64.encodebytes(chance.randbytes(chance.randrange(100, 24_000))).decode().replace("\n", "\r\n")
    return f"From: a@weir-lab.example\r\nSubject: mail-{number}\r\n\r\n{body}", hashlib.sha256(
        body.replace("\r\n", "\n").strip().encode()).hexdigest()


async def session(number, chance):
    to = [f"r{number}-{i}@partner.example" for i in range(chance.randrange(1, 4))]
    refused = [f"x{number}-{i}@refused.example" for i in range(chance.randrange(0, 3))]
    recipients = to + refused
    chance.shuffle(recipients)
    commands = ["MAIL FROM:<a@weir-lab.example>"] + [f"RCPT TO:<{one}>" for one in recipients] + ["DATA"]
    wanted = ["250"] + ["550" if one in refused else "250" for one in recipients] + ["354"]
    text, digest = message(chance, number)
    wrong = []
    pipelined = chance.random() < 0.7
    reader, writer = await asyncio.open_connection(*SERVER)
    await reply(reader)
    writer.write(b"EHLO far.weir-lab.example\r\n")
    await reply(reader)
    if pipelined:
        writer.write("".join(command + "\r\n" for command in commands).encode())
    for command, code in zip(commands, wanted):
        if not pipelined:
            writer.write(command.encode() + b"\r\n")
        got, line = await reply(reader)
        if got != code or (code == "550" and "5.7.1 Ask the officer first (reference " not in line):
            wrong.append(f"{command}: {line}")
    writer.write(text.encode() + b"\r\n.\r\n")
    await writer.drain()
    got, line = await reply(reader)
    if got != "250":
        wrong.append(f"end of data: {line}")
    writer.write(b"QUIT\r\n")
    await reply(reader)
    writer.close()
    return {"number": number, "to": to, "refused": len(refused), "sha256": digest, "wrong": wrong}


async def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number):
        async with gate:
            try:
                return await asyncio.wait_for(session(number, random.Random(seed + number)), SESSION_S)
            except (OSError, asyncio.TimeoutError) as error:
                return {"number": number, "wrong": [f"{type(error).__name__} {error}"]}
    for done in asyncio.as_completed([one(number) for number in range(count)]):
        print(json.dumps(await done), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
