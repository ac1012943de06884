"""Requests of the backchannel that wait."""
import base64, http.client, json, os, time, urllib.parse
from concurrent.futures import ThreadPoolExecutor

from .common import Demo


def resident_mb(process):
    with open(f"/proc/{process.pid}/status") as file:
        return int(next(line for line in file if line.startswith("VmRSS:")).split()[1]) / 1024


def oauth(connection, basic, path, form):
    """Asks again where a busy machine sheds a request: nothing was done then."""
    head = {"Authorization": basic, "Content-Type": "application/x-www-form-urlencoded"}
    while True:
        connection.request("POST", path, urllib.parse.urlencode(form), head)
        answer = connection.getresponse()
        status, body = answer.status, json.loads(answer.read())
        if status != 503:
            return status, body
        time.sleep(0.2)


def ciba_pending(folder):
    wanted, hands, limit_mb = 10_000, 16, 150
    demo = Demo(folder)
    demo.start()
    with open(os.path.join(folder, "demo", "demo.json")) as file:
        told = json.load(file)
    # By secret: a signature for each request would only measure this script.
    client = next(c for c in told["clients"] if c["client_id"] == "rp-baseline")
    basic = "Basic " + base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    numbers = [citizen["id_number"] for citizen in told["citizens"]]

    def ask_some(hand):
        connection, ids = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=60), []
        for turn in range(hand, wanted, hands):
            form = {"scope": "openid citizen:full_name", "login_hint": numbers[turn % len(numbers)], "binding_message": "Quầy 3"}
            status, body = oauth(connection, basic, "/oauth2/bc-authorize", form)
            assert status == 200, body
            ids.append(body["auth_req_id"])
        return ids

    def poll_some(ids):
        connection, found = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=60), {}
        for auth_req_id in ids:
            form = {"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": auth_req_id}
            error = oauth(connection, basic, "/oauth2/token", form)[1].get("error")
            found[error] = found.get(error, 0) + 1
        return found

    before, began = resident_mb(demo.process), time.monotonic()
    with ThreadPoolExecutor(hands) as pool:
        asked = list(pool.map(ask_some, range(hands)))
        took, pending = time.monotonic() - began, resident_mb(demo.process)
        states = {}
        for found in pool.map(poll_some, asked):
            for error, count in found.items():
                states[error] = states.get(error, 0) + count
    polled = resident_mb(demo.process)
    demo.stop()
    print(f"{sum(map(len, asked))} backchannel requests in {took:.1f} s; resident {before:.1f} MB before, "
          f"{pending:.1f} MB with all of them pending, {polled:.1f} MB after each was polled: {states}")
    return states == {"authorization_pending": wanted} and max(pending, polled) < limit_mb
