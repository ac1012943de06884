// npm openid-client against a running demo: PAR, PKCE, DPoP, private_key_jwt, refresh,
// introspection, revocation, CIBA. The citizen's app approves by itself (dancu wallet watch).
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { webcrypto as crypto } from 'node:crypto'
import * as oidc from 'openid-client'

const demo = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))
const number = demo.wallets[0].id_number
const rp = demo.clients.find((client) => client.client_id === 'rp-fapi')
const redirect_uri = 'http://127.0.0.1:49200/cb'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
const { kid, ...jwk } = rp.private_jwk
const key = await crypto.subtle.importKey('jwk', { ...jwk, key_ops: ['sign'] }, algorithm, false, ['sign'])
const config = await oidc.discovery(
  new URL(demo.issuer), rp.client_id, undefined, oidc.PrivateKeyJwt({ key, kid }),
  { execute: [oidc.allowInsecureRequests] })
const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'))

const verifier = oidc.randomPKCECodeVerifier()
const [state, nonce] = [oidc.randomState(), oidc.randomNonce()]
const asked = {
  redirect_uri, state, nonce, scope: 'openid citizen:full_name', acr_values: 'urn:dancu:acr:l2',
  code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', login_hint: number,
}
const page = await oidc.buildAuthorizationUrlWithPAR(config, asked, { DPoP })
assert(!page.href.includes(number), 'no number in a URL')
const back = await browse(page)
const tokens = await oidc.authorizationCodeGrant(
  config, back, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
  undefined, { DPoP })
assert.equal(tokens.token_type, 'dpop')
const claims = tokens.claims()
assert.equal(claims.acr, 'urn:dancu:acr:l2')
const user = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub, { DPoP })
assert(user.name.length > 0)
const again = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
assert.equal((await oidc.tokenIntrospection(config, again.access_token)).active, true)
await oidc.tokenRevocation(config, again.access_token)
assert.equal((await oidc.tokenIntrospection(config, again.access_token)).active, false)
console.log('openid-client: code flow, refresh, introspection, revocation')

const started = await oidc.initiateBackchannelAuthentication(config, {
  scope: 'openid citizen:full_name', login_hint: number, binding_message: 'Quầy 3', acr_values: 'LoA1' })
assert.match(String(started.match_number), /^[1-9][0-9]$/)
const polled = await oidc.pollBackchannelAuthenticationGrant(config, started, undefined, { DPoP })
assert.equal(polled.claims().acr, 'urn:dancu:acr:l1')
console.log('openid-client: CIBA')

// A browser without scripts: reloads the page until it is sent back.
async function browse(url) {
  let cookie
  for (let turn = 0; turn < 120; turn += 1) {
    const answer = await fetch(url, { redirect: 'manual', headers: cookie ? { cookie } : {} })
    cookie ??= answer.headers.get('set-cookie')?.split(';')[0]
    if (answer.status === 303) return new URL(answer.headers.get('location'))
    assert.equal(answer.status, 200, await answer.text())
    await new Promise((done) => setTimeout(done, 500))
  }
  throw new Error('nobody approved within a minute')
}
