'use strict';
// openid-client signs a person in. It prints the address for the browser, reads from
// stdin the address where the browser came back, and prints what came of it.

const readline = require('readline');
const { pathToFileURL } = require('url');

const { ISSUER, CLIENT_ID, SECRET, METHOD, BACK, HOME } = process.env;

// It is a module of the newer kind, which Node does not look for in NODE_PATH.
const load = () => import(pathToFileURL(require.resolve('openid-client')).href);

const METHODS = {
  client_secret_basic: (client) => client.ClientSecretBasic(SECRET),
  client_secret_post: (client) => client.ClientSecretPost(SECRET),
  none: (client) => client.None(),
};

async function work(came) {
  const client = await load();
  const config = await client.discovery(
    new URL(ISSUER), CLIENT_ID, undefined, METHODS[METHOD](client),
    { execute: [client.allowInsecureRequests] },
  );
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const to = client.buildAuthorizationUrl(config, {
    redirect_uri: BACK,
    scope: 'openid profile offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
  });
  console.log(to.href);

  const back = new URL((await came.next()).value);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  client.enableNonRepudiationChecks(config); // the signature, by the published keys
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  const claims = tokens.claims();
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  const again = await client.refreshTokenGrant(config, tokens.refresh_token);
  const logout = client.buildEndSessionUrl(config, {
    post_logout_redirect_uri: HOME,
    id_token_hint: again.id_token,
    state: 'left',
  });
  await client.tokenRevocation(config, again.refresh_token);
  const dead = await client
    .fetchUserInfo(config, again.access_token, claims.sub)
    .then(() => false, (error) => error.status === 401);
  return {
    dead,
    claims,
    userinfo,
    refreshed: again.claims().sub,
    rotated: again.refresh_token !== tokens.refresh_token,
    logout: logout.href,
  };
}

const refused = (error) => ({
  error: error.error, // OAuth's word, where the gateway has said one
  code: error.code,
  why: (error.cause ?? error).message,
});

const lines = readline.createInterface({ input: process.stdin });
work(lines[Symbol.asyncIterator]())
  .catch(refused)
  .then((result) => {
    console.log(JSON.stringify(result));
    lines.close();
  });
