"""Whether a lodging can follow a person, and what becomes of a notice that was taken back."""
import http.client, json, os, subprocess, time

from .common import AN, ask, DANCU, Demo


class Caller:
    """A sample client of a demo."""

    def __init__(self, demo, client):
        self.connection = http.client.HTTPConnection("127.0.0.1", demo.port)
        folder = os.path.join(demo.folder, "demo")
        command = [DANCU, "token", "--dir", folder, "--client", client]
        self.token = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        with open(os.path.join(folder, "demo.json")) as file:
            about = next(c for c in json.load(file)["clients"] if c["client_id"] == client)
        basis = next(b for b in about["legal_bases"] if b != "CONSENT")
        self.purpose = {"procedure": about["procedures"][0], "legal_basis": basis, "officer": about["officer"]}

    def facility(self):
        self.connection.request("GET", "/v1/facilities", headers={"Authorization": f"Bearer {self.token}"})
        return json.loads(self.connection.getresponse().read())["facilities"][0]["facility_id"]

    def post(self, path, body):
        status, answer = ask(self.connection, self.token, {**body, "purpose": self.purpose}, path)
        assert status == 200, answer
        return json.loads(answer)

    def report(self, guest):
        now = time.time()
        local = lambda seconds, form: time.strftime(form, time.gmtime(now + 7 * 3600 + seconds))
        return self.post("/v1/stays", {
            "facility_id": self.facility(), "room": "1", "reason": "visit", "guests": [guest],
            "arrival": local(-3600, "%Y-%m-%dT%H:%M:00+07:00"), "planned_departure": local(2 * 86400, "%Y-%m-%d")})


def passport(number, nationality):
    return {"typed": {"full_name": "Chu Văn Lạ", "date_of_birth": "1960-01-01", "nationality": nationality,
                      "document": {"kind": "passport", "number": number}}}


def stays_following(folder):
    demo = Demo(folder)
    demo.start()
    try:
        hotel, other, police = (Caller(demo, client) for client in ("hotel", "loadtest", "commune"))
        first = hotel.report(AN)
        told = other.report(passport(AN["id_number"], "VNM"))["guests"][0]
        briton = other.report(passport("970000001", "GBR"))["guests"][0]
        own = other.report(AN)
        print("a stranger under a guest's number is told as", told)
        print("nine digits of a foreign passport are told as", briton)
        print("the guest at another house is told as", own["guests"][0])

        def marks():
            found = police.post("/v1/stays/search", {"guest": {"number": AN["id_number"]}})["stays"]
            return [guest["elsewhere"] for stay in found for guest in stay["guests"]]

        before = marks()
        other.post(f"/v1/stays/{own['stay_id']}/cancel", {})
        after = [guest["elsewhere"] for stay in police.post("/v1/stays/search", {"guest": {"number": AN["id_number"]}})["stays"]
                 if stay["stay_id"] == first["stay_id"] for guest in stay["guests"]]
        print("the police are told", before, "and, once the other notice is cancelled,", after)
        silent = not any("elsewhere" in guest for guest in (told, briton, own["guests"][0]))
        return silent and told["reason"] == "no_match" and briton["reason"] == "foreign_document" and any(before) and after == [False]
    finally:
        demo.stop()
