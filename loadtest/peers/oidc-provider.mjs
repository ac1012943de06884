// npm oidc-provider with the same clients as a demo: `private_key_jwt` by ES256, pushed requests, PKCE,
// DPoP, ES256 ID tokens. Its one interaction is approved in its own process. What it keeps, it keeps in
// memory. Writes demo.json, as `dancu demo` does, into the folder it is given.
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import Provider from 'oidc-provider'

const [folder, port] = [process.argv[2], Number(process.argv[3])]
const issuer = `http://127.0.0.1:${port}`
const account = 'nguyen-van-an'

function key() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = randomUUID()
  const named = (jwk) => ({ ...jwk, kid, use: 'sig', alg: 'ES256' })
  return { public: named(publicKey.export({ format: 'jwk' })), private: named(privateKey.export({ format: 'jwk' })) }
}

const redirect_uri = 'http://127.0.0.1:49200/cb'
const plans = [
  { client_id: 'loadtest', grant_types: ['client_credentials'], response_types: [], redirect_uris: [], dpop: false },
  { client_id: 'rp-baseline', grant_types: ['authorization_code'], response_types: ['code'], redirect_uris: [redirect_uri], dpop: false },
  { client_id: 'rp-fapi', grant_types: ['authorization_code'], response_types: ['code'], redirect_uris: [redirect_uri], dpop: true },
].map((plan) => ({ ...plan, key: key() }))

const provider = new Provider(issuer, {
  clients: plans.map(({ dpop, key, ...client }) => ({
    ...client, application_type: 'native', token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256',
    id_token_signed_response_alg: 'ES256', dpop_bound_access_tokens: dpop, jwks: { keys: [key.public] },
  })),
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: { clientAuthSigningAlgValues: ['ES256'], idTokenSigningAlgValues: ['ES256'], dPoPSigningAlgValues: ['ES256'] },
  jwks: { keys: [key().private] },
  cookies: { keys: [randomUUID()] },
  scopes: ['openid', 'profile'],
  claims: { openid: ['sub'], profile: ['name', 'birthdate', 'gender'] },
  pkce: { required: () => true },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    dPoP: { enabled: true },
    introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
  },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: 'Nguyễn Văn An', birthdate: '1999-03-15', gender: 'male' }),
  }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  ttl: { AccessToken: 600, ClientCredentials: 600, AuthorizationCode: 60, IdToken: 600, Grant: 600, Interaction: 300, Session: 600 },
})
provider.on('server_error', (_, error) => console.error(error))

const answer = provider.callback()
const server = http.createServer((request, response) => {
  if (request.url === '/metrics') {
    const { user, system } = process.cpuUsage()
    return response.end(`process_cpu_seconds_total ${(user + system) / 1e6}\n`)
  }
  if (request.url.startsWith('/interaction/')) {
    return approve(request, response).catch((error) => { console.error(error); response.writeHead(500).end() })
  }
  return answer(request, response)
})
server.keepAliveTimeout = 60_000
server.listen(port, '127.0.0.1', () => {
  const clients = plans.map(({ client_id, redirect_uris, dpop, key }) => (
    { client_id, redirect_uris, dpop_bound_access_tokens: dpop, private_jwk: key.private }))
  fs.writeFileSync(path.join(folder, 'demo.json'), JSON.stringify({ base_url: issuer, private_url: issuer, issuer, clients }), { mode: 0o600 })
  console.log(`ready ${issuer}`)
})

async function approve(request, response) {
  const { params } = await provider.interactionDetails(request, response)
  const grant = new provider.Grant({ accountId: account, clientId: params.client_id })
  grant.addOIDCScope(params.scope)
  const result = { login: { accountId: account }, consent: { grantId: await grant.save() } }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
}
