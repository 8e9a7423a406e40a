'use strict';
// passport-openidconnect in an Express service.

const express = require('express');
const session = require('express-session');
const passport = require('passport');
const OpenIDConnectStrategy = require('passport-openidconnect');

const { ISSUER, CLIENT_ID, SECRET, HERE, PORT } = process.env;

passport.use(new OpenIDConnectStrategy({
  issuer: ISSUER,
  authorizationURL: `${ISSUER}/oidc/authorize`,
  tokenURL: `${ISSUER}/oidc/token`,
  userInfoURL: `${ISSUER}/oidc/userinfo`,
  clientID: CLIENT_ID,
  clientSecret: SECRET,
  callbackURL: `${HERE}/callback`,
  scope: ['profile'],
  nonce: 'yes', // the strategy makes one for each request
}, (issuer, uiProfile, idProfile, context, idToken, accessToken, refreshToken, params, done) =>
  done(null, { issuer, sub: idProfile.id, name: uiProfile.displayName })));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: 'x'.repeat(40), resave: false, saveUninitialized: false }));
app.use(passport.authenticate('session'));
app.get('/login', passport.authenticate('openidconnect'));
app.get('/callback', passport.authenticate('openidconnect', {
  successRedirect: '/me', failureRedirect: '/failed', failureMessage: true,
}));
app.get('/failed', (request, response) => response.json(request.session.messages));
app.get('/me', (request, response) => response.json(request.user ?? null));
app.listen(PORT, '127.0.0.1');
