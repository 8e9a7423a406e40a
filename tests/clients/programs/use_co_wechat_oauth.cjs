'use strict';
// co-wechat-oauth in an Express service.

const crypto = require('crypto');
const express = require('express');
const session = require('express-session');
const OAuth = require('co-wechat-oauth');

const { ISSUER, CLIENT_ID, SECRET, HERE, PORT } = process.env;

const oauth = new OAuth(CLIENT_ID, SECRET);
const app = express();
app.use(session({ secret: 'x'.repeat(40), resave: false, saveUninitialized: false }));
app.get('/login', (request, response) => {
  request.session.state = crypto.randomUUID();
  const url = oauth.getAuthorizeURL(
    `${HERE}/callback`, request.session.state, 'snsapi_userinfo',
  );
  // It has WeChat's page in its code.
  response.redirect(url.replace('https://open.weixin.qq.com', ISSUER));
});
app.get('/callback', async (request, response) => {
  if (request.query.state !== request.session.state) throw new Error('another state');
  const { data } = await oauth.getAccessToken(request.query.code);
  request.session.openid = data.openid;
  response.redirect('/me');
});
app.get('/me', async (request, response) => {
  const user = await oauth.getUser(request.session.openid);
  response.json({ openid: user.openid, unionid: user.unionid, name: user.nickname });
});
app.get('/refresh', async (request, response) => {
  const { openid } = request.session;
  await oauth.refreshAccessToken(oauth.store[openid].refresh_token);
  response.redirect('/me');
});
app.listen(PORT, '127.0.0.1');
