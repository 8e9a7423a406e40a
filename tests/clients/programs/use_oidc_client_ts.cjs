'use strict';
// Pages with oidc-client-ts and what the gateway's command line has printed for them.

const fs = require('fs');
const path = require('path');
const express = require('express');

const { HERE, PORT } = process.env;
const pasted = fs.readFileSync('pasted', 'utf8');
const library = path.join(
  path.dirname(require.resolve('oidc-client-ts/package.json')),
  'dist/browser/oidc-client-ts.min.js',
);

const page = (script) => (request, response) => response.send(`<!doctype html>
  <meta charset="utf-8"><link rel="icon" href="data:,"><body>
  <script src="/oidc-client-ts.js"></script>
  <script>
    const { UserManager } = oidc;
    const manager = ${pasted};
    const show = (value) => { document.body.textContent = JSON.stringify(value); };
    ${script}
  </script>`);

const app = express();
// It may lie below a folder whose name begins with a dot.
app.get('/oidc-client-ts.js', (request, response) =>
  response.sendFile(library, { dotfiles: 'allow' }));
app.get('/login', page('manager.signinRedirect();'));
app.get('/callback', page(`manager.signinRedirectCallback().then(
  () => { location.replace('/me'); }, (error) => show(String(error)));`));
// Where the library keeps the user is known at once; its own call would come later.
app.get('/me', page(`const { authority, client_id } = manager.settings;
  show(JSON.parse(sessionStorage.getItem('oidc.user:' + authority + ':' + client_id)).profile);`));
app.get('/logout', page(
  `manager.signoutRedirect({ post_logout_redirect_uri: ${JSON.stringify(`${HERE}/`)} });`,
));
app.listen(PORT, '127.0.0.1');
