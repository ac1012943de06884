"""Files and pictures that are made to cost much: what each takes of processor and memory, and of others' time."""
import http.client, io, json, os, struct, subprocess, threading, time, zipfile, zlib

from .common import DANCU, Demo
from .lodging import Hotel, csv_of, workbook, PORTAL


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MIB = 1024 * 1024


def png(width, height, pixel):
    """Grey, one byte a pixel."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    packer, rows = zlib.compressobj(9), b""
    for y in range(height):
        rows += packer.compress(b"\0" + pixel(y, width))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows + packer.flush()) + chunk(b"IEND", b"")


def corners(across, down, module):
    """A picture with so many finder patterns."""
    ring = lambda at: abs(at // module % 9 - 4)
    width, kept = across * 9 * module, {}
    for distance in range(5):
        kept[distance] = bytes(0 if max(ring(x), distance) in (0, 1, 3) else 255 for x in range(width))
    return png(width, down * 9 * module, lambda y, _: kept[ring(y)])


def stripes(width, height):
    """Columns of dark and light as broad as a finder pattern's: each row may hold hundreds."""
    row = b"".join(bytes([value]) * wide for value, wide in ((0, 1), (255, 1), (0, 3), (255, 1), (0, 1), (255, 1))) * (width // 8 + 1)
    return png(width, height, lambda y, width: row[:width])


def parts_of(book, changes, more=()):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as read, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name in read.namelist():
            text = read.read(name).decode()
            file.writestr(name, changes[name](text) if name in changes else text)
        for name, text in more:
            file.writestr(name, text)
    return out.getvalue()


def one_part_as_sheets(count, size):
    """A workbook of many sheets, all of them the same part of `size` bytes."""
    sheet = lambda text: text.replace("<sheetData>", "<sheetData>" + "<row/>" * (size // 6))
    sheets = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r1"/>' for n in range(2, count + 1))
    return parts_of(workbook([["x"]]), {"xl/worksheets/sheet1.xml": sheet,
                                        "xl/workbook.xml": lambda text: text.replace("</sheets>", sheets + "</sheets>")})


def texts(count):
    return parts_of(workbook([["x"]]), {}, [("xl/sharedStrings.xml", "<sst>" + "<si/>" * count + "</sst>")])


def formats(count):
    return parts_of(workbook([["x"]]), {}, [("xl/styles.xml", "<styleSheet><cellXfs>" + "<xf/>" * count + "</cellXfs></styleSheet>")])


class Cost:
    """Processor time of a process, and the most memory it has had since this was made."""

    def __init__(self, demo):
        self.pid = demo.process.pid
        with open(f"/proc/{self.pid}/clear_refs", "w") as file:
            file.write("5")
        self.memory, self.began, self.clock = self.most(), self.processor(), time.monotonic()

    def processor(self):
        fields = open(f"/proc/{self.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def most(self):
        line = next(line for line in open(f"/proc/{self.pid}/status") if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / MIB

    def told(self):
        return self.processor() - self.began, self.most() - self.memory, time.monotonic() - self.clock


def idle(cost, patience):
    """Waits until the process works no more, or the patience is over."""
    last, end = cost.processor(), time.monotonic() + patience
    while time.monotonic() < end:
        time.sleep(0.5)
        now = cost.processor()
        if now - last < 0.05:
            return
        last = now


def token(folder, client):
    out = subprocess.run([DANCU, "token", "--dir", os.path.join(folder, "demo"), "--client", client], capture_output=True, text=True, check=True)
    return out.stdout.strip()


def client_of(folder, name):
    with open(os.path.join(folder, "demo", "demo.json")) as file:
        client = next(c for c in json.load(file)["clients"] if c["client_id"] == name)
    basis = next(b for b in client["legal_bases"] if b != "CONSENT")
    return token(folder, name), {"procedure": client["procedures"][0], "legal_basis": basis, "officer": client["officer"]}


def show_picture(port, who, picture, patience=240):
    """What comes of a picture: status, and the faults' codes."""
    bearer, purpose = who
    body = b"--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n" + picture + \
        b"\r\n--x\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n" + json.dumps(purpose).encode() + b"\r\n--x--\r\n"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    head = {"Authorization": f"Bearer {bearer}", "Content-Type": "multipart/form-data; boundary=x"}
    try:
        connection.request("POST", "/v1/qr/verify", body, head)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError as error:
        return type(error).__name__, b""


def codes(body):
    try:
        answer = json.loads(body)
        return answer["type"].rsplit("/", 1)[-1], [fault["code"] for fault in answer.get("errors", [])]
    except (ValueError, KeyError, TypeError):
        return "", []


def files(folder):
    """The bounds hold if no file takes more than these."""
    demo = Demo(folder, citizens=100)
    demo.start()
    held = [True]
    try:
        hotel = Hotel(demo)

        def measured(name, most_seconds, most_memory, work):
            # Tokens are short-lived, and a hostile file may take longer.
            hotel.renew()
            cost = Cost(demo)
            told = work()
            idle(cost, 240)
            seconds, memory, took = cost.told()
            good = seconds <= most_seconds and memory <= most_memory
            held[0] &= good
            print(f"{'ok  ' if good else 'BAD '} {name}: {seconds:.1f} s of processor, +{memory:.0f} MiB, {took:.1f} s: {told}", flush=True)
            return told

        def batch(media_type, body):
            def send():
                connection = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=240)
                try:
                    status, text = hotel.batch(connection, media_type, body, facility=True)
                except OSError as error:
                    return type(error).__name__
                kind, faults = codes(text)
                return status, kind, faults[:3]
            return send

        rows = [PORTAL] + [hotel.row(number) for number in range(10_000)]
        measured("10 000 guests as XLSX, for comparison", 600, 600, batch(XLSX, workbook(rows)))
        attack = one_part_as_sheets(32, 59 * MIB)
        measured(f"32 sheets of one part of 59 MiB ({len(attack) // 1024} KiB)", 1.5, 100, batch(XLSX, attack))
        measured("4 000 000 shared texts", 2, 350, batch(XLSX, texts(4_000_000)))
        measured("13 000 000 shared texts", 1.5, 100, batch(XLSX, texts(13_000_000)))
        measured("3 000 000 formats", 1.5, 100, batch(XLSX, formats(3_000_000)))
        line = b"{" + b",".join(b'"%x":1' % n for n in range(1_200_000)) + b"}\n"
        measured(f"a notice of 1 200 000 members ({len(line) // MIB} MiB)", 1.5, 100, batch("application/x-ndjson", line))
        measured("a CSV of one row of 15 MiB", 3, 150, batch("text/csv", b"x," * (7 * MIB + MIB // 2)))

        big = csv_of([PORTAL]) + b"x" * (15 * MIB)

        def forty():
            answers, lock = {}, threading.Lock()

            def send():
                told = batch("text/csv", big)()
                with lock:
                    answers[str(told[:2])] = answers.get(str(told[:2]), 0) + 1
            threads = [threading.Thread(target=send) for _ in range(40)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
            return answers
        measured("40 uploads of 15 MiB at once", 60, 250, forty)

        flat = png(12_600_000, 1, lambda y, width: b"\0" * width)

        def picture(bytes):
            def show():
                status, text = show_picture(demo.port, client_of(folder, "portal"), bytes)
                return status, *codes(text)
            return show
        measured(f"a picture of 12 600 000 × 1 ({len(flat) // 1024} KiB)", 1, 200, picture(flat))
        measured("a picture of 8 192 × 1 538", 4, 400, picture(png(8_192, 1_538, lambda y, width: b"\0" * width)))
        measured("2 400 finder patterns", 4, 200, picture(corners(60, 40, 4)))
        measured("900 finder patterns", 4, 200, picture(corners(30, 30, 4)))
        measured("170 000 finder patterns in 12 megapixels", 4, 400, picture(corners(446, 334, 1)))
        measured("stripes of 12 megapixels", 6, 400, picture(stripes(4_032, 3_024)))

        profile = b"x\0\0" + zlib.compress(b"a" * (1_000 << 20), 9)
        small = png(30, 30, lambda y, width: b"\xff" * width)
        chunk = struct.pack(">I", len(profile)) + b"iCCP" + profile + struct.pack(">I", zlib.crc32(b"iCCP" + profile))
        measured(f"a colour profile of 1 000 MiB ({len(profile) // 1024} KiB)", 1, 100, picture(small[:33] + chunk + small[33:]))

        # One client sends hard pictures without an end: another one's are read meanwhile.
        portal, bank, hard = client_of(folder, "portal"), client_of(folder, "bank"), corners(30, 30, 4)
        over = time.monotonic() + 30
        small = png(300, 200, lambda y, width: b"\xff" * width)
        refused = [0]

        def flood():
            while time.monotonic() < over:
                refused[0] += show_picture(demo.port, portal, hard, 60)[0] in (429, 503)
        threads = [threading.Thread(target=flood) for _ in range(20)]
        [thread.start() for thread in threads]
        time.sleep(2)
        answers, slowest = {}, 0
        while time.monotonic() < over:
            began = time.monotonic()
            status, text = show_picture(demo.port, bank, small, 60)
            slowest = max(slowest, time.monotonic() - began)
            answers[(status, *codes(text)[1])] = answers.get((status, *codes(text)[1]), 0) + 1
        [thread.join() for thread in threads]
        good = set(answers) == {(422, "no_symbol")}
        held[0] &= good
        print(f"{'ok  ' if good else 'BAD '} beside 20 connections of another client with hard pictures ({refused[0]} refused): {answers}, slowest {slowest:.1f} s")
    finally:
        demo.stop()
    return held[0]
