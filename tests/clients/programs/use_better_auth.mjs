// better-auth in an Express service, with its generic OAuth or its WeChat provider.

import { betterAuth } from 'better-auth';
import { toNodeHandler, fromNodeHeaders } from 'better-auth/node';
import { genericOAuth } from 'better-auth/plugins';
import express from 'express';

const { ISSUER, CLIENT_ID, SECRET, HERE, PORT, PROVIDER } = process.env;
const key = { clientId: CLIENT_ID, clientSecret: SECRET };

const PROVIDERS = {
  oidc: {
    plugins: [genericOAuth({
      config: [{
        ...key,
        providerId: 'gateway',
        discoveryUrl: `${ISSUER}/.well-known/openid-configuration`,
        scopes: ['openid', 'profile', 'email', 'offline_access'],
      }],
    })],
  },
  wechat: { socialProviders: { wechat: key } },
};

const auth = betterAuth({
  baseURL: HERE,
  secret: 'x'.repeat(40),
  ...PROVIDERS[PROVIDER],
});

const begin = {
  provider: PROVIDER === 'oidc' ? 'gateway' : 'wechat', callbackURL: '/me',
};

// The provider has WeChat's page in its code, so the service's own page changes it.
const app = express();
app.all('/api/auth/{*path}', toNodeHandler(auth));
app.get('/login', (request, response) => {
  response.send(`<!doctype html><script>
    fetch('/api/auth/sign-in/social', {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: ${JSON.stringify(JSON.stringify(begin))},
    }).then((answer) => answer.json()).then(({ url }) => {
      location.href = url.replace('https://open.weixin.qq.com', ${JSON.stringify(ISSUER)});
    });
  </script>`);
});
app.get('/me', async (request, response) => {
  const headers = fromNodeHeaders(request.headers);
  const { user } = await auth.api.getSession({ headers });
  const [account] = await auth.api.listUserAccounts({ headers });
  const subject = PROVIDER === 'oidc' ? 'sub' : 'unionid';
  response.json({ [subject]: account.accountId, name: user.name, email: user.email });
});
app.get('/refresh', async (request, response) => {
  const headers = fromNodeHeaders(request.headers);
  const [{ id }] = await auth.api.listUserAccounts({ headers });
  const body = { accountId: id };
  await auth.api.refreshToken({ body, headers });
  response.redirect('/me');
});
app.listen(PORT, '127.0.0.1');
