'use strict';
// passport-weixin in an Express service.

const crypto = require('crypto');
const express = require('express');
const session = require('express-session');
const passport = require('passport');
const WeixinStrategy = require('passport-weixin');

const { ISSUER, CLIENT_ID, SECRET, HERE, PORT } = process.env;

passport.use(new WeixinStrategy({
  clientID: CLIENT_ID,
  clientSecret: SECRET,
  callbackURL: `${HERE}/callback`,
  authorizationURL: `${ISSUER}/connect/qrconnect`,
  tokenURL: `${ISSUER}/sns/oauth2/access_token`,
  userProfileURL: `${ISSUER}/sns/userinfo`,
}, (accessToken, refreshToken, profile, done) =>
  done(null, { unionid: profile.id, name: profile.displayName })));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: 'x'.repeat(40), resave: false, saveUninitialized: false }));
app.use(passport.authenticate('session'));
app.get('/login', (request, response, next) => passport.authenticate('weixin', {
  state: crypto.randomUUID(), // it demands one, and does not check it
})(request, response, next));
app.get('/callback', (request, response, next) => passport.authenticate('weixin', {
  state: request.query.state, successRedirect: '/me',
})(request, response, next));
app.get('/me', (request, response) => response.json(request.user ?? null));
app.listen(PORT, '127.0.0.1');
