"""Python Authlib against a running demo: code + PKCE with a secret, refresh with rotation."""

import json
import sys
import time
from urllib.parse import parse_qs, urlparse

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt

demo = json.load(open(sys.argv[1], encoding="utf-8"))
number = demo["wallets"][0]["id_number"]
rp = next(client for client in demo["clients"] if client["client_id"] == "rp-baseline")
metadata = requests.get(demo["issuer"] + "/.well-known/openid-configuration", timeout=10).json()
redirect_uri = "http://localhost:49201/callback"


def browse(url):
    """A browser without scripts: types the number in, and reloads until it is sent back."""
    browser = requests.Session()
    page = browser.get(url, timeout=10)
    assert page.status_code == 200, page.text
    here = page.url
    typed = browser.post(
        here.replace("/authorize?", "/authorize/address?"),
        data={"id_number": number},
        headers={"Origin": demo["issuer"]},
        allow_redirects=False,
        timeout=10,
    )
    assert typed.status_code == 303, typed.text
    for _ in range(120):
        answer = browser.get(here, allow_redirects=False, timeout=10)
        if answer.status_code == 303:
            return answer.headers["location"]
        assert answer.status_code == 200, answer.text
        time.sleep(0.5)
    raise TimeoutError("nobody approved within a minute")


session = OAuth2Session(
    rp["client_id"],
    rp["client_secret"],
    scope="openid profile",
    redirect_uri=redirect_uri,
    token_endpoint_auth_method="client_secret_basic",
    code_challenge_method="S256",
)
verifier, nonce = generate_token(48), generate_token(24)
url, state = session.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, acr_values="LoA1"
)
back = browse(url)
assert parse_qs(urlparse(back).query)["iss"] == [demo["issuer"]]
tokens = session.fetch_token(
    metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
)
keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
claims = jwt.decode(tokens["id_token"], keys)
claims.validate()
assert (claims["nonce"], claims["acr"], claims["aud"]) == (nonce, "urn:dancu:acr:l1", rp["client_id"])
user = session.get(metadata["userinfo_endpoint"]).json()
assert user["sub"] == claims["sub"] and user["name"]
old = tokens["refresh_token"]
fresh = session.refresh_token(metadata["token_endpoint"], refresh_token=old)
assert fresh["refresh_token"] != old
try:
    session.refresh_token(metadata["token_endpoint"], refresh_token=old)
except Exception as error:  # noqa: BLE001 - the library's own type differs between versions
    assert "invalid_grant" in str(error), error
else:
    raise AssertionError("an old refresh token was taken twice")
print("Authlib: code flow, userinfo, refresh with rotation, reuse refused")
