'use strict';
// express-openid-connect in an Express service: every page needs a sign-in.

const express = require('express');
const { auth } = require('express-openid-connect');

const { ISSUER, CLIENT_ID, SECRET, HERE, PORT, RESPONSE_MODE } = process.env;

const app = express();
app.use(auth({
  issuerBaseURL: ISSUER,
  baseURL: HERE,
  clientID: CLIENT_ID,
  clientSecret: SECRET,
  secret: 'x'.repeat(40),
  idpLogout: true,
  authorizationParams: {
    response_type: 'code', // its own default is an ID token from the browser
    scope: 'openid profile offline_access',
    ...(RESPONSE_MODE && { response_mode: RESPONSE_MODE }),
  },
}));
app.get('/me', (request, response) => response.json(request.oidc.user));
app.get('/refresh', async (request, response) => {
  const before = request.oidc.refreshToken;
  await request.oidc.accessToken.refresh();
  if (request.oidc.refreshToken === before) throw new Error('the same token');
  response.json(await request.oidc.fetchUserInfo());
});
app.listen(PORT, '127.0.0.1');
