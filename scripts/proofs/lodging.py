"""Stays reported again and again, and in every form of a file."""
import base64, http.client, io, json, os, queue, random, signal, sqlite3, threading, time, urllib.parse, zipfile

from .common import ask, Demo


PORTAL = ["STT", "Họ và tên (*)", "Ngày sinh (*)", "Giới tính (*)", "Quốc tịch (*)", "Loại giấy tờ (*)", "Tên giấy tờ",
          "Số giấy tờ (*)", "Số điện thoại", "Loại cư trú", "Tỉnh/Thành phố", "Phường/Xã", "Địa chỉ chi tiết", "Ngày đến (*)",
          "Ngày đi dự kiến (*)", "Số phòng", "Lý do lưu trú (*)", "Lý do khác", "Ghi chú"]


def letters(number):
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


class Hotel:
    """The load generator's hotel at a demo, and guests for it."""

    def __init__(self, demo):
        self.demo, self.purpose, self.now = demo, demo.purpose(), time.time()
        self.renew()
        connection = http.client.HTTPConnection("127.0.0.1", demo.port)
        connection.request("GET", "/v1/facilities", headers={"Authorization": f"Bearer {self.token}"})
        self.facility = json.loads(connection.getresponse().read())["facilities"][0]["facility_id"]

    def renew(self):
        self.token = self.demo.token()

    def local(self, seconds, form):
        return time.strftime(form, time.gmtime(self.now + 7 * 3600 + seconds))

    def notice(self, number, purpose=True):
        guest = {"full_name": f"Guest {letters(number)}", "date_of_birth": "1980-05-17", "sex": "male", "nationality": "FRA",
                 "document": {"kind": "passport", "number": f"P{number:07}"}}
        notice = {"facility_id": self.facility, "room": str(number % 900), "reason": "tourism", "guests": [{"typed": guest}],
                  "arrival": self.local(-3600, "%Y-%m-%dT%H:%M:00+07:00"), "planned_departure": self.local(2 * 86400, "%Y-%m-%d")}
        return {**notice, "purpose": self.purpose} if purpose else notice

    def row(self, number):
        return [str(number), f"Guest {letters(number)}", "17/05/1980", "M", "FRA", "4", "", f"P{number:07}", "", "", "", "", "",
                self.local(-3600, "%d/%m/%Y %H:%M"), self.local(2 * 86400, "%d/%m/%Y"), str(number % 900), "1", "", ""]

    def query(self):
        officer = self.purpose["officer"]
        said = {"procedure": self.purpose["procedure"], "legal_basis": self.purpose["legal_basis"], "officer_id": officer["id"],
                "officer_unit": officer["unit"]}
        return urllib.parse.urlencode(said)

    def batch(self, connection, media_type, body, facility=False):
        path = f"/v1/stays/batch?{self.query()}" + (f"&facility_id={self.facility}" if facility else "")
        head = {"Authorization": f"Bearer {self.token}", "Content-Type": media_type}
        connection.request("POST", path, body, head)
        answer = connection.getresponse()
        return answer.status, answer.read()


def workbook(rows):
    """A workbook of texts, as plain as one can be."""
    cells = lambda row: "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' if cell else "<c/>" for cell in row)
    sheet = "".join(f"<row>{cells(row)}</row>" for row in rows)
    main, kinds = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        link = lambda kind, target: f'<Relationships xmlns="{kinds}"><Relationship Id="r1" Type="{office}/{kind}" Target="{target}"/></Relationships>'
        file.writestr("_rels/.rels", link("officeDocument", "xl/workbook.xml"))
        file.writestr("xl/_rels/workbook.xml.rels", link("worksheet", "worksheets/sheet1.xml"))
        file.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>')
        file.writestr("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>')
    return out.getvalue()


def csv_of(rows):
    return ("\ufeff" + "\r\n".join(",".join(row) for row in rows) + "\r\n").encode()


def receipts_hold(demo, receipts):
    """How many of the receipts anybody would find valid: fifty from each address, since an address may ask sixty times a minute."""
    good = 0
    for turn, receipt in enumerate(receipts):
        if turn % 50 == 0:
            address = (f"127.101.{turn // 50 // 250}.{1 + turn // 50 % 250}", 0)
            connection = http.client.HTTPConnection("127.0.0.1", demo.port, source_address=address)
        connection.request("POST", "/v1/stays/receipts/verify", json.dumps({"jws": receipt}), {"Content-Type": "application/json"})
        good += json.loads(connection.getresponse().read()).get("status") == "valid"
    return good


def stays_kept(folder):
    base = sqlite3.connect(os.path.join(folder, "demo", "dancu.db"))
    return base.execute("SELECT count(*) FROM stays").fetchone()[0], base.execute("SELECT count(*) FROM stay_guests").fetchone()[0]


def stays_once(folder):
    demo = Demo(folder)
    demo.start()
    hotel = Hotel(demo)
    singles, files, size = 1000, 20, 50
    work, told, lock, answered = queue.Queue(), {}, threading.Lock(), [0]
    tasks = [("notice", number) for number in range(singles)] + [("file", number) for number in range(files)]
    for turn in range(3):
        random.shuffle(tasks)
        [work.put((task, turn)) for task in tasks]
    sends = work.qsize()
    up, failed, others = threading.Event(), [0], []
    up.set()

    def send(connection, kind, number, turn):
        if kind == "notice":
            # With a key, with the same key, and without one.
            headers = {"Idempotency-Key": f"once-{number:06}"} if turn < 2 else None
            status, body = ask(connection, hotel.token, hotel.notice(number), "/v1/stays", headers)
            return status, [(number, json.loads(body))] if status == 200 else body
        first = singles + number * size
        lines = "".join(json.dumps(hotel.notice(guest, False)) + "\n" for guest in range(first, first + size))
        status, body = hotel.batch(connection, "application/x-ndjson", lines)
        if status != 200:
            return status, body
        stays = json.loads(body)["stays"]
        return status, [(first + stay["row"] - 1, stay) for stay in stays] if len(stays) == size else body

    def run():
        connection = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=60)
        while True:
            try:
                (kind, number), turn = work.get_nowait()
            except queue.Empty:
                return
            while True:
                up.wait()
                try:
                    status, found = send(connection, kind, number, turn)
                except (OSError, http.client.HTTPException, ValueError):
                    connection.close()
                    failed[0] += 1
                    time.sleep(0.02)
                    continue
                if status == 200 and isinstance(found, list):
                    break
                if status not in (401, 429, 503):
                    others.append((status, found[:300]))
                time.sleep(0.05)
            with lock:
                answered[0] += 1
                for guest, stay in found:
                    told.setdefault(guest, set()).add((stay["stay_id"], stay["receipt"]["jws"]))

    workers = [threading.Thread(target=run) for _ in range(16)]
    began = time.monotonic()
    [worker.start() for worker in workers]
    kills = 0
    for turn in range(10):
        while answered[0] < sends * (turn + 1) // 12 and any(worker.is_alive() for worker in workers):
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.05))
        demo.stop(signal.SIGKILL)
        up.clear()
        kills += 1
        demo.start()
        hotel.renew()
        up.set()
    [worker.join() for worker in workers]
    took = time.monotonic() - began
    one_each = sum(len(answers) == 1 for answers in told.values())
    stays = {stay for answers in told.values() for stay, _ in answers}
    receipts = {receipt for answers in told.values() for _, receipt in answers}
    valid = receipts_hold(demo, receipts)
    demo.stop()
    kept = stays_kept(folder)
    sound, report = demo.verify_audit()
    print(report)
    total = singles + files * size
    print(f"{sends} requests answered in {took:.0f} s ({answered[0]} answers, {failed[0]} cut off), {kills} × kill -9: {len(told)} guests, "
          f"{one_each} with one and the same stay and receipt in all their answers; {len(stays)} stays, {len(receipts)} receipts, "
          f"{valid} valid; the database has {kept[0]} stays with {kept[1]} guests; other answers: {others[:3]}")
    return sound and not others and one_each == len(told) == len(stays) == len(receipts) == valid == total and kept == (total, total)


def stays_files(folder):
    demo = Demo(folder)
    demo.start()
    hotel, count = Hotel(demo), 10_000
    connection = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=300)
    rows = [PORTAL] + [hotel.row(number) for number in range(count)]
    lines = "".join(json.dumps(hotel.notice(number, False), ensure_ascii=False) + "\n" for number in range(count)).encode()
    xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    found, held = [], True
    for media_type, body, first in [(xlsx, workbook(rows), 2), ("text/csv", csv_of(rows), 2), ("application/x-ndjson", lines, 1)]:
        began = time.monotonic()
        status, answer = hotel.batch(connection, media_type, body, media_type != "application/x-ndjson")
        took, told = time.monotonic() - began, json.loads(answer)
        if status != 200:
            print(status, answer[:500])
            return False
        found.append({stay["row"] - first: (stay["stay_id"], stay["receipt"]["jws"]) for stay in told["stays"]})
        print(f"{media_type}: {len(body)} bytes, {told['taken']} taken, {told['repeated']} known, {told['refused']} refused in {took:.2f} s")
        held &= told["refused"] == 0
    same = found[0] == found[1] == found[2] and len({stay for stay, _ in found[0].values()}) == count
    valid = receipts_hold(demo, [receipt for _, receipt in random.sample(sorted(found[0].values()), 500)])
    wrong = [(2, "1980-17-05"), (3, "?"), (4, "Pháp"), (13, "hôm qua"), (14, "01/01/2020"), (16, "77"), (7, "@@"), (1, "")]
    faulty = sorted(random.sample(range(1, count + 1), 500))
    for turn, row in enumerate(faulty):
        column, text = wrong[turn % len(wrong)]
        rows[row][column] = text
    exact = True
    for media_type, body in [("text/csv", csv_of(rows)), (xlsx, workbook(rows))]:
        told = json.loads(hotel.batch(connection, media_type, body, True)[1])
        named = [fault["row"] - 1 for fault in told["faults"]]
        returned = base64.b64decode(told["refused_file"]["content"])
        reasons = all(fault["detail"]["vi"] and fault["detail"]["en"] and fault["column"] for fault in told["faults"])
        exact &= named == faulty and told["taken"] == count - 500 and told["refused"] == 500 and reasons
        if media_type == "text/csv":
            exact &= len(returned.decode("utf-8-sig").strip().split("\r\n")) == 501
        print(f"{media_type} with 500 faulty rows: {told['refused']} refused, {told['taken']} taken, exactly those rows: {named == faulty}, {len(returned)} bytes come back")
    demo.stop()
    kept = stays_kept(folder)
    sound, report = demo.verify_audit()
    print(report)
    print(f"the same stays and receipts in all three: {same}; {valid} of 500 receipts valid; {kept[0]} stays in the database")
    return held and same and exact and sound and valid == 500 and kept == (count, count)
