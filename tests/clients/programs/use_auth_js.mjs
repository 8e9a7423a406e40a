// Auth.js (@auth/core) in an Express service, with its provider for OIDC or for WeChat.

import { ExpressAuth, getSession } from '@auth/express';
import WeChat from '@auth/core/providers/wechat';
import express from 'express';

const { ISSUER, CLIENT_ID, SECRET, PORT, PROVIDER } = process.env;
const key = { clientId: CLIENT_ID, clientSecret: SECRET };

const PROVIDERS = {
  oidc: { id: 'oidc', name: 'WeChat', type: 'oidc', issuer: ISSUER, ...key },
  wechat: WeChat({
    ...key,
    platformType: 'OfficialAccount',
    authorization: { url: `${ISSUER}/connect/oauth2/authorize` },
    token: { url: `${ISSUER}/sns/oauth2/access_token` },
    userinfo: { url: `${ISSUER}/sns/userinfo` },
  }),
};

const config = {
  providers: [PROVIDERS[PROVIDER]],
  secret: 'x'.repeat(40),
  callbacks: {
    jwt: ({ token, profile }) => (profile ? { ...token, profile } : token),
    session: ({ session, token }) => ({ ...session, profile: token.profile }),
  },
};

const app = express();
app.use('/auth', ExpressAuth(config));
app.get('/me', async (request, response) => {
  const { profile, user } = await getSession(request, config);
  response.json({ sub: profile.sub, unionid: profile.unionid, name: user.name });
});
app.listen(PORT, '127.0.0.1');
