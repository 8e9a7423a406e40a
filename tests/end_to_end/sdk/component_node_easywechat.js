'use strict';
// node-easywechat's OpenPlatform at work, as a service of its own: POST /push takes what
// the gateway relays, GET /state tells what came, GET /entry gives the link for a
// merchant, GET /work?code= uses the account behind a code.

const http = require('http');
const { OpenPlatform, ServerRequest } = require('node-easywechat');

const { GATEWAY_URL, COMPONENT, SECRET, TOKEN, AES_KEY, BACK, PORT } = process.env;

const config = {
  app_id: COMPONENT,
  secret: SECRET,
  token: TOKEN,
  aes_key: AES_KEY,
  http: { baseURL: `${GATEWAY_URL}/` },
  file_cache: { path: process.cwd() },
};
const app = new OpenPlatform(config);
const came = [];

async function component(name, json) {
  const path = `cgi-bin/component/${name}`;
  const body = { component_appid: COMPONENT, ...json };
  return (await app.getClient().post(path, { json: body })).toObject();
}

async function push(request) {
  // Its server is for one request; what it stores is in files.
  const receiver = new OpenPlatform(config);
  receiver.setRequest(await ServerRequest.createFromIncomingMessage(request));
  const server = receiver.getServer();
  server.with(async (message, next) => {
    came.push([message.InfoType, message.AuthorizerAppid || '']);
    if (message.AuthorizationCode) {
      await app.getAuthorization(message.AuthorizationCode);
    }
    return next(message);
  });
  return (await server.serve()).getBody().toString();
}

async function work(code) {
  const authorization = await app.getAuthorization(code);
  const appid = authorization.getAppId();
  const renewal = authorization.getRefreshToken();
  const token = authorization.getAccessToken().getToken();
  const client = app
    .getOfficialAccountWithAccessToken(appid, await token)
    .getClient();
  await client.post('cgi-bin/menu/create', {
    json: { button: [{ type: 'click', name: '今日歌曲', key: 'V1' }] },
  });
  // A new process has the refresh token alone.
  const again = await app.getOfficialAccountWithRefreshToken(appid, renewal);
  const { menu } = (await again.getClient().get('cgi-bin/menu/get')).toObject();
  const option = { authorizer_appid: appid, option_name: 'voice_recognize' };
  await component('api_set_authorizer_option', { ...option, option_value: '1' });
  const { list } = await component('api_get_authorizer_list', { offset: 0, count: 10 });
  const { authorizer_info } = await component('api_get_authorizer_info', {
    authorizer_appid: appid,
  });
  return {
    appid,
    button: menu.button[0].name,
    name: authorizer_info.nick_name,
    option: (await component('api_get_authorizer_option', option)).option_value,
    listed: list.map((each) => each.authorizer_appid),
    renewed: list.length === 1 && list[0].refresh_token === renewal,
    error: (await component('api_query_auth', { authorization_code: code })).errcode,
  };
}

async function answer(request) {
  const { pathname, searchParams } = new URL(request.url, 'http://here');
  if (pathname === '/push') return push(request);
  if (pathname === '/state') return JSON.stringify(came);
  if (pathname === '/entry') return JSON.stringify(await app.createPreAuthorizationUrl(BACK));
  return JSON.stringify(await work(searchParams.get('code')));
}

http
  .createServer(async (request, response) => {
    try {
      response.end(await answer(request));
    } catch (error) {
      console.error(error);
      response.writeHead(500).end();
    }
  })
  .listen(Number(PORT), '127.0.0.1');
